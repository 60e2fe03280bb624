"""One line an event: for pipes, files and dumb terminals."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TextIO

from fabwiz.deploy.events import Event, Kind, Status

# to people, a step that found everything as it must be went well
_WORDS = {Status.STARTED: "started", Status.DONE: "done", Status.SKIPPED: "ok", Status.FAILED: "failed"}


def describe(event: Event) -> str:
    """An event in words: `done, 1.2 s: started zk1`."""
    seconds = f", {event.seconds:.1f} s" if event.seconds is not None else ""
    would = event.status is Status.SKIPPED and (event.message or "").startswith("would")
    said = _indented(event.message or "")
    text = f"{_WORDS[event.status]}{seconds}: {said}" if event.status and not would else said
    for word, value in (("cause", event.cause), ("remedy", event.remedy)):
        if value:
            text += f"\n    {word}: {_indented(value)}"
    return text


def _indented(text: str) -> str:
    """A text of several lines, none of which passes for a line of this face's own."""
    return text.replace("\n", "\n      ")


class PlainLines:
    """Writes phases, steps and the summary; the containers' own lines only when asked."""

    def __init__(self, file: TextIO | None = None, logs: bool = False) -> None:
        self._file = file or sys.stdout
        self._logs = logs
        self._step_failed = False

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.event is Kind.LOG and event.node and not self._logs:
            return
        if event.event is Kind.STEP and event.status is Status.STARTED:
            return
        clock = event.time[11:19]
        if event.event is Kind.PHASE:
            if event.status is Status.FAILED and self._step_failed:
                # its message lists the failures, which stand above in full
                event = replace(event, message="see above")
            self._step_failed = False
            line = f"{clock} {event.phase}: {describe(event)}"
        elif event.event is Kind.SUMMARY:
            line = f"{clock} {_indented(event.message or '')}"
        else:
            self._step_failed |= event.event is Kind.STEP and event.status is Status.FAILED
            where = " ".join(filter(None, [event.phase, event.host or "workstation", event.node]))
            line = f"{clock}   {where}: {describe(event)}"
        print(line, file=self._file, flush=True)

    def close(self) -> None:
        """Nothing is open."""


class JsonLines:
    """`--json`: one object a line, and nothing else."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file or sys.stdout

    def __call__(self, event: Event) -> None:
        """Show one event."""
        print(event.as_json(), file=self._file, flush=True)

    def close(self) -> None:
        """Nothing is open."""
