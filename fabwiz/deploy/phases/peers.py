"""Peers: every one of them answers its own organization's admin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.probes import every
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Evidence
from fabwiz.session.network import Network, Node, Role
from fabwiz.session.workspace import Workspace


class Answering(Evidence):
    """A peer's gRPC answers a signed question."""

    name = "answering"
    title = "every peer answers"

    def __init__(self, network: Network) -> None:
        self.network = network

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The question."""
        return [Action("wait", f"cscc GetChannels of {node.address}") for node in self.network.peers]

    def act(self, run: Run) -> str:
        """Wait for it."""
        said = f"all {len(self.network.peers)} peers answer"
        return run.wait(
            lambda: every(self.network.peers, lambda node: self._probe(run, node), said),
            self.network.session.timeouts.peers,
            "peers do not all answer",
            self.network.peers,
        )

    def _probe(self, run: Run, node: Node) -> Seen:
        organization = self.network.organization_of(node)
        assert organization
        channels = run.fabric.peer(node).channels(run.fabric.admin(organization))
        return Seen(True, f"{len(channels)} channels")


def stages(network: Network) -> Iterable[Stage]:
    """State databases first, then peers with what stands beside them, then wait until they answer."""
    databases = [node for node in network.helpers if node.role is Role.COUCHDB]
    tools = [node for node in network.helpers if node.role is Role.TOOLS]
    yield starting(network, databases)
    yield starting(network, [*network.peers, *tools])
    if network.peers:
        yield [Answering(network)]


SPEC = PhaseSpec(
    Phase.PEERS,
    "start the peers",
    "Peers keep the ledgers, run the chaincode and endorse transactions.",
    stages,
)
