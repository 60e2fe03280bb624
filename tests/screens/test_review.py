"""The Review step: readiness, what each host gets, the plan, the topology, a copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fabwiz.session.findings import Edit
from fabwiz.session.load import load
from screens.steps.review.trees import HostTree, PlanTree
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


async def to_review(driven: Driven) -> None:
    await driven.wizard.go_to("review")
    await driven.until(lambda: bool(driven.wizard.query_one(PlanTree).root.children), 60)
    await driven.pilot.pause()


def test_it_says_that_all_is_ready_and_what_each_host_would_take_along(example: Example) -> None:
    async def script(driven: Driven) -> None:
        await to_review(driven)
        assert "Ready to run" in driven.text()
        assert "c can fail" in driven.text()
        driven.wizard.change("crowd", [Edit(("zookeeper",), {"zk1": "a", "zk2": "c", "zk3": "c"})])
        await driven.until(lambda: "Without c the network loses 2 of 3 ZooKeeper" in driven.text())

    drive(example("four-lan-hosts"), script, (120, 40))


def test_errors_stand_in_the_way(example: Example) -> None:
    async def script(driven: Driven) -> None:
        driven.wizard.change("break", [Edit(("name",), "NOT A NAME")])
        await driven.wizard.go_to("review")
        await driven.until(lambda: "Not ready: 1 error to mend first" in driven.text())

    drive(example("four-lan-hosts"), script)


def test_the_tree_shows_every_file_of_a_host_and_marks_private_keys(example: Example) -> None:
    async def script(driven: Driven) -> None:
        await to_review(driven)
        await driven.press("2")
        await driven.until(lambda: driven.app.focused is driven.wizard.query_one(HostTree))
        assert "19 files" in driven.text()
        await driven.press("enter", "down", "down", "down", "down", "enter")
        await driven.until(lambda: "tls/" in driven.text())
        await driven.press("down", "down", "enter")
        await driven.until(lambda: "server.key" in driven.text())
        line = next(line for line in driven.text().splitlines() if "server.key" in line)
        assert "0600" in line
        assert "private key" in line
        assert "admin" not in driven.text().lower().replace("admincerts", "")

    drive(example("four-lan-hosts"), script, (120, 40))


def test_the_plan_opens_phase_by_phase(example: Example) -> None:
    async def script(driven: Driven) -> None:
        await to_review(driven)
        await driven.press("3")
        for _ in range(4):
            await driven.press("down")
        await driven.press("enter")
        await driven.until(lambda: "zk1" in driven.text())

    drive(example("four-lan-hosts"), script, (120, 40))


def test_a_copy_is_saved_and_nothing_overwritten(example: Example, tmp_path: Path) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_review(driven)
        for _ in range(2):
            await driven.press("s")
            await driven.press("ctrl+a", "ctrl+k")
            await driven.type(str(tmp_path / "copy.yaml"))
            await driven.press("enter")
        await driven.until(lambda: any("exists already" in str(n.message) for n in driven.app._notifications))

    drive(path, script)
    assert load(tmp_path / "copy.yaml").session == load(path).session


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await driven.wizard.go_to("review")
        await driven.press("2", "enter", "3", "enter", "4", "down", "1")

    drive(example("thirteen-hosts"), script, size)
