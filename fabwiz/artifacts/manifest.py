"""`manifest.json`: what a host gets, file by file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fabwiz.artifacts import layout
from fabwiz.artifacts.errors import ArtifactError


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file. `path` is relative to the bundle, and to `remote_dir` on the host."""

    path: str
    mode: int
    sha256: str
    """In hexadecimal."""
    size: int
    """Bytes."""
    private: bool
    """Whether it holds a key or a password."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a host gets, in the order of the paths; `manifest.json` itself is not listed."""

    network: str
    host: str
    files: tuple[ManifestEntry, ...]
    revisions: dict[str, str]
    """By node: what its container's label `fabwiz.revision` must say (see `ComposeFile.revisions`)."""

    def to_json(self) -> str:
        """The same manifest gives the same bytes. Modes are octal text, as chmod takes them."""
        files = [{**asdict(entry), "mode": f"{entry.mode:04o}"} for entry in self.files]
        data = {"network": self.network, "host": self.host, "files": files, "revisions": self.revisions}
        return json.dumps(data, indent=2) + "\n"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a bundle; `None` if there is no bundle. Raises ArtifactError if it cannot be read."""
    path = folder / layout.MANIFEST
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(
            ManifestEntry(
                str(entry["path"]),
                int(entry["mode"], 8),
                str(entry["sha256"]),
                int(entry["size"]),
                bool(entry["private"]),
            )
            for entry in data["files"]
        )
        revisions = {str(node): str(revision) for node, revision in data["revisions"].items()}
        return Manifest(str(data["network"]), str(data["host"]), files, revisions)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArtifactError(f"{path} is damaged; remove {folder} and generate again") from error
