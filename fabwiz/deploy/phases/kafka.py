"""Kafka: all brokers are registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy import zookeeper
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.zookeeper import ask, modes
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Evidence
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


def registered(run: Run, network: Network) -> set[int] | None:
    """Ids of the living brokers, as ZooKeeper's leader knows them; `None` while nobody leads."""
    said = modes(run, network)
    for server in network.zookeeper:
        if said[server.name] in ("leader", "standalone"):
            return zookeeper.brokers(ask(run, server, "dump"))
    return None


class Brokers(Evidence):
    """ZooKeeper knows every broker id."""

    name = "brokers"
    title = "all brokers are registered with ZooKeeper"

    def __init__(self, network: Network) -> None:
        self.network = network

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The question."""
        ids = ", ".join(str(broker.id) for broker in self.network.kafka)
        return (Action("wait", f"/brokers/ids holds {ids}"),)

    def act(self, run: Run) -> str:
        """Wait for it."""
        return run.wait(
            lambda: self._probe(run), self.network.session.timeouts.kafka, "Kafka is not complete", self.network.kafka
        )

    def _probe(self, run: Run) -> Seen:
        ids = registered(run, self.network)
        if ids is None:
            return Seen(False, "no ZooKeeper server leads")
        missing = [f"{broker.name} ({broker.id})" for broker in self.network.kafka if broker.id not in ids]
        if missing:
            return Seen(False, f"not registered: {', '.join(missing)}")
        if len(ids) < len(self.network.kafka):
            return Seen(False, f"only {len(ids)} brokers registered")
        return Seen(True, f"{len(self.network.kafka)} brokers registered")


def stages(network: Network) -> Iterable[Stage]:
    """Start all brokers, then wait until they are registered."""
    yield starting(network, network.kafka)
    yield [Brokers(network)]


SPEC = PhaseSpec(
    Phase.KAFKA,
    "start Kafka",
    "Kafka orders the transactions: every channel is a topic, kept by several brokers at once.",
    stages,
)
