"""Starting containers, as the phases of ZooKeeper, Kafka, orderers and peers do it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from fabwiz.artifacts.compose import service_name
from fabwiz.artifacts.revision import revision
from fabwiz.deploy.docker import State, compose_file
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Result, Step, done, skipped
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace

_UP_LIMIT = 300.0


class StartContainers(Step):
    """Start a host's containers of one phase."""

    name = "containers"

    def __init__(self, network: Network, host: str, nodes: Sequence[Node]) -> None:
        self.network = network
        self.host = host
        self.nodes = tuple(nodes)
        self.node = nodes[0].name if len(nodes) == 1 else None
        self.title = f"start {', '.join(node.name for node in nodes)}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The compose command, and the ports that are open then."""
        services = " ".join(shlex.quote(service_name(node)) for node in self.nodes)
        host = self.network.hosts[self.host or ""]
        ports = [
            Action("port", f"{node.name} publishes {', '.join(map(str, node.ports.values()))}")
            for node in self.nodes
            if node.ports
        ]
        command = f"docker compose -p {self.network.name} -f {compose_file(host)} up -d --no-deps {services}"
        return (Action("command", command), *ports)

    def look(self, run: Run) -> str | None:
        """All are running, and are what the bundle says."""
        names = ", ".join(node.name for node in self.nodes)
        return None if self._wanting(run, {State.RUNNING}) else f"{names}: running"

    def act(self, run: Run) -> str:
        """Create what is missing, replace what is outdated, start what stands still."""
        assert self.host
        wanting = self._wanting(run, {State.RUNNING})
        names = ", ".join(node.name for node in wanting)
        run.logs.forget(wanting)
        run.docker(self.host).up([service_name(node) for node in wanting], _UP_LIMIT)
        # one that ends again at once is there, too: the evidence that the phase then waits for, and its log, say why
        left = self._wanting(run, set(State) - {State.CREATED})
        if left:
            raise StepFailed(f"compose started {', '.join(node.name for node in left)}, but no such container shows")
        return f"started {names}"

    def execute(self, run: Run) -> Result:
        """Look, and act once: whether it serves is for the phase's evidence to say."""
        found = self.look(run)
        if found is not None:
            return skipped(found)
        run.leases.hold(self.host)
        return done(self.act(run))

    def _wanting(self, run: Run, states: set[State]) -> list[Node]:
        """Nodes whose container is missing, outdated, or in none of these states."""
        assert self.host
        containers = run.docker(self.host).containers()
        return [
            node
            for node in self.nodes
            if node.name not in containers
            or containers[node.name].revision != revision(run.workspace, self.host, node)
            or containers[node.name].state not in states
        ]


def starting(network: Network, nodes: Iterable[Node]) -> list[StartContainers]:
    """One step a host for the given nodes."""
    by_host: dict[str, list[Node]] = {}
    for node in nodes:
        by_host.setdefault(node.host, []).append(node)
    return [StartContainers(network, host, on_host) for host, on_host in by_host.items()]
