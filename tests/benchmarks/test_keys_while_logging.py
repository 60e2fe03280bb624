"""Keys while 5,000 log lines a second come in, with 500 hosts in the session. Prints; run with `-m benchmark -s`.

What is asserted is that all lines were taken and that keys are not held up out of proportion.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from screens.steps.run import RunStep
from screens.widgets.log_view import LogPanel, LogView
from screens.wizard import WizardScreen
from tests.benchmarks.test_log_speed import event
from tests.benchmarks.test_wizard_speed import Timed, opened, session_text

_LINES = 5000
"""A second."""
_BATCH = 50
_LETTERS = "abcdefghijklmnopqrstuvwxyz" * 2
_PATIENCE = 30.0


class Stream:
    """Hands lines to the log of a step, evenly, from a thread as the engine does."""

    def __init__(self, step: RunStep) -> None:
        self.sent = 0
        self._step = step
        self._end = threading.Event()
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            due = (time.monotonic() - self._begun) * _LINES
            while self.sent < due:
                for _ in range(_BATCH):
                    self._step._take(event(self.sent))
                    self.sent += 1
            self._end.wait(_BATCH / _LINES)

    def stop(self) -> float:
        """End, and tell how many lines a second it has handed over."""
        self._end.set()
        self._thread.join()
        return self.sent / (time.monotonic() - self._begun)


async def typed(app: Timed, field: Input) -> list[float]:
    """Milliseconds from each letter to the first paint after it stands in the field."""
    taken = []
    for letter in _LETTERS:
        before, text = time.perf_counter(), field.value
        app.post_message(events.Key(letter, letter))
        while field.value == text:
            assert time.perf_counter() < before + _PATIENCE, f"{letter} does not reach the field"
            await asyncio.sleep(0.0005)
        there = time.perf_counter()
        while app.painted < there:
            assert time.perf_counter() < there + _PATIENCE, f"{letter} is not painted"
            await asyncio.sleep(0.0005)
        taken.append((app.painted - before) * 1000)
        await asyncio.sleep(0.03)
    return taken


async def name_field(wizard: WizardScreen, pilot: Pilot[int]) -> Input:
    """Somebody types a name while the run goes on unseen."""
    await wizard.go_to("network")
    await pilot.pause(0.1)
    return wizard.query_one("#network").query(Input).first()


async def log_search(wizard: WizardScreen, pilot: Pilot[int]) -> Input:
    """Somebody searches in the log that runs past."""
    await wizard.go_to("run")
    wizard.query_one(LogPanel).display = True
    wizard.query_one(LogView).focus()
    await pilot.press("slash")
    await pilot.pause(0.1)
    return wizard.query_one(".log-search", Input)


Place = Callable[[WizardScreen, Pilot[int]], Awaitable[Input]]


def measured(path: Path, place: Place, is_streaming: bool) -> tuple[list[float], float]:
    """Milliseconds of each key, and the lines a second that came in meanwhile."""

    async def run() -> tuple[list[float], float]:
        app = Timed(path)
        async with app.run_test(size=(120, 40)) as pilot:
            wizard = await opened(app, pilot)
            await wizard.go_to("run")
            step = wizard.query_one(RunStep)
            (await place(wizard, pilot)).focus()
            await pilot.pause(0.2)
            stream = Stream(step) if is_streaming else None
            times = await typed(app, await place(wizard, pilot))
            rate = stream.stop() if stream else 0.0
            while step._log.waiting:
                await asyncio.sleep(0.02)
            assert step._log.end == (stream.sent if stream else 0)
            return times, rate

    return asyncio.run(run())


@pytest.mark.benchmark
@pytest.mark.timeout(300)
def test_keys_while_the_log_runs_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with capsys.disabled():
        print(f"\n{'500 hosts, ms from a key to its paint':<40}{'lines/s':>8}{'median':>8}{'p95':>8} (wanted: 50)")
    medians: dict[str, list[float]] = {}
    for name, place in (("name field, run unseen", name_field), ("search in the log", log_search)):
        for is_streaming in (False, True):
            path = tmp_path / f"{name[:4]}{is_streaming}.yaml"  # one of its own: a session opens where it was left
            path.write_text(session_text(500), encoding="utf-8")
            times, rate = measured(path, place, is_streaming)
            medians.setdefault(name, []).append(statistics.median(times))
            with capsys.disabled():
                p95 = statistics.quantiles(times, n=20)[-1]
                print(f"{name:<40}{rate:>8,.0f}{statistics.median(times):>8.1f}{p95:>8.1f}")
    assert all(streaming < 25 * quiet for quiet, streaming in medians.values())
