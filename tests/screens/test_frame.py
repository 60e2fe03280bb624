"""The wizard's frame: starting, moving, findings, undo, saving, going on after a kill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import DescendantFocus
from textual.widgets import Input, Markdown

from fabwiz.editing.bookmark import Bookmark, read_bookmark, write_bookmark
from fabwiz.editing.recents import recents, remember
from fabwiz.session.findings import Edit
from fabwiz.session.model import Session
from screens.main import main
from screens.steps.catalogue import STEPS
from screens.widgets.field import field_id
from screens.widgets.key_bar import KeyBar, keys
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


def test_a_new_session_begins_from_the_start_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ours.yaml"

    async def script(driven: Driven) -> None:
        await driven.press("n")
        await driven.press("ctrl+a", "ctrl+k")
        await driven.type("ours")
        await driven.press("enter")
        await driven.until(lambda: path.exists())
        await driven.until(lambda: "Name" in driven.text())

    drive(path, script, begin=False)
    assert "name: ours" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert recents() == [path]


def test_a_file_that_does_not_exist_yet_is_begun(tmp_path: Path) -> None:
    path = tmp_path / "fresh.yaml"

    async def script(driven: Driven) -> None:
        await driven.until(lambda: "Fabric release" in driven.text())

    drive(path, script)
    assert "name: fresh" in path.read_text()


def test_an_example_is_copied_never_overwriting(tmp_path: Path, example: Example) -> None:
    path = example("four-lan-hosts")
    path.write_text("# mine\n" + path.read_text())

    async def script(driven: Driven) -> None:
        await driven.press("down", "down", "enter")
        await driven.press("ctrl+a", "ctrl+k")
        await driven.type(str(path))
        await driven.press("enter")
        await driven.until(lambda: any("exists already" in str(n.message) for n in driven.app._notifications))

    drive(path, script, begin=False)
    assert path.read_text().startswith("# mine\n")


def test_what_is_typed_is_saved_and_can_be_taken_back(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        await driven.press("end")
        await driven.type("x")
        await driven.settle()
        assert driven.saved().name == "lan4x"
        await driven.press("f7")
        await driven.settle()
        assert driven.saved().name == "lan4"
        focused = driven.app.focused
        assert isinstance(focused, Input)
        assert focused.value == "lan4"
        await driven.press("f8")
        await driven.settle()
        assert driven.saved().name == "lan4x"

    drive(path, script)


def test_findings_follow_and_a_key_mends_them(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await driven.press("end")
        await driven.type("X")
        await driven.until(lambda: "1 error" in driven.text())
        await driven.press("f6")
        await driven.settle()
        assert "error" not in driven.text()

    drive(path, script)


def test_every_part_of_a_session_belongs_to_one_step() -> None:
    claims = [claim for step in STEPS for claim in step.CLAIMS]
    assert sorted(claims) == sorted(Session.model_fields)


@pytest.mark.parametrize("setting", ["user", "agent", "connect_timeout"])
def test_a_finding_about_logging_in_leads_to_where_that_is_edited(example: Example, setting: str) -> None:
    path = example("four-lan-hosts")
    path.write_text(path.read_text().replace("user: root", f"{setting}: [wrong]"))

    async def script(driven: Driven) -> None:
        await driven.until(lambda: "1 error" in driven.text())
        await driven.press("f2", "enter")
        await driven.until(lambda: driven.wizard.current.KEY == "hosts")
        focused = driven.app.focused
        assert focused
        assert field_id(("ssh", setting)) in [one.id for one in focused.ancestors_with_self]

    drive(path, script)


def test_the_hint_is_that_of_the_focus_though_news_of_an_earlier_one_come_late(example: Example) -> None:
    async def script(driven: Driven) -> None:
        await driven.wizard.go_to("roles")
        await driven.until(lambda: "place a node on the row's host" in driven.text())
        matrix = driven.app.focused
        assert matrix
        await driven.press("f4")
        await driven.until(lambda: "a adds, r renames, d removes" in driven.text())
        driven.wizard.post_message(DescendantFocus(matrix))
        await driven.rest()
        assert "a adds, r renames, d removes" in driven.text()

    drive(example("four-lan-hosts"), script)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (50, 20)])
def test_keys_that_find_no_room_are_counted_and_in_the_help(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        hidden_somewhere = False
        for step in STEPS:
            await driven.wizard.go_to(step.KEY)
            await driven.rest()
            shown = [(key, binding.description) for key, binding, _ in keys(driven.wizard) if binding.show]
            bar = " ".join(str(driven.wizard.query_one(KeyBar).content).split())
            hidden = [one for one in shown if " ".join(one) not in bar]
            hidden_somewhere |= bool(hidden)
            assert ("F1", "Help") not in hidden
            assert bar.endswith(f"F1 Help and {len(hidden)} more") if hidden else "more" not in bar
            await driven.press("f1")
            text = driven.app.screen.query_one(Markdown).source
            assert not [key for key, _ in hidden if f"`{key}`" not in text and key not in EVERYWHERE]
            await driven.press("escape")
        assert hidden_somewhere == (size[0] < 120)

    drive(example("four-lan-hosts"), script, size)


EVERYWHERE = {"F1", "F2", "F3", "F4", "F5", "F7", "^q"}
"""The help tells of these in a table of its own."""


def test_a_rule_that_may_be_waived_is_accepted_with_a_reason(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        driven.wizard.change("one broker less", [Edit(("kafka", "kafka4"))])
        await driven.until(lambda: "1 error" in driven.text())
        await driven.press("f2", "a")
        await driven.type("lab only")
        await driven.press("enter")
        await driven.until(lambda: "error" not in driven.text() and driven.wizard.draft.is_saved)
        assert driven.saved().accept == {"kafka-count": "lab only"}

    drive(path, script)


def test_what_somebody_else_wrote_is_asked_about(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        path.write_text(path.read_text().replace("name: lan4", "name: theirs"))
        await driven.press("end")
        await driven.type("x")
        await driven.until(lambda: "The file was changed" in driven.text())
        assert "theirs" in path.read_text()
        await driven.press("enter")
        await driven.until(lambda: driven.wizard.draft.is_saved)
        assert driven.saved().name == "theirs"
        await driven.press("f7")
        await driven.settle()
        assert driven.saved().name == "lan4x"

    drive(path, script)


def test_the_next_start_goes_on_at_the_same_field(example: Example) -> None:
    path = example("four-lan-hosts")

    async def leave(driven: Driven) -> None:
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        await driven.press("tab", "tab")
        await driven.until(lambda: read_bookmark(path) == Bookmark("network", "f-domain"))

    drive(path, leave)  # nobody says goodbye

    async def again(driven: Driven) -> None:
        await driven.until(lambda: driven.app.focused is not None)
        focused = driven.app.focused
        assert focused
        assert any(one.id == "f-domain" for one in focused.ancestors)

    drive(path, again)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step": 1}', "null", "[" * 5000])
def test_a_damaged_bookmark_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    write_bookmark(path, Bookmark("hosts"))
    assert read_bookmark(path) == Bookmark("hosts")
    (tmp_path / "s.fabwiz/wizard.json").write_text(text)
    assert read_bookmark(path) is None


def test_recents_are_the_latest_first_and_survive_damage(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yaml" for name in "abc"]
    for file in files:
        file.touch()
        remember(file)
    remember(files[0])
    assert recents() == [files[0], files[2], files[1]]
    files[2].unlink()
    assert recents() == [files[0], files[1]]
    next((tmp_path / "state").rglob("recent.json")).write_text("[[[")
    assert recents() == []


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (20, 5), (1, 1), (300, 80)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await driven.pilot.resize_terminal(20, 5)
        await driven.pilot.resize_terminal(*size)
        await driven.press("f2", "f1", "escape", "f4", "f3", "f9", "f5")

    drive(example("four-lan-hosts"), script, size)


def test_without_a_terminal_it_points_to_the_commands(capsys: pytest.CaptureFixture[str], example: Example) -> None:
    assert main([str(example("four-lan-hosts"))]) == 2
    assert "check, plan, replay" in capsys.readouterr().err


def test_commands_go_to_the_command_line(capsys: pytest.CaptureFixture[str], example: Example) -> None:
    assert main(["check", str(example("four-lan-hosts"))]) == 0
    assert main(["chekc"]) == 2
    assert "did you mean check" in capsys.readouterr().err


def test_what_should_not_happen_ends_in_a_sentence_and_a_report(
    example: Example, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def script(driven: Driven) -> None:
        driven.app.call_later(lambda: 1 // 0)
        await driven.pilot.pause()

    path = example("four-lan-hosts")
    with pytest.raises(ZeroDivisionError):  # the test's driver tells it on
        drive(path, script)
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert "Traceback" not in told
    report = next((tmp_path / "state").rglob("wizard-error.log"))
    assert "1 // 0" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_recent_sessions_come_first_with_how_far_they_have_come(example: Example) -> None:
    path = example("four-lan-hosts")
    remember(path)

    async def script(driven: Driven) -> None:
        await driven.until(lambda: "not run yet" in driven.text())
        await driven.press("enter")
        await driven.until(lambda: "Fabric release" in driven.text())

    drive(path, script, (120, 40), begin=False)
