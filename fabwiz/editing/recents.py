"""Session files that were worked on, the latest first."""

from __future__ import annotations

import json
from pathlib import Path

from platformdirs import user_state_path

from fabwiz.session.files import make_private_dir, write_atomic

_MOST = 20


def _file() -> Path:
    return user_state_path("fabwiz") / "recent.json"


def recents() -> list[Path]:
    """Those that still exist. Never raises: a damaged list is an empty one."""
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
        paths = [Path(text) for text in data if isinstance(text, str) and "\0" not in text][:_MOST]
        return [path for path in paths if path.is_file()]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


def remember(path: Path) -> None:
    """Put a session file first. Raises OSError."""
    path = path.resolve()
    others = [one for one in recents() if one != path]
    make_private_dir(_file().parent)
    write_atomic(_file(), json.dumps([str(one) for one in [path, *others][:_MOST]], indent=1) + "\n")
