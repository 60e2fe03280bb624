"""How long 500 pasted hosts take, and drawing them. Prints; run with `-m benchmark -s`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Paste

from screens.steps.hosts import Hosts
from screens.steps.hosts.table import HostsTable
from screens.widgets.grid import Grid
from screens.widgets.paste import PastePreview
from tests.screens.conftest import Driven, drive

ROWS = 500
TABLE = "name,address,user,port\n" + "".join(f"host{n},198.51.{n // 250}.{n % 250 + 1},ops,22\n" for n in range(ROWS))


async def reached(driven: Driven, condition: Callable[[], bool]) -> None:
    """Wait without a pause that would count."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        await driven.pilot.pause(0)


@pytest.mark.benchmark
def test_500_rows_are_pasted_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times: dict[str, float] = {}
    work: dict[str, float] = {}

    async def script(driven: Driven) -> None:
        await driven.wizard.go_to("hosts")
        await driven.pilot.pause(0.2)
        table = driven.wizard.query_one(HostsTable)

        begun, worked = time.perf_counter(), time.process_time()
        driven.app.post_message(Paste(TABLE))
        await reached(
            driven,
            lambda: (
                isinstance(driven.app.screen, PastePreview)
                and len(driven.app.screen.query(Grid)) == 1
                and len(driven.app.screen.query_one(Grid).rows) == ROWS
            ),
        )
        times["paste to preview"] = time.perf_counter() - begun
        work["paste to preview"] = time.process_time() - worked
        await driven.pilot.pause(0.2)

        begun, worked = time.perf_counter(), time.process_time()
        driven.app.screen.action_add()  # type: ignore[attr-defined]
        await reached(driven, lambda: len(table.query_one(Grid).rows) == ROWS and driven.app.screen is driven.wizard)
        times["adding to table"] = time.perf_counter() - begun
        work["adding to table"] = time.process_time() - worked
        await driven.settle()

        step = driven.wizard.query_one(Hosts)
        for name in ("show", "judge"):
            best = 1.0
            for _ in range(5):
                begun = time.perf_counter()
                step.show() if name == "show" else step.judge(driven.wizard.draft.settled)
                best = min(best, time.perf_counter() - begun)
            times[f"{name} with {ROWS} hosts"] = best

    drive(tmp_path / "large.yaml", script, (120, 40))
    with capsys.disabled():
        print(
            f"\n{ROWS} rows: "
            + ", ".join(
                f"{what} {seconds * 1000:.0f} ms" + (f" ({work[what] * 1000:.0f} ms of work)" if what in work else "")
                for what, seconds in times.items()
            )
        )
    assert set(times) == {"paste to preview", "adding to table", f"show with {ROWS} hosts", f"judge with {ROWS} hosts"}
