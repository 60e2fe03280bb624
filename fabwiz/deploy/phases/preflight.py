"""Preflight: nothing is changed before every host has been reached and found fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy.docker import State, parse_containers
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.host_fit import doubts
from fabwiz.deploy.host_probe import Probe, look, problems
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.generation import made_elsewhere
from fabwiz.deploy.phases.reaching import GetThrough
from fabwiz.deploy.run import HostFacts, Run
from fabwiz.deploy.stand_in import is_stand_in
from fabwiz.deploy.step import Action, Result, Step, seen
from fabwiz.session.network import Host, Network
from fabwiz.session.workspace import Workspace

_LOOKS, _PAUSE = 5, 1.0


class CheckHost(Step):
    """Reach a host and see that it can carry its roles. Also tells the run which compose it has."""

    name = "host"
    only_reads = True

    def __init__(self, network: Network, host: Host) -> None:
        self.network = network
        self.host = host.name
        self._host = host
        self.title = "reach it; Docker, Compose, clock, disk and ports"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """One script that only reads."""
        return (Action("check", f"{self.title} (reads only)"),)

    def look(self, run: Run) -> str | None:
        """Raises StepFailed with everything that is wrong with the host."""
        connection = run.connection(self._host.name)
        for _ in range(_LOOKS):
            probe = look(connection, self.network, self._host)
            stands_in = run.rehearsal or is_stand_in(self._host, probe)
            wrong = list(problems(self.network, self._host, probe, stands_in))
            # what a run has begun to start that was killed has its ports before it counts as running
            if not wrong or not self._is_starting(probe) or run.asked_to_stop.wait(_PAUSE):
                break
        self._tell_strays(run, probe)
        if not stands_in:
            for doubt in doubts(self.network, self._host, probe):
                run.emit(Kind.LOG, host=self.host, message=doubt)
        if made_elsewhere(probe.values.get("manifest", ""), probe.volumes, run.workspace):
            wrong.append(
                (
                    f"it holds data of a network {self.network.name} whose keys are not in {run.workspace.root}",
                    "run from the workspace that made them, or give up that network with `fabwiz down --data`",
                )
            )
        if wrong:
            raise StepFailed("; ".join(p for p, _ in wrong), remedy="; ".join(r for _, r in wrong))
        compose = ("docker", "compose") if "plugin" in probe.values else ("docker-compose",)
        run.facts[self._host.name] = HostFacts(compose, float(probe.values["clock"]))
        version = probe.values.get("plugin") or probe.values["standalone"]
        return f"Docker {probe.values['engine']}, Compose {version}, clock {probe.skew:+.0f} s"

    def act(self, run: Run) -> str:
        """Never reached: looking either is enough or raises."""
        raise NotImplementedError

    def execute(self, run: Run) -> Result:
        """Looking is all there is."""
        return seen(self.look(run) or "")

    def _is_starting(self, probe: Probe) -> bool:
        names = {node.name for node in self.network.on(self._host.name)}
        found = parse_containers("\n".join(probe.containers))
        return any(container.name in names and container.state is State.CREATED for container in found)

    def _tell_strays(self, run: Run, probe: Probe) -> None:
        """Containers of nodes that left the session, or this host, stay until somebody decides about their data."""
        placed = {node.name: node.host for node in self.network.nodes}
        for container in parse_containers("\n".join(probe.containers)):
            name = container.node or container.name
            if placed.get(name) == self.host:
                continue
            where = f"the session has it on {placed[name]}" if name in placed else "the session does not have it"
            run.emit(
                Kind.LOG,
                host=self.host,
                message=f"{container.name} is here ({container.status}), but {where}: put it back into the session, "
                f"or remove it with `docker rm -f {container.name}` there; its volumes stay until you remove them",
            )


def stages(network: Network) -> Iterable[Stage]:
    """All hosts at once; then, when all are fit, whether they get through to one another."""
    used = [host for host in network.hosts.values() if network.on(host.name)]
    yield [CheckHost(network, host) for host in used]
    yield [step for step in (GetThrough(network, host.name) for host in used) if step.ways]


SPEC = PhaseSpec(
    Phase.PREFLIGHT,
    "look at every host",
    "Nothing is changed before every host has been reached and found fit.",
    stages,
)
