"""`docker load`: what an archive brings along, checked as the real engine checks it (moby, image/tarexport/load.go).

Layers that the host has already, above the same layers, are not looked for in the archive.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from fabwiz.remote.rehearsal.engine.errors import DockerError

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """An image of an archive."""

    id: str
    names: tuple[str, ...]
    layers: tuple[str, ...]
    created: str
    architecture: str


def load(path: Path, has_chain: Callable[[Collection[str]], bool]) -> Iterator[Loaded]:
    """Read and check an archive, image by image. `has_chain` tells whether an image here begins with some layers.

    Raises DockerError in the engine's words.
    """
    try:
        with tarfile.open(path) as archive:
            members = {posixpath.normpath(entry.name): entry for entry in archive}
            if "manifest.json" not in members:
                raise DockerError("open /var/lib/docker/tmp/docker-import-1/repositories: no such file or directory")
            for entry in json.loads(_read(archive, members, "manifest.json")):
                config = _read(archive, members, entry["Config"])
                settings = json.loads(config)
                layers = tuple(settings["rootfs"]["diff_ids"])
                if len(layers) != len(entry["Layers"]):
                    raise DockerError(
                        f"invalid manifest, layers length mismatch: expected {len(layers)}, got {len(entry['Layers'])}"
                    )
                for number, (name, expected) in enumerate(zip(entry["Layers"], layers, strict=True)):
                    if has_chain(layers[: number + 1]):
                        continue
                    found = _diff_id(archive, members, name)
                    if found != expected:
                        raise DockerError(f"invalid diffID for layer {number}: expected {expected!r}, got {found!r}")
                yield Loaded(
                    "sha256:" + hashlib.sha256(config).hexdigest(),
                    tuple(entry.get("RepoTags") or ()),
                    layers,
                    settings.get("created", ""),
                    settings.get("architecture", ""),
                )
    except (tarfile.TarError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise DockerError(f"Error processing tar file(exit status 1): {error}") from None
    except OSError as error:
        raise DockerError(f"open {path}: {(error.strerror or str(error)).lower()}") from None


def _find(members: dict[str, tarfile.TarInfo], name: str) -> tarfile.TarInfo:
    for _ in range(8):
        entry = members.get(posixpath.normpath(name))
        if entry is not None and entry.issym():
            name = posixpath.join(posixpath.dirname(entry.name), entry.linkname)
        elif entry is not None and entry.isreg():
            return entry
    raise DockerError(f"open /var/lib/docker/tmp/docker-import-1/{name}: no such file or directory")


def _read(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str) -> bytes:
    file = archive.extractfile(_find(members, name))
    assert file is not None  # it is a regular file
    return file.read()


def _diff_id(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str) -> str:
    file = archive.extractfile(_find(members, name))
    assert file is not None  # it is a regular file
    is_zipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    digest = hashlib.sha256()
    stream = gzip.GzipFile(fileobj=file) if is_zipped else file
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"
