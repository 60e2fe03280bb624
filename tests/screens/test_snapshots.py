"""What every step shows, as text, at two sizes and without colours; compared with what somebody has looked at.

`FABWIZ_SNAPSHOTS=write pytest tests/screens/test_snapshots.py` writes them anew: look at each one before committing it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from screens.steps.catalogue import STEPS
from tests.screens.conftest import EXAMPLES, Driven, drive

SNAPSHOTS = Path(__file__).with_name("snapshots")
KEYS = [step.KEY for step in STEPS]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """The four-host session under a name that is the same everywhere."""
    return Path(shutil.copy(EXAMPLES / "four-lan-hosts.yaml", tmp_path / "lan4.yaml"))


def compare(name: str, shown: str) -> None:
    """Hold the screen against the snapshot."""
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("FABWIZ_SNAPSHOTS") == "write":
        file.write_text(shown + "\n", encoding="utf-8")
    assert shown + "\n" == file.read_text(encoding="utf-8")


async def shows(driven: Driven, key: str) -> str:
    """The screen with a step, once all has followed."""
    await driven.until(lambda: driven.app.focused is not None)
    await driven.wizard.go_to(key)
    await driven.settle()
    await driven.pilot.pause(0.3)
    return driven.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("key", KEYS)
def test_every_step_shows_what_it_did(session: Path, key: str, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        compare(f"{key}-{size[0]}x{size[1]}", await shows(driven, key))

    drive(session, script, size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_the_start_screen_shows_what_it_did(session: Path, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await driven.until(lambda: "New session" in driven.text())
        compare(f"start-{size[0]}x{size[1]}", driven.text())

    drive(session, script, size, begin=False)


@pytest.mark.parametrize("key", KEYS)
def test_without_colours_everything_is_there(session: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driven: Driven) -> None:
        compare(f"{key}-80x24", await shows(driven, key))

    drive(session, script)


def test_without_colours_the_start_screen_is_there(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(driven: Driven) -> None:
        await driven.until(lambda: "New session" in driven.text())
        compare("start-80x24", driven.text())

    drive(session, script, begin=False)
