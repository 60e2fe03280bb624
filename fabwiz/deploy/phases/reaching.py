"""Part of the preflight: from every host to each port that its nodes will need on the other hosts."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence

from fabwiz.artifacts.compose.addresses import other_nodes
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Result, Step, seen
from fabwiz.deploy.way_probe import Answer, ask
from fabwiz.deploy.ways import Way, ways
from fabwiz.rules.preflight import PORT_BLOCKED
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

_WORDS = {Answer.SILENCE: "does not answer", Answer.NO_WAY: "is answered by a firewall or router: no way"}


class GetThrough(Step):
    """Have a host begin a connection to each port; whether anything listens there yet does not matter."""

    name = "ways"
    only_reads = True

    def __init__(self, network: Network, host: str) -> None:
        self.network = network
        self.host = host
        self.ways = ways(network, host)
        self.title = "get through to the other hosts' ports"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The ports, by host."""
        by_host: dict[str, set[int]] = {}
        for way in self.ways:
            by_host.setdefault(way.node.host, set()).add(way.port)
        return [
            Action("check", f"{host} can be reached at {', '.join(map(str, sorted(ports)))} (reads only)")
            for host, ports in by_host.items()
        ]

    def look(self, run: Run) -> str | None:
        """Raises StepFailed with every port that is closed, unless the session accepts that."""
        assert self.host
        addresses = self._addresses()
        ways = [way for way in self.ways if way.node.host not in run.hosts_away]
        targets = {(addresses[way.node.name], way.port): way for way in ways if way.node.name in addresses}
        answers = ask(run.connection(self.host), list(targets))
        if answers is None:
            return "not looked at: it has neither python, perl, bash, nc nor curl to try other hosts' ports with"
        shut = [(targets[target], answer) for target, answer in answers.items() if answer in _WORDS]
        unclear = sum(answer is Answer.UNCLEAR for answer in answers.values())
        self._tell(run, shut)
        hosts = len({way.node.host for way in ways})
        said = f"{len(targets) - len(shut) - unclear} of {len(targets)} ports on {hosts} hosts can be reached"
        return f"{said}; {unclear} did not show" if unclear else said

    def act(self, run: Run) -> str:
        """Never reached: looking either is enough or raises."""
        raise NotImplementedError

    def execute(self, run: Run) -> Result:
        """Looking is all there is."""
        return seen(self.look(run) or "")

    def _addresses(self) -> Mapping[str, str]:
        """As containers are told them; where one is missing, the phase that writes them down says so."""
        assert self.host
        try:
            return other_nodes(self.network, self.host)
        except (ArtifactError, socket.gaierror):
            return {}

    def _tell(self, run: Run, shut: Sequence[tuple[Way, Answer]]) -> None:
        if not shut:
            return
        grouped: dict[tuple[str, Answer], list[Way]] = {}
        ports: dict[str, set[int]] = {}
        for way, answer in shut:
            grouped.setdefault((way.node.host, answer), []).append(way)
            ports.setdefault(way.node.host, set()).add(way.port)
        message = "; ".join(
            f"{target} ({self.network.hosts[target].address}) {_WORDS[answer]} at {_ports(closed)}"
            for (target, answer), closed in grouped.items()
        )
        if reason := self.network.session.accept.get(PORT_BLOCKED, "").strip():
            run.emit(Kind.LOG, host=self.host, message=f"from here, {message} (accepted: {reason})")
            return
        open_up = "; ".join(
            f"let {self.host} in on {target}, TCP {', '.join(map(str, sorted(numbers)))}"
            for target, numbers in ports.items()
        )
        raise StepFailed(
            f"from here, {message}",
            cause="a firewall on one of these hosts or between them, or an address that other hosts cannot reach",
            remedy=f"{open_up} (firewalld, ufw, nftables, or the cloud's security groups); where only what Docker "
            f"publishes gets past the hosts' own firewalls, accept {PORT_BLOCKED}",
        )


def _ports(closed: Iterable[Way]) -> str:
    return ", ".join(f"{way.port} ({way.node.name}, for {' and '.join(by.name for by in way.by)})" for way in closed)
