"""Images without an engine: layers as tar files, and the archive of them that `docker load` takes.

Format: the Docker image specification 1.2 (moby/moby, image/spec), as `docker save` writes it.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CREATED = "2020-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Layer:
    """An uncompressed tar file and its diff id."""

    tar: Path

    @property
    def diff_id(self) -> str:
        """`sha256:...`, kept beside the file: layers are large, and the same for many images."""
        noted = self.tar.with_suffix(".sha256")
        if not noted.exists() or noted.stat().st_mtime < self.tar.stat().st_mtime:
            with self.tar.open("rb") as file:
                noted.write_text(hashlib.file_digest(file, "sha256").hexdigest())
        return f"sha256:{noted.read_text()}"


@dataclass(frozen=True, slots=True)
class Image:
    """What an archive is made of. `config` is the image's `config` object: Env, Entrypoint, Cmd, Labels..."""

    name: str
    layers: tuple[Layer, ...]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> bytes:
        """The configuration, whose SHA-256 is the image's id."""
        return json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": _CREATED,
                "config": dict(self.config),
                "history": [{"created": _CREATED} for _ in self.layers],
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            }
        ).encode()

    @property
    def id(self) -> str:
        """`sha256:...`"""
        return "sha256:" + hashlib.sha256(self.document).hexdigest()


def write_layer(tar: Path, files: Iterable[tuple[str, bytes, int]]) -> Layer:
    """A layer of files (path, content, mode), the same bytes for the same files."""
    partial = tar.with_suffix(".new")
    with tarfile.open(partial, "w") as out:
        folders: set[str] = set()
        for path, data, mode in sorted(files):
            for parent in [str(p) for p in reversed(Path(path).parents)][1:]:
                if parent not in folders:
                    folders.add(parent)
                    entry = tarfile.TarInfo(parent)
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    out.addfile(entry)
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), mode
            out.addfile(entry, io.BytesIO(data))
    partial.replace(tar)
    return Layer(tar)


def write_archive(out: Path, image: Image) -> Path:
    """Write what `docker load` takes."""
    config = f"{image.id.removeprefix('sha256:')}.json"
    layers = [f"{number}/layer.tar" for number, _ in enumerate(image.layers)]
    manifest = json.dumps([{"Config": config, "RepoTags": [image.name], "Layers": layers}]).encode()
    partial = out.with_suffix(".new")
    with tarfile.open(partial, "w") as tar:
        for name, data in ((config, image.document), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for name, layer in zip(layers, image.layers, strict=True):
            with layer.tar.open("rb") as file:
                entry = tarfile.TarInfo(name)
                entry.size = layer.tar.stat().st_size
                tar.addfile(entry, file)
    partial.replace(out)
    return out


def names_in(archive: Path) -> list[str]:
    """The names that `docker load` would give to the images of an archive."""
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest, f"{archive} has no manifest.json: `docker save` makes such archives"
        return [name for entry in json.load(manifest) for name in entry["RepoTags"] or ()]
