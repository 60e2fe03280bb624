"""Orderers: every one of them serves the system channel, which it does only with Kafka behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.patience import all_but, wait_for_enough
from fabwiz.deploy.phases.probes import at_once
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Evidence
from fabwiz.fabric.errors import FabricError
from fabwiz.remote.connection import RemoteError
from fabwiz.remote.sanitize import clean
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
        """Wait for it; a network that has run goes on with those that serve."""
        orderers, limit = self.network.orderers, self.network.session.timeouts.orderers
        gone = wait_for_enough(run, orderers, lambda: self._missing(run), limit, "orderers do not all serve")
        run.orderers_away |= set(gone)
        return all_but(f"orderers serve {self.network.session.system_channel}", len(orderers), gone)

    def _missing(self, run: Run) -> dict[str, str]:
        admin = run.fabric.admin(self.network.orderer_organization)

        def trouble(node: Node) -> str:
            try:
                run.fabric.orderer(node).newest(self.network.session.system_channel, admin)
            except (FabricError, RemoteError, OSError) as error:
                return clean(str(error)).removeprefix(f"{node.name}: ")
            return ""

        said = zip(self.network.orderers, at_once(self.network.orderers, trouble), strict=True)
        return {node.name: why for node, why in said if why}


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
