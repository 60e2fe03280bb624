"""What an audit of hosts has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is not as it must be."""

    EXTRA = "extra"
    """A file, or something else, that the manifest does not have."""
    KEY = "key"
    """A private key that the manifest does not have."""
    LEFTOVER = "leftover"
    """What a run that was broken off has left."""
    MISSING = "missing"
    CHANGED = "changed"
    """Other contents than the manifest's SHA-256 says."""
    UNREAD = "unread"
    """A file whose contents could not be compared."""
    TYPE = "type"
    """A link, a folder or a device where a file must be, or the other way round."""
    MODE = "mode"
    OWNER = "owner"
    CONTAINER = "container"
    """A container that nobody placed there, or that gets at what is the network's."""
    CONFIG = "config"
    """One of the network's containers that is not what its compose file says."""
    VOLUME = "volume"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, order=True)
class Deviation:
    """One thing that differs. Texts are safe to show."""

    kind: Kind
    subject: str
    """A path below `remote_dir`, or the name of a container, volume or network."""
    message: str


@dataclass(frozen=True, slots=True)
class HostAudit:
    """What one host shows."""

    host: str
    files: int = 0
    """How many files of the manifest were compared."""
    containers: int = 0
    """How many containers of any owner were looked at."""
    deviations: tuple[Deviation, ...] = ()
    error: str | None = None
    """Why it could not be asked; nothing else is known then."""
