"""Where somebody was in the wizard, so that the next start goes on there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from fabwiz.session.files import make_private_dir, write_atomic
from fabwiz.session.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A step and the field in it, both by their ids on the screen."""

    step: str
    field: str | None = None


def read_bookmark(session_file: Path) -> Bookmark | None:
    """The last place; `None` where there is none, or none that can be read."""
    try:
        data = json.loads(_path(session_file).read_text(encoding="utf-8"))
        step, field = data["step"], data.get("field")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not isinstance(step, str) or not isinstance(field, str | None):
        return None
    return Bookmark(step, field)


def write_bookmark(session_file: Path, bookmark: Bookmark) -> None:
    """Keep the place in the workspace. Raises OSError."""
    path = _path(session_file)
    make_private_dir(path.parent)
    write_atomic(path, json.dumps(asdict(bookmark)) + "\n")


def _path(session_file: Path) -> Path:
    return Workspace(session_file).root / "wizard.json"
