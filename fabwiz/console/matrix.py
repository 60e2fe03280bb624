"""How far a run is: phases by hosts, with times, and what has failed. Events make it; a face draws it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from fabwiz.deploy.events import Event, Kind, Status

WORKSTATION = ""
"""The column of what happens on this machine, and for the network as a whole."""


class Mark(StrEnum):
    """What a cell shows."""

    OPEN = "open"
    RUNNING = "running"
    DONE = "done"
    SAME = "same"
    """Everything was as it must be already."""
    FAILED = "failed"
    PASSED = "passed over"


@dataclass(slots=True)
class Cell:
    """A phase on a host. Times are in seconds of a monotonic clock."""

    mark: Mark = Mark.OPEN
    begun: float = 0.0
    ended: float | None = None
    at: str = ""
    """What it is at, or how it ended, in words."""

    def seconds(self, now: float) -> float | None:
        """How long it takes, or took; `None` before it has begun."""
        if self.mark is Mark.OPEN:
            return None
        return (self.ended if self.ended is not None else now) - self.begun


class Matrix:
    """Phases by hosts. `take` may be called from any thread but not from two at once."""

    def __init__(
        self, phases: Iterable[str], hosts: Iterable[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.phases = tuple(phases)
        self.hosts = (WORKSTATION, *hosts)
        self.current: str | None = None
        """The phase that runs, or the last one that did."""
        self.title = ""
        self.begun = clock()
        self._clock = clock
        self._ended: float | None = None
        self._cells: dict[tuple[str, str], Cell] = {}
        self._totals: dict[str, Cell] = {}
        self._changed: set[tuple[str, str]] = set()
        """Cells of which a step has done something, whatever the others had to do."""
        self._passed: set[tuple[str, str]] = set()

    def take(self, event: Event) -> None:
        """Follow an event of the run."""
        if event.phase not in self.phases:
            return
        if event.event is Kind.PHASE:
            self._take_phase(event)
        elif event.event is Kind.STEP:
            self._take_step(event)
        elif event.event is Kind.LOG and not event.node and event.message:
            cell = self._cells.get((event.phase, event.host or WORKSTATION))
            if cell and event.message.startswith("passed over"):
                cell.mark, cell.ended = Mark.PASSED, self._clock()
                self._passed.add((event.phase, event.host or WORKSTATION))
            elif cell and cell.mark is Mark.RUNNING:
                cell.at = event.message

    def cell(self, phase: str, host: str) -> Cell:
        """A phase on a host."""
        return self._cells.get((phase, host)) or Cell()

    def total(self, phase: str) -> Cell:
        """A phase as a whole."""
        return self._totals.get(phase) or Cell()

    def counts(self, phase: str) -> Counter[Mark]:
        """How many hosts (without the workstation) are how far in a phase that has begun."""
        return Counter(self.cell(phase, host).mark for host in self.hosts[1:])

    def named(self, phase: str, *marks: Mark) -> list[str]:
        """The hosts with these marks."""
        return [host for host in self.hosts[1:] if self.cell(phase, host).mark in marks]

    @property
    def busy(self) -> list[tuple[str, Cell]]:
        """Hosts at work in the current phase, those first that have been for longest."""
        found = [(host, self.cell(self.current or "", host)) for host in self.hosts]
        return sorted(((h, c) for h, c in found if c.mark is Mark.RUNNING), key=lambda one: one[1].begun)

    def close(self) -> None:
        """The run is over: times stand still, and what ran until then was cut off."""
        if self._ended is not None:
            return
        self._ended = self._clock()
        for cell in (*self._cells.values(), *self._totals.values()):
            if cell.mark is Mark.RUNNING:
                cell.mark, cell.ended = Mark.FAILED, self._ended

    def seconds(self) -> float:
        """From the beginning on, to the end."""
        return self.now() - self.begun

    def now(self) -> float:
        """The clock's time, for `Cell.seconds`; at the end it stops."""
        return self._clock() if self._ended is None else self._ended

    def _take_phase(self, event: Event) -> None:
        assert event.phase
        if event.status is Status.STARTED:
            self.current, self.title = event.phase, event.message or ""
            # a run that goes over everything again begins the phase anew
            self._cells = {key: cell for key, cell in self._cells.items() if key[0] != event.phase}
            self._changed = {key for key in self._changed if key[0] != event.phase}
            self._passed = {key for key in self._passed if key[0] != event.phase}
            self._totals[event.phase] = Cell(Mark.RUNNING, self._clock())
            return
        total = self._totals.setdefault(event.phase, Cell(begun=self._clock()))
        total.mark, total.ended, total.at = _ENDS[event.status or Status.DONE], self._clock(), event.message or ""

    def _take_step(self, event: Event) -> None:
        assert event.phase
        key = event.phase, event.host or WORKSTATION
        cell = self._cells.get(key)
        if event.status is Status.STARTED:
            if cell is None:
                self._cells[key] = Cell(Mark.RUNNING, self._clock(), None, event.message or "")
            else:
                cell.mark, cell.ended, cell.at = Mark.RUNNING, None, event.message or ""
            return
        if cell is None:
            cell = self._cells[key] = Cell(begun=self._clock())
        mark = _ENDS[event.status or Status.DONE]
        if mark is Mark.DONE:
            self._changed.add(key)
        elif mark is Mark.SAME and key in self._changed:
            mark = Mark.DONE
        if mark is not Mark.FAILED and key in self._passed:
            mark = Mark.PASSED
        cell.mark, cell.ended, cell.at = mark, self._clock(), event.message or ""


_ENDS = {
    Status.STARTED: Mark.RUNNING,
    Status.DONE: Mark.DONE,
    Status.SKIPPED: Mark.SAME,
    Status.FAILED: Mark.FAILED,
}
