"""Lines that the log on the screen takes in, and what it holds. Prints; run with `-m benchmark -s`."""

from __future__ import annotations

import asyncio
import gc
import resource
import time
import tracemalloc

import pytest
from textual.app import App, ComposeResult

from fabwiz.console.log_model import MOST_LINES, LogModel
from fabwiz.deploy.events import Event, Kind
from screens.app import styles
from screens.widgets.log_view import LogPanel, LogView

TEXT = (
    "2026-01-31 12:00:00.{:06} UTC [gossip/state] commitBlock -> {} {:04x} Channel [mychannel]: "
    "Created block [{}] with 1 transaction(s)"
)
LEVELS = ("INFO", "DEBU", "INFO", "WARN", "INFO")


def event(number: int) -> Event:
    """A line as a peer of Fabric writes it, about 130 characters."""
    text = TEXT.format(number % 1_000_000, LEVELS[number % 5], number % 65536, number)
    return Event("2026-01-31T12:00:00.000Z", Kind.LOG, host=f"h{number % 13}", node=f"node{number % 40}", message=text)


class LogApp(App[None]):
    CSS = styles()

    def __init__(self, model: LogModel) -> None:
        super().__init__()
        self.model = model

    def compose(self) -> ComposeResult:
        yield LogPanel(self.model)


async def _lines_a_second(count: int, wrap: bool) -> float:
    """CPU time of this process from the events to what the screen shows, flushed 20 times a second."""
    app = LogApp(LogModel())
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(LogView)
        view.focus()
        if wrap:
            await pilot.press("w")
        await pilot.pause()
        events = [event(number) for number in range(count)]
        begun = time.process_time()
        for start in range(0, count, 1000):
            for one in events[start : start + 1000]:
                app.model.add(one)
            await asyncio.sleep(0.05)
        while app.model.waiting:
            await asyncio.sleep(0.05)
        used = time.process_time() - begun
        assert app.model.end == count
        assert view.follow
        return count / used


@pytest.mark.benchmark
@pytest.mark.parametrize("wrap", [False, True])
def test_lines_for_a_second_of_cpu(wrap: bool, capsys: pytest.CaptureFixture[str]) -> None:
    best = max(asyncio.run(_lines_a_second(40_000, wrap)) for _ in range(2))
    with capsys.disabled():
        print(f"\nlog view{', wrapped' if wrap else ''}: {best:,.0f} lines per CPU second (wanted: 20,000)")


@pytest.mark.benchmark
def test_memory_of_a_full_log(capsys: pytest.CaptureFixture[str]) -> None:
    gc.collect()
    tracemalloc.start()
    model = LogModel()
    for number in range(MOST_LINES + 50_000):
        model.add(event(number))
        if number % 1000 == 999:
            model.take()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.end - model.first == MOST_LINES
    longest = LogModel()
    for number in range(20_000):
        longest.add(Event("2026-01-31T12:00:00.000Z", Kind.LOG, host="h", node="n", message=f"{number}" + "x" * 16_000))
        longest.take()
    kept = sum(len(line.text) for line in longest.lines(longest.first, longest.end))
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with capsys.disabled():
        print(
            f"\nlog model: {held / 2**20:.0f} MB at {MOST_LINES:,} lines (wanted: at most 200); of lines of 16,000 "
            f"characters it keeps {kept / 2**20:.0f} MB; the whole process had {whole:.0f} MB"
        )


@pytest.mark.benchmark
def test_filtering_and_searching_a_full_log(capsys: pytest.CaptureFixture[str]) -> None:
    from fabwiz.console.log_lines import Level
    from fabwiz.console.log_model import LogFilter

    model = LogModel()
    for number in range(MOST_LINES):
        model.add(event(number))
        model.take()
    begun = time.perf_counter()
    model.show_only(LogFilter(level=Level.WARNING))
    filtered = time.perf_counter() - begun
    model.show_only(LogFilter())
    begun = time.perf_counter()
    assert model.find("not there", 0) is None
    found = time.perf_counter() - begun
    with capsys.disabled():
        print(f"\nlog model at {MOST_LINES:,} lines: filter {filtered * 1000:.0f} ms, search {found * 1000:.0f} ms")
