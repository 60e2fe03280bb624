"""What an image archive holds: the formats that `docker save` writes, and OCI image layouts.

Sources: moby's image/tarexport (manifest.json, since Docker 1.10; beside it an OCI layout since Docker 25), the OCI
image specification (image-layout.md, image-index.md, manifest.md). The id of an image is the SHA-256 of its
configuration; Docker with the containerd image store calls it by the digest of its manifest or index instead.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabwiz.images.references import normal
from fabwiz.images.tarball import ArchiveError, Contents, Member, contents

_DEEPEST = 4
_MOST_IMAGES = 1000
_MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image. `sha256` (hex) is what the member's bytes must have; None where nothing tells."""

    member: Member
    sha256: str | None
    diff_id: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of an image in an OCI layout: its digest in hex, its media type and its text."""

    sha256: str
    media_type: str
    text: bytes
    layers: tuple[str, ...]
    """Digests of its layers in hex."""


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """An image in an archive."""

    archive: Path
    stamp: tuple[int, int]
    """Size and time of the archive's file when it was read."""
    names: tuple[str, ...]
    """Normalized, with tags."""
    id: str
    """`sha256:...` of its configuration."""
    ids: frozenset[str]
    """Everything that Docker may call it by."""
    config: bytes
    layers: tuple[Layer, ...]
    """The lowest first; an archive that repeats one has it once."""
    created: str
    architecture: str
    """As Go writes it: `amd64`. Empty where it is not said."""
    manifest: Manifest | None

    @property
    def unpacked(self) -> int:
        """Bytes of all layers without compression; a guess where the archive does not tell."""
        return sum(layer.member.unpacked for layer in self.layers)


def read_archive(path: Path) -> tuple[ArchivedImage, ...]:
    """The images of an archive. Raises ArchiveError with what is wrong with it, OSError when it cannot be read."""
    stat = path.stat()
    found = contents(path)
    reader = _Reader(path, (stat.st_size, stat.st_mtime_ns), found)
    try:
        images = tuple(reader.images())
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ArchiveError(path, f"its manifests make no sense ({type(error).__name__}: {str(error)[:200]})") from None
    if not images:
        raise ArchiveError(path, "it holds no image: `docker save -o FILE IMAGE` writes what is wanted here")
    return images


class _Reader:
    def __init__(self, path: Path, stamp: tuple[int, int], found: Contents) -> None:
        self._path = path
        self._stamp = stamp
        self._found = found

    def images(self) -> Iterator[ArchivedImage]:
        """Those of manifest.json, else those of index.json; what both tell of an image is put together."""
        listed = list(self._listed()) if "index.json" in self._found.texts else []
        by_config = {config: (manifest, names, ids) for config, manifest, names, ids in listed}
        if "manifest.json" not in self._found.texts:
            for config, manifest, names, ids in listed:
                layers = [f"blobs/sha256/{layer}" for layer in manifest.layers]
                yield self._image(f"blobs/sha256/{config}", layers, names, manifest, ids)
            return
        entries = self._json("manifest.json")
        if len(entries) > _MOST_IMAGES:
            raise ArchiveError(self._path, f"it lists more than {_MOST_IMAGES} images")
        for entry in entries:
            path = str(entry["Config"])
            known = by_config.get(hashlib.sha256(self._text(path)).hexdigest())
            names = [str(name) for name in entry.get("RepoTags") or []]
            layers = [str(layer) for layer in entry["Layers"] or []]
            if known:
                yield self._image(path, layers, [*names, *known[1]], known[0], known[2])
            else:
                yield self._image(path, layers, names, None, set())

    def _image(
        self, config_path: str, layer_paths: list[str], names: list[str], manifest: Manifest | None, ids: set[str]
    ) -> ArchivedImage:
        config = self._text(config_path)
        digest = hashlib.sha256(config).hexdigest()
        stem = posixpath.basename(config_path).removesuffix(".json")
        if len(stem) == 64 and stem != digest:
            raise ArchiveError(self._path, f"it is damaged: {config_path[:200]} is not what its name says")
        settings = json.loads(config)
        diff_ids = [str(one) for one in settings["rootfs"].get("diff_ids") or []]
        if len(diff_ids) != len(layer_paths):
            raise ArchiveError(
                self._path, f"it is damaged: {len(layer_paths)} layers, and {len(diff_ids)} in {config_path[:200]}"
            )
        layers = tuple(self._layer(path, diff_id) for path, diff_id in zip(layer_paths, diff_ids, strict=True))
        if manifest and [layer.sha256 for layer in layers] != list(manifest.layers):
            manifest = None  # it tells of the same layers in another form, which is not here
        return ArchivedImage(
            archive=self._path,
            stamp=self._stamp,
            names=tuple(dict.fromkeys(normal(name) for name in names)),
            id=f"sha256:{digest}",
            ids=frozenset({f"sha256:{digest}", *ids}),
            config=config,
            layers=layers,
            created=str(settings.get("created") or ""),
            architecture=str(settings.get("architecture") or ""),
            manifest=manifest,
        )

    def _layer(self, path: str, diff_id: str) -> Layer:
        member = self._found.find(path)
        if member is None:
            raise ArchiveError(self._path, f"it is damaged, or not whole: the layer {path[:200]} is not in it")
        folder, _, name = posixpath.normpath(path).rpartition("/")
        if folder == "blobs/sha256":
            return Layer(member, name, diff_id)
        return Layer(member, None if member.compressed else diff_id.removeprefix("sha256:"), diff_id)

    def _listed(self) -> Iterator[tuple[str, Manifest, list[str], set[str]]]:
        """Digest of the configuration, manifest, names and ids of each image of index.json whose blobs are here."""
        count = 0
        queue: list[tuple[Any, list[str], set[str], int]] = [(self._json("index.json"), [], set(), 0)]
        while queue:
            index, names, ids, depth = queue.pop(0)
            entries = index["manifests"]
            for entry in sorted(entries, key=_foreign):
                count += 1
                if count > _MOST_IMAGES:
                    raise ArchiveError(self._path, f"it lists more than {_MOST_IMAGES} manifests")
                digest = str(entry["digest"]).removeprefix("sha256:")
                path = f"blobs/sha256/{digest}"
                if path not in self._found.texts or _is_attestation(entry):
                    continue  # of other platforms Docker saves the names alone
                text = self._text(path)
                if hashlib.sha256(text).hexdigest() != digest:
                    raise ArchiveError(self._path, f"it is damaged: {path} is not what its name says")
                known = {*ids, f"sha256:{digest}"}
                called = names or _names(entry)
                blob = json.loads(text)
                if "manifests" in blob and depth < _DEEPEST:
                    queue.append((blob, called, known, depth + 1))
                elif "config" in blob and "layers" in blob:
                    config = str(blob["config"]["digest"]).removeprefix("sha256:")
                    layers = tuple(str(layer["digest"]).removeprefix("sha256:") for layer in blob["layers"])
                    if self._whole(config, layers):
                        media_type = str(entry.get("mediaType") or blob.get("mediaType") or _MANIFEST_TYPES[0])
                        yield config, Manifest(digest, media_type, text, layers), called, known

    def _whole(self, config: str, layers: tuple[str, ...]) -> bool:
        """Whether all that a manifest names is here; manifests of things that are no images name no such texts."""
        paths = [f"blobs/sha256/{layer}" for layer in layers]
        text = self._found.texts.get(f"blobs/sha256/{config}", b"")
        return b"rootfs" in text and all(self._found.find(path) for path in paths)

    def _text(self, path: str) -> bytes:
        member = self._found.find(path)
        text = self._found.texts.get(member.name) if member else None
        if text is None:
            raise ArchiveError(self._path, f"it is damaged, or not whole: {path[:200]} is not in it")
        return text

    def _json(self, path: str) -> Any:
        return json.loads(self._text(path))


def _names(entry: Any) -> list[str]:
    """What containerd, and what others, call an image in index.json. A bare tag names nothing."""
    notes = entry.get("annotations") or {}
    given = [notes.get("io.containerd.image.name"), notes.get("org.opencontainers.image.ref.name")]
    return [str(name) for name in given if name and ("/" in name or ":" in name)][:1]


def _is_attestation(entry: Any) -> bool:
    notes = entry.get("annotations") or {}
    return "vnd.docker.reference.type" in notes or (entry.get("platform") or {}).get("os") == "unknown"


def _foreign(entry: Any) -> bool:
    """Manifests for the platform of Fabric's published images go before others."""
    platform = entry.get("platform") or {}
    return bool(platform) and platform.get("architecture") != "amd64"
