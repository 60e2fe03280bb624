"""Runs of fabwiz that something happens to: at a moment that its own events name."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.lab.site.workstation import Outcome, Workstation

Moment = Callable[[dict[str, Any]], bool]
"""Whether this event is the moment."""


def begun(phase: str, step: str | None = None) -> Moment:
    """A phase begins, or the first step of this name in it."""

    def is_it(event: dict[str, Any]) -> bool:
        kind = "phase" if step is None else "step"
        named = event["event"] == kind and event.get("phase") == phase and event.get("status") == "started"
        return named and step in (None, event.get("step"))

    return is_it


class Disturbed:
    """`fabwiz replay` under way. What it prints is read at once; `at` is called in a thread of its own."""

    def __init__(self, station: Workstation, *arguments: str, at: Moment, then: Callable[[], None]) -> None:
        self.happened: float | None = None
        """When the moment came, by the monotonic clock."""
        self.noticed: float | None = None
        """Seconds from then to the first step that failed."""
        self._lines: list[str] = []
        self._errors: list[str] = []
        self._trouble: BaseException | None = None
        self._at, self._then = at, then
        self._begun = time.monotonic()
        options = ["--known-hosts", str(station.known_hosts), "--json"]
        self.process = station.start("replay", *options, *arguments)
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._listen)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout
        doing: threading.Thread | None = None
        for line in self.process.stdout:
            self._lines.append(line)
            event = json.loads(line)
            if self.happened is None and self._at(event):
                self.happened = time.monotonic()
                doing = threading.Thread(target=self._do)
                doing.start()
            elif self.happened and self.noticed is None and event.get("status") == "failed":
                self.noticed = time.monotonic() - self.happened
        if doing:
            doing.join()

    def _do(self) -> None:
        try:
            self._then()
        except BaseException as error:
            self._trouble = error

    def _listen(self) -> None:
        assert self.process.stderr
        self._errors.extend(self.process.stderr)

    @contextmanager
    def held(self) -> Iterator[None]:
        """It does nothing meanwhile: what happens now happens at this very moment."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def wait(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        return self.process.poll() is not None

    def outcome(self, timeout: float = 300) -> Outcome:
        """Its end. Raises what the mishap itself raised."""
        if not self.wait(timeout):
            self.process.kill()
            self._errors.append(f"\nkilled after {timeout} s")
        self.process.wait()
        for thread in self._threads:
            thread.join()
        if self._trouble:
            raise self._trouble
        seconds = time.monotonic() - self._begun
        return Outcome(self.process.returncode, "".join(self._lines), "".join(self._errors), seconds)
