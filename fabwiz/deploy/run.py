"""What the steps of one run share: connections, the journal, events, the fatal lines of logs, and waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from fabwiz.artifacts.errors import ArtifactError
from fabwiz.deploy.absence import dispensable
from fabwiz.deploy.access import FabricAccess
from fabwiz.deploy.docker import Container, Docker, State
from fabwiz.deploy.errors import Interrupted, StepFailed
from fabwiz.deploy.events import Emitter, Kind
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.leases import Leases
from fabwiz.deploy.logs import LogFollowers
from fabwiz.deploy.phase import DOWN, Phase
from fabwiz.deploy.unexpected import unexpected
from fabwiz.diagnose import diagnose
from fabwiz.fabric.config import ConfigError
from fabwiz.fabric.endorsers import NotEnoughEndorsers
from fabwiz.fabric.errors import FabricError, ServiceUnavailable
from fabwiz.fabric.identity import IdentityError
from fabwiz.fabric.source_files import PackageError
from fabwiz.remote.connection import (
    AuthenticationFailed,
    Connection,
    HostKeyChanged,
    HostKeyUnknown,
    RemoteError,
    Unreachable,
)
from fabwiz.remote.pool import Pool
from fabwiz.remote.sanitize import clean
from fabwiz.session.assigned import remember
from fabwiz.session.network import Network, Node
from fabwiz.session.policy import PolicyError
from fabwiz.session.units import format_duration
from fabwiz.session.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the evidence: whether it is enough, and what was seen, in words."""

    enough: bool
    text: str


@dataclass(slots=True)
class HostFacts:
    """What the preflight found out about a host, for the steps that follow."""

    compose: tuple[str, ...] = ()
    clock: float = 0.0
    """The host's own time, in whole seconds since 1970, when this run looked."""
    looked: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """The host's own time, in seconds since 1970, at most a second ahead of it."""
        return self.clock + 1.0 + time.monotonic() - self.looked


@dataclass
class Run:
    """One run of the engine over one session."""

    network: Network
    workspace: Workspace
    pool: Pool
    emit: Emitter
    journal: Journal
    session_folder: Path
    rehearsal: bool = False
    dry: bool = False
    """Whether steps only look; see `fabwiz.deploy.dry_run`."""
    facts: dict[str, HostFacts] = field(default_factory=dict)
    acted: bool = False
    """Whether a step has begun to take things away, or to change them."""
    orderer: Node | None = None
    """The orderer that answered last."""
    orderers_away: set[str] = field(default_factory=set)
    """Names of orderers that the run has told to be down, and goes on without."""
    hosts_away: dict[str, RemoteError] = field(default_factory=dict)
    """Hosts that do not answer, and that the run goes on without; see `fabwiz.deploy.absence`."""
    asked_to_stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._unreached: dict[str, RemoteError] = {}
        self.fabric = FabricAccess(self.network, self.workspace, self.connection)
        self.logs = LogFollowers(self)
        self.leases = Leases(self)

    # -- hosts ---------------------------------------------------------------------------------------------------

    def connection(self, host: str) -> Connection:
        """The one connection of a host, opened when first needed. Raises RemoteError."""
        if error := self.hosts_away.get(host):
            raise error
        if error := self._unreached.pop(host, None):
            raise error
        return self.pool.connection(host)

    def remember(self, host: str, error: RemoteError) -> None:
        """Raise this when the host's connection is next asked for."""
        self._unreached[host] = error

    def open_hosts(self, needs_all: bool = False) -> None:
        """Connect to all hosts that run something, so that new host keys are reviewed together; take their leases.

        A host that cannot be reached says so when its connection is first asked for. Hosts that a network which has
        run can do without for now are told here, and the run goes on without them, unless it `needs_all`. Raises
        Leased when another operator works there.
        """
        used = [host for host in self.network.hosts if self.network.on(host)]
        found = self.pool.open_all(used)
        self._unreached = {host: error for host, error in found.items() if isinstance(error, RemoteError)}
        if not self.dry:
            for host, connection in found.items():
                if not isinstance(connection, RemoteError):
                    address = self.network.hosts[host].address
                    self.journal.append("host", host=host, address=address, key=connection.host_key)
        self._go_without_silent_ones(needs_all)
        self.leases.acquire([host for host in used if host not in self._unreached and host not in self.hosts_away])

    def _go_without_silent_ones(self, needs_all: bool) -> None:
        silent = {host: error for host, error in self._unreached.items() if isinstance(error, Unreachable)}
        if not needs_all and silent.keys() == self._unreached.keys() and self.can_lose(self._nodes_on(silent)):
            self.hosts_away, self._unreached = dict(silent), {}
        for host, error in self.hosts_away.items():
            self.emit(Kind.LOG, host=host, message=f"{clean(str(error))}: going on without {self._names_on(host)}")

    def can_lose(self, nodes: Iterable[Node]) -> bool:
        """Whether the network has run before, and can be worked on without these nodes of its ordering service.

        A first deployment wants all that the session lists.
        """
        lost = list(nodes)
        return bool(lost) and dispensable(self.network, lost) and self.journal.ordering_began()

    def _nodes_on(self, hosts: Iterable[str]) -> list[Node]:
        return [node for host in hosts for node in self.network.on(host)]

    def _names_on(self, host: str) -> str:
        return ", ".join(node.name for node in self.network.on(host))

    def docker(self, host: str) -> Docker:
        """Docker on a host; which compose it has is known after the preflight."""
        compose = self.facts[host].compose if host in self.facts else ()
        return Docker(self.network, self.network.hosts[host], self.connection(host), compose)

    # -- the operator's wish to stop -----------------------------------------------------------------------------

    @property
    def stopped(self) -> bool:
        """Whether the operator asked to stop."""
        return self.asked_to_stop.is_set()

    def stop(self) -> None:
        """Ask to stop: steps end at their next look."""
        self.asked_to_stop.set()

    def abandon(self) -> None:
        """Stop, and cut all connections, so that what waits for a host or a node fails instead of waiting on."""
        self.stop()
        self.fabric.close()
        self.pool.close()

    def raise_if_stopped(self) -> None:
        """Raises Interrupted when the operator asked to stop, Leased when another has taken the hosts over."""
        if self.leases.lost:
            raise self.leases.lost
        if self.stopped:
            raise Interrupted

    # -- waiting -------------------------------------------------------------------------------------------------

    def wait(self, probe: Callable[[], Seen], limit: float, what: str, nodes: Sequence[Node] = ()) -> str:
        """Look again and again until the evidence is enough, and return what was seen.

        Raises StepFailed after `limit` seconds, saying what was last seen, or at once when a log of `nodes` has a
        line that is known to be fatal. Raises Interrupted when the operator asked to stop. A dry run looks once.
        """
        end = time.monotonic() + (0 if self.dry else limit)
        pause = 0.05
        while True:
            self.raise_if_stopped()
            try:
                seen = probe()
            except (RemoteError, FabricError, OSError) as error:
                seen = Seen(False, clean(str(error)))
            if seen.enough:
                return seen.text
            self.logs.raise_if_fatal(nodes)
            if time.monotonic() >= end:
                raise StepFailed(
                    "; ".join(
                        [
                            f"{what}: not within {format_duration(limit if limit < 1 else round(limit))}",
                            f"last seen: {seen.text}",
                            *self._down(nodes),
                        ]
                    ),
                    remedy="look into the logs of " + ", ".join(node.name for node in nodes) if nodes else None,
                )
            self.asked_to_stop.wait(pause)
            pause = min(pause * 1.6, 1.0)

    def _down(self, nodes: Sequence[Node]) -> Iterator[str]:
        for name, status in self.not_running(nodes).items():
            yield f"{name}: {status}"

    def not_running(self, nodes: Sequence[Node]) -> dict[str, str]:
        """Those containers of `nodes` that do not run, in Docker's words: `Restarting (1) 7 seconds ago`.

        Only hosts that the preflight has reached are asked, all at once.
        """
        hosts = [host for host in dict.fromkeys(node.host for node in nodes) if host in self.facts]
        if not hosts:
            return {}
        with ThreadPoolExecutor(min(len(hosts), 32), thread_name_prefix="down") as pool:
            found = dict(zip(hosts, pool.map(self._containers, hosts), strict=True))
        result = {}
        for node in nodes:
            there = found.get(node.host)
            container = there.get(node.name) if there is not None else None
            if there is not None and (container is None or container.state is not State.RUNNING):
                result[node.name] = container.status if container else "no such container"
        return result

    def _behind_orderers_down(self) -> str:
        return "; ".join(self._down([*self.network.kafka, *self.network.zookeeper]))

    def _containers(self, host: str) -> dict[str, Container] | None:
        try:
            return self.docker(host).containers()
        except RemoteError:
            return None

    # -- phases and errors ---------------------------------------------------------------------------------------

    def entering(self, phase: str) -> None:
        """Hosts are connected to at the start; logs stream from the first phase that starts containers on.

        From there on, what nodes have is what they must keep.
        """
        if phase == Phase.PREFLIGHT:
            self.open_hosts()
        if phase == DOWN:
            self.open_hosts(needs_all=True)
        if phase == Phase.ZOOKEEPER and not self.dry:
            remember(self.workspace.assigned, self.network)
            self.logs.start()

    def explain(self, error: Exception, at: str | None = None) -> StepFailed:
        """Turn whatever was raised into words for the operator, who sees them beside the host `at`, if at any."""
        if isinstance(error, StepFailed):
            failed = error
        elif isinstance(error, RemoteError):
            unreached = isinstance(error, Unreachable | AuthenticationFailed | HostKeyUnknown | HostKeyChanged)
            message = error.message if error.host == at else f"host {error.host}: {error.message}"
            failed = StepFailed(clean(message), remedy=error.remedy or None, unreached=unreached)
        elif isinstance(error, ServiceUnavailable) and (down := self._behind_orderers_down()):
            failed = StepFailed(
                clean(str(error)),
                cause=f"orderers write only while enough brokers are in sync; of those, {down}",
                remedy="bring them back: running again starts those that stand still",
            )
        elif isinstance(error, FabricError | ArtifactError | IdentityError | PackageError | ConfigError):
            failed = StepFailed(clean(str(error)))
        elif isinstance(error, NotEnoughEndorsers | PolicyError):
            failed = StepFailed(clean(str(error)), remedy="change the endorsement policy, or give its members peers")
        elif isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            failed = StepFailed(f"{where}{error.strerror or error}")
        else:
            return unexpected(error, self.workspace)
        failed.message = clean(failed.message)
        return self._diagnosed(failed)

    def _diagnosed(self, failed: StepFailed) -> StepFailed:
        """Add cause and remedy where the message is a known one and nobody has said more."""
        known = None if failed.known or failed.cause else diagnose(failed.message, self.network.release)
        if known is None:
            return failed
        failed.cause, failed.remedy, failed.known = known.cause, failed.remedy or known.remedy, known.id
        return failed

    def close(self) -> None:
        """End log streams, Fabric channels and connections."""
        self.logs.close()
        self.fabric.close()
        self.pool.close()
