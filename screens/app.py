"""The terminal program: themes, styles, and which screen comes first."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from textual.app import App, SystemCommand
from textual.screen import Screen

from fabwiz.editing.recents import remember
from screens.start import StartScreen


def styles() -> str:
    """All of `assets/styles`, the frame's first."""
    files = [file for file in resources.files("assets.styles").iterdir() if file.name.endswith(".tcss")]
    files.sort(key=lambda file: (file.name != "frame.tcss", file.name))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


class WizardApp(App[int]):
    """`session_file`: opened at once, or begun where it does not exist yet."""

    TITLE = "fabwiz"
    CSS = styles()
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, session_file: Path | None = None) -> None:
        super().__init__()
        self._session_file = session_file
        # where colours are unwanted, a theme of RGB colours would still paint greys
        self.theme = "ansi-dark" if os.environ.get("NO_COLOR") else "textual-dark"

    def on_mount(self) -> None:
        """To the session, or to the choice of one."""
        start = StartScreen(self._session_file)
        self.push_screen(start)
        if self._session_file and self._session_file.exists():
            self.call_after_refresh(self.open, self._session_file)

    def open(self, path: Path) -> None:
        """Edit a session file; what cannot be read is told on the start screen."""
        # loaded here: the first screen is there before the engine is
        from fabwiz.editing.draft import Draft, open_draft
        from screens.wizard import WizardScreen

        opened = open_draft(path)
        if not isinstance(opened, Draft):
            told = "\n".join(f"{path}:{f.line or 1}: {f.message}" for f in opened[:3])
            self.notify(
                f"{told}\nMend the file in an editor, then open it again.", severity="error", timeout=20, markup=False
            )
            return
        with contextlib.suppress(OSError):  # the list of recent ones is a convenience
            remember(path)
        self.push_screen(WizardScreen(opened))

    async def action_quit(self) -> None:
        """Textual's own key comes before those of screens: what is open has its say first."""
        for screen in reversed(self.screen_stack):
            if leave := getattr(screen, "action_leave", None):
                await leave()
                return
        self.exit(0)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything by name: the steps, and what the keys do."""
        yield from super().get_system_commands(screen)
        if commands := getattr(screen, "commands", None):
            yield from commands()
