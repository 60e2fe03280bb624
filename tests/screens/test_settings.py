"""The Settings step: look through, search, change, give defaults back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from fabwiz.session.findings import Edit
from screens.steps.settings import Settings, SettingsTable
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


async def to_settings(driven: Driven) -> None:
    await driven.wizard.go_to("settings")
    await driven.until(lambda: isinstance(driven.app.focused, SettingsTable))


def test_a_setting_is_found_by_a_word_and_changed(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_settings(driven)
        await driven.press("slash")
        await driven.type("batch timeout")
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.focused, SettingsTable))
        assert "a block is cut this long after its first transaction" in driven.text()
        assert "batch-positive" in driven.text()
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        await driven.type("500ms")
        await driven.press("enter")
        await driven.settle()
        assert driven.saved().ordering.batch_timeout == 0.5
        await driven.press("delete")
        await driven.settle()
        assert driven.saved().ordering.batch_timeout == 2.0

    drive(path, script)
    assert "batch_timeout" not in path.read_text()


def test_a_truth_value_is_chosen(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_settings(driven)
        await driven.press("slash")
        await driven.type("ordering.kafka.tls")
        await driven.press("enter", "enter")
        await driven.press("enter", "home", "down", "enter")
        await driven.settle()
        assert driven.saved().ordering.kafka.tls

    drive(path, script)


def test_a_wrong_value_is_told_at_its_field_and_its_row(example: Example) -> None:
    async def script(driven: Driven) -> None:
        await to_settings(driven)
        await driven.press("slash")
        await driven.type("max_files")
        await driven.press("enter", "enter")
        await driven.type("many")
        await driven.until(lambda: "a whole number" in driven.text() and "1 error" in driven.text())
        await driven.press("f7")
        await driven.until(lambda: "error" not in driven.text())

    drive(example("four-lan-hosts"), script)


def test_a_finding_leads_to_its_setting(example: Example) -> None:
    async def script(driven: Driven) -> None:
        driven.wizard.change("break", [Edit(("ordering",), {"kafka": {"log_retention_ms": 5}})])
        await driven.until(lambda: "1 error" in driven.text())
        await driven.press("f2", "enter")
        await driven.until(lambda: isinstance(driven.wizard.current, Settings))
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        focused = driven.app.focused
        assert isinstance(focused, Input)
        assert focused.value == "5"

    drive(example("four-lan-hosts"), script)


@pytest.mark.parametrize("size", [(120, 40), (20, 5)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await to_settings(driven)
        await driven.press("down", "down", "enter", "escape", "slash", "x")

    drive(example("four-lan-hosts"), script, size)
