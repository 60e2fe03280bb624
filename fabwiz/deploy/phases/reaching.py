"""Part of the preflight: from every host to each port that its nodes will need on the other hosts."""

from __future__ import annotations

from collections.abc import Sequence

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.reach import CAUSE, Reach, accepted, reaches, remedy
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Result, Step, seen
from fabwiz.deploy.ways import ways
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


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
        found = reaches(self.network, self.host, run.connection(self.host), run.hosts_away)
        if found is None:
            return "not looked at: it has neither python, perl, bash, nc nor curl to try other hosts' ports with"
        self._tell(run, [one for one in found if one.shut])
        asked, unclear = sum(one.asked for one in found), sum(one.unclear for one in found)
        through = asked - unclear - sum(len(one.shut) for one in found)
        said = f"{through} of {asked} ports on {len(found)} hosts can be reached"
        return f"{said}; {unclear} did not show" if unclear else said

    def act(self, run: Run) -> str:
        """Never reached: looking either is enough or raises."""
        raise NotImplementedError

    def execute(self, run: Run) -> Result:
        """Looking is all there is."""
        return seen(self.look(run) or "")

    def _tell(self, run: Run, shut: Sequence[Reach]) -> None:
        if not shut:
            return
        message = f"from here, {'; '.join(one.message for one in shut)}"
        if reason := accepted(self.network):
            run.emit(Kind.LOG, host=self.host, message=f"{message} (accepted: {reason})")
            return
        raise StepFailed(message, cause=CAUSE, remedy=remedy(shut))
