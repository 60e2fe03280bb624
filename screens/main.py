"""`fabwiz`: a command goes to the command line; without one the wizard opens, with a session file if one is named."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from fabwiz import cli
from fabwiz.exitcodes import ExitCode


def main(argv: Sequence[str] | None = None) -> int:
    """Run, and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and (words[0].startswith("-") or not _is_session(words[0]) or len(words) > 1):
        return cli.main(argv)
    if reason := _no_terminal():
        print(f"fabwiz: {reason}; without a screen, see `fabwiz --help`: check, plan, replay", file=sys.stderr)
        return int(ExitCode.INVALID)
    from screens.app import WizardApp

    app = WizardApp(Path(words[0]) if words else None)
    ended = app.run()
    code = ExitCode(app.return_code or 0) if ended is None else ExitCode(ended)
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        cli.leave(code)  # threads of a cancelled run wait for hosts that hang
    return int(code)


def _is_session(word: str) -> bool:
    return word not in cli.COMMANDS and (word.endswith((".yaml", ".yml")) or Path(word).is_file())


def _no_terminal() -> str | None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "the wizard needs a terminal"
    if os.environ.get("TERM", "") in ("", "dumb"):
        return "this terminal cannot show the wizard (TERM is dumb)"
    return None
