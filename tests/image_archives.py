"""Small image archives in the formats that exist, for tests; what is in them is made up and has real checksums."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tar_of(files: Iterable[tuple[str, bytes | str]]) -> bytes:
    """A tar file; a text is the target of a symbolic link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@dataclass(frozen=True)
class FakeImage:
    """An image as it is before anything packs it."""

    name: str
    layers: tuple[bytes, ...]
    architecture: str = "amd64"
    created: str = "2021-03-09T10:20:30.123456789Z"

    @property
    def diff_ids(self) -> list[str]:
        return [f"sha256:{sha(layer)}" for layer in self.layers]

    @property
    def config(self) -> bytes:
        settings: dict[str, Any] = {
            "architecture": self.architecture,
            "os": "linux",
            "created": self.created,
            "config": {"Labels": {"of": self.name}},
            "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
        }
        return json.dumps(settings).encode()

    @property
    def id(self) -> str:
        return f"sha256:{sha(self.config)}"


def fake_image(name: str, *, layers: int = 2, size: int = 20_000, base: bytes | None = None, **more: Any) -> FakeImage:
    """An image whose layers do not compress to nothing; `base` is a lowest layer that others may have, too."""
    chance = random.Random(name)
    made = [tar_of([(f"file-{n}", chance.randbytes(size // 2) + b"x" * (size // 2))]) for n in range(layers)]
    return FakeImage(name, (base, *made) if base else tuple(made), **more)


def docker_files(images: Sequence[FakeImage]) -> list[tuple[str, bytes | str]]:
    """As Docker before 25 saves: layers that were saved already are links."""
    files: list[tuple[str, bytes | str]] = []
    entries = []
    first: dict[str, str] = {}
    for image in images:
        paths = []
        for number, layer in enumerate(image.layers):
            folder = sha(f"{image.name} {number}".encode())
            path = f"{folder}/layer.tar"
            files += [(f"{folder}/VERSION", b"1.0"), (f"{folder}/json", b'{"id": "' + folder.encode() + b'"}')]
            files.append((path, f"../{first[sha(layer)]}" if sha(layer) in first else layer))
            first.setdefault(sha(layer), path)
            paths.append(path)
        config = f"{sha(image.config)}.json"
        files.append((config, image.config))
        entries.append({"Config": config, "RepoTags": [image.name], "Layers": paths})
    return [*files, ("manifest.json", json.dumps(entries).encode())]


def oci_files(
    images: Sequence[FakeImage], *, with_docker: bool = True, nested: bool = False, zipped: bool = True
) -> list[tuple[str, bytes | str]]:
    """As Docker 25 and later saves; with the containerd image store there may be an index below the index."""
    blobs: dict[str, bytes] = {}

    def put(data: bytes) -> dict[str, Any]:
        blobs[f"blobs/sha256/{sha(data)}"] = data
        return {"digest": f"sha256:{sha(data)}", "size": len(data)}

    listed, entries = [], []
    for image in images:
        layers = [gzip.compress(layer, mtime=0) if zipped else layer for layer in image.layers]
        kind = "application/vnd.oci.image."
        packed = [put(layer) | {"mediaType": kind + "layer.v1.tar+gzip"} for layer in layers]
        body = {"schemaVersion": 2, "config": put(image.config), "layers": packed}
        note = {"io.containerd.image.name": f"docker.io/{image.name}"}
        entry = put(json.dumps(body).encode()) | {"mediaType": kind + "manifest.v1+json"}
        if nested:
            other = {"digest": f"sha256:{'0' * 64}", "platform": {"architecture": "s390x", "os": "linux"}}
            index = {"manifests": [other, entry | {"platform": {"architecture": "amd64", "os": "linux"}}]}
            entry = put(json.dumps(index).encode()) | {"mediaType": kind + "index.v1+json"}
        listed.append(entry | {"annotations": note})
        paths = [f"blobs/sha256/{sha(layer)}" for layer in layers]
        entries.append({"Config": f"blobs/sha256/{sha(image.config)}", "RepoTags": [image.name], "Layers": paths})
    files: list[tuple[str, bytes | str]] = [*sorted(blobs.items())]
    files += [("index.json", json.dumps({"manifests": listed}).encode()), ("oci-layout", b"{}")]
    return [*files, ("manifest.json", json.dumps(entries).encode())] if with_docker else files


def save(path: Path, *images: FakeImage) -> Path:
    """`docker save -o PATH IMAGE...`; gzipped where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = tar_of(docker_files(images))
    path.write_bytes(data if path.suffix == ".tar" else gzip.compress(data))
    return path
