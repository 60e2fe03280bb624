"""Where what the lab builds is kept between runs: a folder outside the repository, its parts named by their inputs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def lab_folder() -> Path:
    """FABWIZ_LAB, or fabwiz-lab in the folder for temporary files. It must not lie on overlayfs."""
    return Path(os.environ.get("FABWIZ_LAB") or Path(tempfile.gettempdir()) / "fabwiz-lab")


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """A short name for inputs: texts, bytes, and the content of files."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:16]


def outdate(folder: Path, prefix: str, keep: Path) -> None:
    """Remove what earlier inputs made under the same prefix."""
    for old in folder.glob(f"{prefix}-*"):
        if old != keep and old.is_file():
            old.unlink()
