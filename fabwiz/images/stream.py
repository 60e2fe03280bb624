"""One image of an archive as a stream of its own, made on the fly: what `docker load` of every release reads.

The same image under the same name gives the same bytes each time, so that a transfer can go on where it broke off.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Collection, Iterator

from fabwiz.images.archive import ArchivedImage, Layer
from fabwiz.images.references import normal
from fabwiz.images.tarball import ArchiveError, read_members

_BLOCK = 512


class ImageStream:
    """The tar file with one image and one name. Layers in `without` (positions) are named in it, and left out.

    Docker with its own image store does not look for layers that it has already, in the same place above the same
    layers below (moby, image/tarexport/load.go).
    """

    def __init__(self, image: ArchivedImage, name: str, without: Collection[int] = ()) -> None:
        self.image = image
        self.name = normal(name)
        kept = [layer for position, layer in enumerate(image.layers) if position not in without]
        self._layers = {layer.member.name: layer for layer in kept}
        """By the member that holds them: equal layers travel once."""
        self._texts = list(self._small())
        layers = sum(_padded(layer.member.size) for layer in self._layers.values())
        self.size = sum(_BLOCK + _padded(len(text)) for _, text in self._texts) + layers
        self.size += _BLOCK * (len(self._layers) + 2)

    @property
    def unpacked(self) -> int:
        """Bytes of its layers without compression; a guess where the archive does not tell."""
        return sum(layer.member.unpacked for layer in self._layers.values())

    @property
    def compressed(self) -> bool:
        """Whether most of it is compressed already."""
        packed = sum(layer.member.size for layer in self._layers.values() if layer.member.compressed)
        return packed * 2 > self.size

    def _small(self) -> Iterator[tuple[str, bytes]]:
        image, manifest = self.image, self.image.manifest
        identity = image.id.removeprefix("sha256:")
        config = f"blobs/sha256/{identity}" if manifest else f"{identity}.json"
        entry = {"Config": config, "RepoTags": [self.name], "Layers": [self._path(layer) for layer in image.layers]}
        yield "manifest.json", json.dumps([entry]).encode()
        yield config, image.config
        if manifest:
            note = {"io.containerd.image.name": _whole(self.name)}
            listed = {
                "mediaType": manifest.media_type,
                "digest": f"sha256:{manifest.sha256}",
                "size": len(manifest.text),
                "annotations": note,
            }
            yield "oci-layout", b'{"imageLayoutVersion": "1.0.0"}'
            yield "index.json", json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode()
            yield f"blobs/sha256/{manifest.sha256}", manifest.text

    def _path(self, layer: Layer) -> str:
        if self.image.manifest:
            return f"blobs/sha256/{layer.sha256}"
        same = next(one for one in self.image.layers if one.member == layer.member)
        return f"{same.diff_id.removeprefix('sha256:')}.tar"

    def pieces(self) -> Iterator[bytes]:
        """All bytes from the first on. Raises ArchiveError when the archive is damaged or was changed, OSError."""
        image = self.image
        stat = image.archive.stat()
        if (stat.st_size, stat.st_mtime_ns) != image.stamp:
            raise ArchiveError(image.archive, "it was changed while it was in use; run again")
        for name, text in self._texts:
            yield _header(name, len(text)) + text + _padding(len(text))
        members = [layer.member for layer in self._layers.values()]
        for member, pieces in read_members(image.archive, members):
            layer = self._layers[member.name]
            yield _header(self._path(layer), member.size)
            digest = hashlib.sha256()
            for piece in pieces:
                digest.update(piece)
                yield piece
            if layer.sha256 is not None and digest.hexdigest() != layer.sha256:
                raise ArchiveError(
                    image.archive,
                    f"it is damaged: the checksum of its layer {member.name[:200]} is wrong; make it anew",
                )
            yield _padding(member.size)
        yield b"\0" * (2 * _BLOCK)


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry.tobuf(tarfile.GNU_FORMAT)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _padding(size: int) -> bytes:
    return b"\0" * (_padded(size) - size)


def _whole(name: str) -> str:
    """A name with Docker's own registry spelled out, as containerd wants it."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"
