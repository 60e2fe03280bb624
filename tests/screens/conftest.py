"""Driving the wizard by keys, without a terminal."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from fabwiz.session.load import load
from fabwiz.session.model import Session
from screens.app import WizardApp
from screens.wizard import WizardScreen

Dialog = type[Screen[Any]]
EXAMPLES = Path(__file__).parents[2] / "assets/sessions"


@dataclass
class Driven:
    """The wizard while a test drives it."""

    app: WizardApp
    pilot: Pilot[int]
    path: Path

    @property
    def wizard(self) -> WizardScreen:
        """The screen of the session that is open."""
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, WizardScreen))

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, each when what the one before it opened is there."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def rest(self) -> None:
        """Wait for what a key has opened: a dialog comes by way of a message, and its focus by another.

        Pilot alone waits until this process needs no CPU; on a busy machine that may be because it gets none.
        """
        await self._drained()
        await self.pilot.pause()
        await self._drained()

    async def _drained(self, turns: int = 5) -> None:
        """Until nobody has had a message left to read for some turns of the loop."""
        quiet = 0
        while quiet < turns:
            await asyncio.sleep(0)
            screens = self.app.screen_stack
            pumps = [self.app, *(widget for screen in screens for widget in screen.walk_children(with_self=True))]
            waiting = any(not pump._message_queue.empty() for pump in pumps)
            quiet = 0 if waiting or any(screen._callbacks for screen in screens) else quiet + 1

    async def type(self, text: str) -> None:
        """Type a text, as fast as somebody who does not wait for what each letter does."""
        names = {" ": "space", "-": "minus", ".": "full_stop", "_": "underscore", "/": "slash"}
        await self.pilot.press(*(names.get(letter, letter) for letter in text))
        await self.rest()

    async def tab_to(self, key: str) -> None:
        """Tab to a widget, or to the field of a setting, by its id."""
        for _ in range(20):
            focused = self.app.focused
            if focused and key in [one.id for one in focused.ancestors_with_self]:
                return
            await self.press("tab")
        pytest.fail(f"Tab does not lead to {key}")

    async def answer(self, text: str) -> None:
        """Type over what a question proposes, and take it."""
        await self.press("ctrl+u")
        await self.type(text)
        await self.press("enter")

    async def settle(self) -> None:
        """Wait until findings have followed and the file is written."""
        await self.until(lambda: self.wizard.draft.is_saved)
        await self.rest()

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for something that must come to be."""
        end = asyncio.get_running_loop().time() + seconds
        while not condition():
            assert asyncio.get_running_loop().time() < end, "it did not come to be"
            await self.pilot.pause(0.02)

    async def shown(self, kind: Dialog, seconds: float = 60) -> None:
        """Wait for a dialog of this kind: until it is there and drawn."""
        await self.until(lambda: isinstance(self.app.screen, kind), seconds)
        await self.rest()

    def text(self) -> str:
        """What the screen shows."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    def saved(self) -> Session:
        """What the file says."""
        session = load(self.path).session
        assert session
        return session


Script = Callable[[Driven], Awaitable[Any]]


def drive(path: Path, script: Script, size: tuple[int, int] = (80, 24), begin: bool = True) -> None:
    """Run the wizard on a session file at a size, and do what `script` says; `begin=False`: from the start screen."""

    async def run() -> None:
        app = WizardApp(path if begin else None)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            driven = Driven(app, pilot, path)
            if begin:
                await driven.until(lambda: bool(app._notifications) or _is_begun(app))
            await script(driven)
            for screen in app.screen_stack:
                if isinstance(screen, WizardScreen):
                    screen.draft.save(overwrite=True)

    asyncio.run(run())


def _is_begun(app: WizardApp) -> bool:
    """Whether the session is open, and somebody can work in its first step."""
    return any(isinstance(screen, WizardScreen) and screen.focused for screen in app.screen_stack)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recent sessions of whoever runs the tests are not touched."""
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "state"))


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    """Copies an example session, and gives its path."""

    def copy(name: str) -> Path:
        return Path(shutil.copy(EXAMPLES / f"{name}.yaml", tmp_path / f"{name}.yaml"))

    return copy
