"""What the engine says while it works; the wizard, the console and `--json` render it.

The fields and their values are part of the contract with the user.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from fabwiz.remote.sanitize import clean


class Kind(StrEnum):
    """What an event is about."""

    PHASE = "phase"
    STEP = "step"
    LOG = "log"
    FINDING = "finding"
    SUMMARY = "summary"


class Status(StrEnum):
    """How far a phase or a step is.

    `skipped` means that everything was already as it must be; in a dry run, with a message that begins with `would`,
    that it was left out.
    """

    STARTED = "started"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `time` is UTC in ISO 8601, `seconds` how long a phase or step took."""

    time: str
    event: Kind
    phase: str | None = None
    step: str | None = None
    host: str | None = None
    node: str | None = None
    status: Status | None = None
    seconds: float | None = None
    message: str | None = None
    rule: str | None = None
    severity: str | None = None
    path: str | None = None
    fix: str | None = None
    cause: str | None = None
    remedy: str | None = None
    known: str | None = None
    """Id of the known error that was recognized."""
    bytes: int | None = None
    """Of a transfer: what has arrived, of `total`."""
    total: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Only what is said; JSON types."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value for key, value in values.items() if value is not None}

    def as_json(self) -> str:
        """One line, as `--json` prints it."""
        return json.dumps(self.as_dict(), ensure_ascii=False)


Sink = Callable[[Event], None]
_TOLD = ("message", "cause", "remedy")


class Emitter:
    """Hands every event to its sinks, one at a time, from whatever thread it comes."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = list(sinks)
        self._lock = threading.Lock()

    def __call__(self, kind: Kind, **values: Any) -> None:
        """Emit one event now. Texts are stripped of what steers terminals: hosts and chaincodes have a say in them."""
        for name in _TOLD:
            if isinstance(said := values.get(name), str):
                values[name] = clean(said)
        event = Event(now(), kind, **values)
        with self._lock:
            for sink in self._sinks:
                sink(event)


def now() -> str:
    """The time in UTC, to the millisecond: `2026-01-31T12:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
