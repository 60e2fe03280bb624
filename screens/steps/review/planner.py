"""Makes plans while somebody looks at the review, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fabwiz.session.network import Network

if TYPE_CHECKING:
    from fabwiz.deploy.plan import PlannedPhase


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, or why there is none."""

    network: Network
    phases: tuple[PlannedPhase, ...] = ()
    problem: str = ""


class Planner:
    """Plans one network at a time; while it is at work only the last one that was asked for waits."""

    def __init__(self, on_planned: Callable[[Planned], None]) -> None:
        self._on_planned = on_planned
        self._lock = threading.Lock()
        self._next: Network | None = None
        self._busy = False

    def ask(self, network: Network) -> None:
        """Plan this network. Returns at once."""
        with self._lock:
            self._next = network
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._run, name="planner", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                network, self._next = self._next, None
                if network is None:
                    self._busy = False
                    return
            self._on_planned(_plan(network))


def _plan(network: Network) -> Planned:
    # loaded here: the wizard shows its first screen before all of the engine is there
    from fabwiz.artifacts.errors import ArtifactError
    from fabwiz.deploy.plan import plan

    try:
        return Planned(network, tuple(plan(network)))
    except (ArtifactError, OSError) as error:
        return Planned(network, problem=str(error))
