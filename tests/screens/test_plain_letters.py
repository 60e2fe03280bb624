"""ASCII alone, where `FABWIZ_ASCII` is set: every step, what opens above it, and the cells that signs take."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from screens.plain_letters import PlainLetters, table
from screens.steps.catalogue import STEPS
from tests.screens.conftest import EXAMPLES, Driven, drive


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABWIZ_ASCII", "1")


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "lan4.yaml"
    path.write_text((EXAMPLES / "four-lan-hosts.yaml").read_text())
    return path


@pytest.mark.parametrize("key", [step.KEY for step in STEPS])
def test_a_step_is_shown_with_ascii_alone(session: Path, key: str) -> None:
    async def script(driven: Driven) -> None:
        await driven.until(lambda: driven.app.focused is not None)
        await driven.wizard.go_to(key)
        await driven.settle()
        assert driven.text().isascii()
        if key == "review":
            await driven.press("2")
            await driven.until(lambda: "private" in driven.text())
            assert driven.text().isascii()

    drive(session, script)


@pytest.mark.parametrize("keys", [["f1"], ["ctrl+p"], ["f2"], ["f4", "f4", "s"]], ids="-".join)
def test_what_opens_above_is_shown_so_too(session: Path, keys: list[str]) -> None:
    async def script(driven: Driven) -> None:
        await driven.until(lambda: driven.app.focused is not None)
        await driven.wizard.go_to("network")
        before = driven.text()
        await driven.press(*keys)
        await driven.until(lambda: driven.text() != before)
        assert driven.text().isascii()

    drive(session, script)


def test_the_start_screen_is_shown_so_too(session: Path) -> None:
    async def script(driven: Driven) -> None:
        await driven.until(lambda: "New session" in driven.text())
        assert driven.text().isascii()

    drive(session, script, begin=False)


def test_a_sign_takes_as_many_cells_as_before() -> None:
    for code, plain in table().items():
        assert plain.isascii()
        assert cell_len(plain) == cell_len(chr(code)), chr(code)


def test_letters_that_somebody_typed_stay() -> None:
    segments = PlainLetters().apply([Segment("│ Zürich…"), Segment("plain")], Color(0, 0, 0))
    assert [segment.text for segment in segments] == ["| Zürich~", "plain"]
