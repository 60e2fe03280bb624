"""ZooKeeper: the ensemble has a leader, and every server answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy import zookeeper
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.probes import at_once
from fabwiz.deploy.run import Run, Seen
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
        """Wait for it."""
        return run.wait(
            lambda: self._probe(run),
            self.network.session.timeouts.zookeeper,
            "ZooKeeper has no whole ensemble",
            self.network.zookeeper,
        )

    def _probe(self, run: Run) -> Seen:
        said = modes(run, self.network)
        wanted = (["leader"] + ["follower"] * (len(said) - 1)) if len(said) > 1 else ["standalone"]
        text = ", ".join(f"{name}: {mode}" for name, mode in said.items())
        return Seen(sorted(said.values(), reverse=True) == sorted(wanted, reverse=True), text)


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
