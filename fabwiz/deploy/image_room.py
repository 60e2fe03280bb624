"""Whether a host has room for the images that it is to be sent."""

from __future__ import annotations

from collections.abc import Mapping

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.image_facts import ImageFacts
from fabwiz.images.stream import ImageStream


def check_room(facts: ImageFacts, streams: Mapping[str, ImageStream]) -> None:
    """Raises StepFailed, naming figures, when the images of `streams` (by file name) will not fit.

    One image at a time lies in `remote_dir`; Docker unpacks it once more into its own folder before it keeps the
    layers (moby, image/tarexport/load.go), so that two copies of the largest and the layers of all must fit.
    """
    largest = max((stream.size for stream in streams.values()), default=0)
    arriving = max((max(stream.size - facts.parts.get(file, 0), 0) for file, stream in streams.items()), default=0)
    needed: dict[str, int] = {}
    for what, size in (
        ("files", arriving),
        ("docker", largest + sum(stream.unpacked for stream in streams.values())),
    ):
        if what in facts.disks:
            mount = facts.disks[what].mount
            needed[mount] = needed.get(mount, 0) + size
    lacking = [
        f"{disk.mount} has {megabytes(disk.free)} free and needs {megabytes(needed[disk.mount])}"
        for disk in dict.fromkeys(facts.disks.values())
        if needed.get(disk.mount, 0) > disk.free
    ]
    if lacking:
        count = f"{len(streams)} image{'' if len(streams) == 1 else 's'}"
        raise StepFailed(
            f"no room for {count} that it is to be sent: {'; '.join(dict.fromkeys(lacking))} "
            "(archives while they are loaded, and unpacked layers)",
            remedy="make room there, or give Docker (data-root) or remote_dir a larger disk",
        )


def megabytes(size: int) -> str:
    """`310 MB`, `4.2 MB`, `41 KB`."""
    if size < 1e6:
        return f"{size / 1e3:.0f} KB"
    return f"{size / 1e6:.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"
