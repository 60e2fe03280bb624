"""A real container as the `Context` that the rehearsal's programs know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fabwiz.remote.rehearsal.containers.context import Context


class ContainerContext(Context):
    """A container of its own: Docker publishes its ports, so that it listens on nothing but its own addresses."""

    __slots__ = ()

    def addresses(self, port: int) -> list[tuple[str, int]]:
        return [("127.0.0.1", port), (self.address, port)]


def mounts(mountinfo: str) -> Mapping[str, tuple[Path, bool]]:
    """The mounts of /proc/self/mountinfo (proc(5)): target, and whether it is read only."""
    found = {}
    for line in mountinfo.splitlines():
        fields = line.split()
        found[fields[4]] = (Path(fields[4]), "ro" in fields[5].split(","))
    return found
