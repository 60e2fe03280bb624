"""Orderers: every one of them serves the system channel, which it does only with Kafka behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.probes import every
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Evidence
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace


class Serving(Evidence):
    """Deliver on the system channel answers SUCCESS, not SERVICE_UNAVAILABLE."""

    name = "serving"
    title = "every orderer serves the system channel"

    def __init__(self, network: Network) -> None:
        self.network = network

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The question."""
        channel = self.network.session.system_channel
        return [Action("wait", f"Deliver {channel} from {node.address}") for node in self.network.orderers]

    def act(self, run: Run) -> str:
        """Wait for it."""
        said = f"all {len(self.network.orderers)} orderers serve {self.network.session.system_channel}"
        return run.wait(
            lambda: every(self.network.orderers, lambda node: self._probe(run, node), said),
            self.network.session.timeouts.orderers,
            "orderers do not all serve",
            self.network.orderers,
        )

    def _probe(self, run: Run, node: Node) -> Seen:
        admin = run.fabric.admin(self.network.orderer_organization)
        block = run.fabric.orderer(node).newest(self.network.session.system_channel, admin)
        return Seen(True, f"block {block.header.number}")


def stages(network: Network) -> Iterable[Stage]:
    """Start all orderers, then wait until they serve."""
    yield starting(network, network.orderers)
    yield [Serving(network)]


SPEC = PhaseSpec(
    Phase.ORDERERS,
    "start the orderers",
    "Orderers cut the ordered transactions into blocks; they start from the genesis block and need Kafka.",
    stages,
)
