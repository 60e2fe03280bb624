"""The few signs that are no letters, with plain ones for terminals that have no others."""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """One sign each."""

    done: str
    open: str
    error: str
    warning: str
    here: str
    key: str
    dot: str
    folded: str
    unfolded: str
    cut: str


UNICODE = Marks(
    done="✓", open="·", error="✗", warning="!", here="▶", key="◆", dot="·", cut="…", folded="▶", unfolded="▼"
)
ASCII = Marks(done="+", open=".", error="x", warning="!", here=">", key="*", dot="-", cut="~", folded=">", unfolded="v")


def are_plain() -> bool:
    """Whether there is only ASCII: `FABWIZ_ASCII` is set, or the locale knows no others."""
    return bool(os.environ.get("FABWIZ_ASCII")) or "utf" not in locale.getpreferredencoding(False).lower()


def marks() -> Marks:
    """Those of the terminal."""
    return ASCII if are_plain() else UNICODE


def cut(text: str, width: int) -> str:
    """At most `width` letters: a longer text keeps its first part, and is seen to be cut off."""
    return text if len(text) <= width else text[: max(0, width - 1)] + marks().cut
