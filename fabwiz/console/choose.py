"""Which face a run gets."""

from __future__ import annotations

import os
import sys
from typing import Protocol

from rich.console import Console

from fabwiz.console.plain import JsonLines, PlainLines
from fabwiz.deploy.events import Event


class Face(Protocol):
    """Something that shows events."""

    def __call__(self, event: Event) -> None:
        """Show one event."""

    def close(self) -> None:
        """Show no more."""


def choose(json: bool, logs: bool) -> Face:
    """JSON when asked for, moving progress at a terminal, plain lines elsewhere."""
    if json:
        return JsonLines()
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from fabwiz.console.live import LiveProgress

        return LiveProgress(Console(highlight=False), logs)
    return PlainLines(logs=logs)
