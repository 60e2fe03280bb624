"""The Review step: readiness, what each host gets, the plan, the topology, a copy."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from fabwiz.deploy.session_run import Mode
from fabwiz.session.findings import Edit
from fabwiz.session.load import load
from screens.steps.review.trees import HostTree, PlanTree
from screens.steps.run import RunStep
from screens.widgets.dialogs import Ask
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
            await driven.answer(str(tmp_path / "copy.yaml"))
        await driven.until(lambda: any("exists already" in str(n.message) for n in driven.app._notifications))

    drive(path, script)
    assert load(tmp_path / "copy.yaml").session == load(path).session


def test_plan_picture_and_session_are_exported_to_files_of_ones_own(example: Example, tmp_path: Path) -> None:
    path = example("four-lan-hosts")
    files = {name: tmp_path / f"out.{name}" for name in ("md", "json", "svg", "yaml")}

    async def script(driven: Driven) -> None:
        await to_review(driven)
        for at, file in enumerate(files.values()):
            await driven.press("e", *["down"] * at, "enter")
            await driven.shown(Ask)
            await driven.answer(str(file))
            await driven.until(file.exists)

    drive(path, script)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files.values()} == {0o600}
    assert "## 12. check" in files["md"].read_text()
    assert [json.loads(line)["phase"] for line in files["json"].read_text().splitlines()][-1] == "check"
    assert files["svg"].read_text().startswith("<svg")
    assert files["yaml"].read_text() == path.read_text()


def test_while_there_are_errors_the_session_is_all_that_can_be_exported(example: Example) -> None:
    async def script(driven: Driven) -> None:
        driven.wizard.change("break", [Edit(("name",), "NOT A NAME")])
        await driven.wizard.go_to("review")
        await driven.until(lambda: "Not ready: 1 error to mend first" in driven.text())
        assert "at name, line" in " ".join(driven.text().split())
        await driven.press("e")
        assert "The session (YAML)" in driven.text()
        assert "The plan" not in driven.text()
        await driven.press("escape", "d")
        await driven.until(lambda: driven.wizard.current.KEY == "run")
        assert driven.wizard.query_one(RunStep).session_run is None

    drive(example("four-lan-hosts"), script)


def test_from_the_review_it_is_rehearsed_and_run_after_one_more_question(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Mode] = []
    monkeypatch.setattr(RunStep, "begin", lambda step, mode: begun.append(mode))

    async def script(driven: Driven) -> None:
        for keys in (["r", "tab", "tab", "enter"], ["r", "enter"], ["r", "tab", "enter"], ["d"]):
            await driven.wizard.go_to("review")
            await driven.press(*keys)

    drive(example("four-lan-hosts"), script)
    assert begun == [Mode.REHEARSAL, Mode.RUN, Mode.DRY_RUN]


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await driven.wizard.go_to("review")
        await driven.press("2", "enter", "3", "enter", "4", "down", "1", "e", "enter", "escape", "r", "escape")

    drive(example("thirteen-hosts"), script, size)
