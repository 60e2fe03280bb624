"""ZooKeeper: the ensemble has a leader, and every server answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fabwiz.deploy import zookeeper
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.patience import wait_for_enough
from fabwiz.deploy.phases.probes import at_once
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Evidence
from fabwiz.remote.connection import RemoteError
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace


def ask(run: Run, server: Node, word: str) -> str:
    """Send a four-letter word to a server, through its host's connection."""
    with run.connection(server.host).forward(server.ports["client"]) as forward:
        return zookeeper.ask(forward.address, forward.port, word)


def modes(run: Run, network: Network) -> dict[str, str]:
    """What each server says of itself: leader, follower, or what is in the way."""

    def mode(server: Node) -> str:
        try:
            return zookeeper.mode(ask(run, server, "srvr")) or "not serving"
        except (OSError, RemoteError) as error:
            return f"no answer ({error})"

    answers = at_once(network.zookeeper, mode)
    return {server.name: said for server, said in zip(network.zookeeper, answers, strict=True)}


class Ensemble(Evidence):
    """One leader, and everyone else follows."""

    name = "ensemble"
    title = "every server answers srvr, and one leads"

    def __init__(self, network: Network) -> None:
        self.network = network

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The question."""
        return (Action("wait", f"srvr on {', '.join(node.address for node in self.network.zookeeper)}"),)

    def act(self, run: Run) -> str:
        """Wait for it; a network that has run goes on with a majority."""
        servers, limit = self.network.zookeeper, self.network.session.timeouts.zookeeper
        said: dict[str, str] = {}

        def missing() -> dict[str, str]:
            said.clear()
            said.update(modes(run, self.network))
            return _missing(said)

        wait_for_enough(run, servers, missing, limit, "ZooKeeper has no whole ensemble")
        return ", ".join(f"{name}: {mode}" for name, mode in said.items())


def _missing(said: Mapping[str, str]) -> dict[str, str]:
    """Servers that are no part of the ensemble, and why; all of them while nobody leads it, or more than one does."""
    if len(said) == 1:
        return {name: mode for name, mode in said.items() if mode != "standalone"}
    if list(said.values()).count("leader") != 1:
        return dict(said)
    return {name: mode for name, mode in said.items() if mode not in ("leader", "follower")}


def stages(network: Network) -> Iterable[Stage]:
    """Start all servers, then wait for the ensemble."""
    yield starting(network, network.zookeeper)
    yield [Ensemble(network)]


SPEC = PhaseSpec(
    Phase.ZOOKEEPER,
    "start ZooKeeper",
    "ZooKeeper keeps the list of living brokers; it works as long as a majority of its servers does.",
    stages,
)
