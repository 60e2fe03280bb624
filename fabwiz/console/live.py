"""Progress at a terminal: phases that are over stay as lines, the present one moves below them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from fabwiz.console.paragraph import print_paragraph
from fabwiz.deploy.events import Event, Kind, Status

_MARKS = {Status.DONE: ("✔", "green"), Status.SKIPPED: ("=", "cyan"), Status.FAILED: ("✘", "red")}
_ASCII_MARKS = {Status.DONE: ("+", "green"), Status.SKIPPED: ("=", "cyan"), Status.FAILED: ("x", "red")}
_MOST_ROWS = 16


@dataclass(slots=True)
class _Row:
    host: str
    node: str
    title: str
    begun: float
    status: Status = Status.STARTED
    seconds: float | None = None


class LiveProgress:
    """Draws eight times a second; events may come from any thread."""

    def __init__(self, console: Console, logs: bool = False) -> None:
        self._console = console
        self._logs = logs
        self._marks = _MARKS if (console.encoding or "").lower().startswith("utf") else _ASCII_MARKS
        self._phase: Event | None = None
        self._rows: dict[str, _Row] = {}
        self._facts: list[str] = []
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        spinner = "dots" if self._marks is _MARKS else "line"
        self._spinner = Spinner(spinner, style="cyan")
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8, transient=True)
        self._live.start()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            if event.event is Kind.PHASE:
                self._take_phase(event)
            elif event.event is Kind.STEP:
                self._take_step(event)
            elif event.event is Kind.SUMMARY:
                self._console.print(Text(event.message or "", "bold"))
            elif event.event is Kind.LOG and event.phase and not event.node:
                self._now_doing(event)
            elif event.event is Kind.LOG and (self._logs or not event.node):
                where = " ".join(filter(None, [event.host, event.node]))
                self._console.print(Text.assemble((f"    {where} ", "dim"), event.message or ""), soft_wrap=True)

    def close(self) -> None:
        """Stop drawing."""
        self._live.stop()

    def _take_phase(self, event: Event) -> None:
        if event.status is Status.STARTED:
            self._phase, self._rows, self._begun, self._facts = event, {}, time.monotonic(), []
            return
        self._phase = None
        self._console.print(self._line(event.status, event.phase or "", event.message or "", event.seconds))
        for fact in self._facts:
            self._console.print(Padding(Text(fact, "dim"), (0, 0, 0, 13)))

    def _take_step(self, event: Event) -> None:
        host = event.host or "workstation"
        key = f"{host} {event.step} {event.node}"
        if event.status is Status.STARTED:
            self._rows[key] = _Row(host, event.node or "", event.message or "", time.monotonic())
            return
        if row := self._rows.get(key):
            row.status, row.seconds, row.title = event.status or Status.DONE, event.seconds, event.message or row.title
        if event.host is None and event.status is not Status.FAILED:
            # what was made or seen for the whole network: the facts that a reader of the log wants
            self._facts.append(event.message or "")
        if event.status is Status.FAILED:
            mark = self._marks[Status.FAILED][0]
            where = f"{host} {event.node} " if event.node and event.node not in (event.message or "") else f"{host} "
            said = Text.assemble((f"{mark} ", "red"), (where, "bold"), event.message or "")
            print_paragraph(self._console, said, 4)
            for word, value in (("cause", event.cause), ("remedy", event.remedy)):
                if value:
                    print_paragraph(self._console, Text.assemble((f"{word}: ", "bold"), value), 6)

    def _now_doing(self, event: Event) -> None:
        """What a step that takes long says of itself, such as the image that it pulls."""
        for row in self._rows.values():
            if row.host == event.host and row.status is Status.STARTED:
                row.title = event.message or row.title

    def _line(self, status: Status | None, name: str, message: str, seconds: float | None) -> Text:
        mark, colour = self._marks.get(status or Status.DONE, (" ", "white"))
        text = Text.assemble((f"{mark} ", f"bold {colour}"), (f"{name:<11}", "bold"), message)
        text.truncate(max(20, self._console.width - 10), overflow="ellipsis", pad=True)
        return text.append(f"{seconds:7.1f} s" if seconds is not None else "", "dim")

    def _render(self) -> Group | Text:
        with self._lock:
            if self._phase is None:
                return Text("")
            head = Table.grid(padding=(0, 1))
            elapsed = f"{time.monotonic() - self._begun:.0f} s"
            head.add_row(
                self._spinner, Text(str(self._phase.phase), "bold"), self._phase.message or "", Text(elapsed, "dim")
            )
            body = Table.grid(padding=(0, 1))
            open_rows = [row for row in self._rows.values() if row.status is Status.STARTED]
            ended = [row for row in self._rows.values() if row.status is not Status.STARTED]
            for row in [*ended, *open_rows][-min(_MOST_ROWS, max(2, self._console.height - 4)) :]:
                mark, colour = self._marks.get(row.status, ("·", "cyan"))
                took = row.seconds if row.seconds is not None else time.monotonic() - row.begun
                title = Text(row.title, no_wrap=True, overflow="ellipsis")
                where = Text(row.host, "bold")
                if row.node and row.node not in row.title:
                    where.append(f" {row.node}", "not bold")
                body.add_row("   ", Text(mark, colour), where, title, Text(f"{took:.1f} s", "dim"))
            return Group(head, body)
