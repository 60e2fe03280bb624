"""The terminal program: themes, styles, and which screen comes first."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from platformdirs import user_state_path
from rich.text import Text
from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen

from fabwiz.editing.recents import remember
from fabwiz.session.files import make_private_dir, write_atomic
from screens.marks import are_plain
from screens.plain_letters import PlainLetters
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
        # Textual chooses how to leave colours out here: of a theme's own colours it would make greys, or black on black
        super().__init__(ansi_color="NO_COLOR" in os.environ)
        self._session_file = session_file
        self._plain = [PlainLetters()] if are_plain() else []
        self.theme = "ansi-dark" if self.no_color else "textual-dark"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, and one that leaves ASCII where there is nothing else."""
        return [*super().get_line_filters(), *self._plain]

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

    def _fatal_error(self) -> None:
        """End with a sentence, and keep the traceback for whoever mends it. Textual would print it, values and all."""
        report = user_state_path("fabwiz") / "wizard-error.log"
        with contextlib.suppress(OSError):
            make_private_dir(report.parent)
            write_atomic(report, "".join(traceback.format_exception(self._exception)))
        told = (
            f"fabwiz: {type(self._exception).__name__} in the wizard, which should not happen; your session is saved.\n"
        )
        told += f"Start again to go on. If it comes again, report it with {report}"
        self._exit_renderables.append(Text(told))
        self._close_messages_no_wait()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything by name: the steps, and what the keys do."""
        yield from super().get_system_commands(screen)
        if commands := getattr(screen, "commands", None):
            yield from commands()
