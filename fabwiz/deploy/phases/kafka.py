"""Kafka: all brokers are registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy import zookeeper
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.containers import starting
from fabwiz.deploy.phases.patience import all_but, wait_for_enough
from fabwiz.deploy.phases.probes import at_once
from fabwiz.deploy.phases.zookeeper import ask, modes
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Evidence
from fabwiz.remote.connection import RemoteError
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace


def registered(run: Run, network: Network) -> tuple[set[int], set[int]] | None:
    """Ids of the living brokers, and of those whose registration has outlived them; `None` while nobody leads.

    A broker that is killed stays registered until its session times out, seconds later. Its connection ends with it:
    so those count as living whose session is connected to one of the servers.
    """
    said = modes(run, network)
    for server in network.zookeeper:
        if said[server.name] in ("leader", "standalone"):
            sessions = zookeeper.brokers(ask(run, server, "dump"))
            break
    else:
        return None

    def clients(server: Node) -> set[str]:
        try:
            return zookeeper.connected(ask(run, server, "cons"))
        except (OSError, RemoteError):
            return set()

    connected = set[str]().union(*at_once(network.zookeeper, clients))
    living = {broker for broker, session in sessions.items() if session in connected}
    return living, sessions.keys() - living


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
        """Wait for it; a network that has run goes on with enough of them for a new channel.

        Raises StepFailed at once where two brokers share an id: only one of them can ever register.
        """
        by_id: dict[int | None, list[str]] = {}
        for broker in self.network.kafka:
            by_id.setdefault(broker.id, []).append(broker.name)
        shared = [f"{' and '.join(names)} have the same id {number}" for number, names in by_id.items() if names[1:]]
        if shared:
            raise StepFailed(
                "; ".join(shared),
                cause="ZooKeeper knows brokers by their id: the first to register keeps all others away",
                remedy="give every broker an id of its own (session: kafka.NAME.id)",
                known="6",
            )
        limit = self.network.session.timeouts.kafka
        gone = wait_for_enough(run, self.network.kafka, lambda: self._missing(run), limit, "Kafka is not complete")
        return all_but("brokers are registered", len(self.network.kafka), gone)

    def _missing(self, run: Run) -> dict[str, str]:
        found = registered(run, self.network)
        if found is None:
            return {broker.name: "no ZooKeeper server leads" for broker in self.network.kafka}
        living, gone = found
        return {
            broker.name: f"not registered as {broker.id}"
            + (", an earlier registration has not timed out yet" if broker.id in gone else "")
            for broker in self.network.kafka
            if broker.id not in living
        }


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
