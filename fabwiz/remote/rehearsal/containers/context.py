"""All that a stand-in may know: what the compose file and the mounts give its container."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fabwiz.session.releases import RELEASES, Release


class Exit(Exception):
    """The program ends with a code, after its last words are logged."""

    def __init__(self, code: int, last_words: str = "") -> None:
        super().__init__(last_words)
        self.code = code
        self.last_words = last_words


class NoSuchHost(OSError):
    """The container's resolver does not know a name."""


@dataclass(slots=True)
class Context:
    """The inside of one container."""

    name: str
    hostname: str
    release: Release
    """Fabric release of the image."""
    environment: Mapping[str, str]
    address: str
    """The container's own address."""
    host_address: str
    published: Mapping[int, Sequence[int]]
    """Container port: ports of the host."""
    mounts: Mapping[str, tuple[Path, bool]]
    """Target: (path on the host, read only)."""
    layer: Path
    """The writable layer: what is written outside mounts, lost with the container."""
    shared: Path
    """The rehearsal's own stage machinery (the topics' common log); no setting of a real container."""
    lookup: Callable[[str], str | None]
    log: Callable[[str], None]
    networks: Callable[[], Sequence[str]] = lambda: ()
    """Names of the host's docker networks, as a peer sees them through the docker socket."""
    image_error: Callable[[str], str | None] = lambda name: None
    """Pull an image through the docker socket: what the engine says against it, or None."""
    stop: threading.Event = field(default_factory=threading.Event)

    def setting(self, key: str, default: str = "") -> str:
        """An environment variable; empty counts as unset, as Fabric's viper has it."""
        return self.environment.get(key) or default

    def flag(self, key: str, default: bool = False) -> bool:
        """An environment variable that is true or false."""
        value = self.setting(key).lower()
        return default if not value else value in ("true", "1", "t", "yes")

    def path(self, inside: str, base: str = "/") -> Path:
        """Where a path of the container really lies: below a mount, else in the writable layer."""
        target = PurePosixPath(base) / inside
        for candidate in (target, *target.parents):
            if str(candidate) in self.mounts:
                source, _ = self.mounts[str(candidate)]
                rest = target.relative_to(candidate)
                return source / rest if rest.parts else source
        return self.layer / str(target).lstrip("/")

    def resolve(self, name: str) -> str:
        """An address for a name: extra_hosts, own name, containers on the same network. Raises NoSuchHost."""
        if name in ("localhost", "127.0.0.1"):
            return self.address
        try:
            socket.inet_aton(name)
        except OSError:
            if found := self.lookup(name):
                return found
            raise NoSuchHost(f"lookup {name} on 127.0.0.11:53: no such host") from None
        return name

    def dial(self, name: str, port: int, timeout: float = 3.0) -> socket.socket:
        """Connect. Raises OSError (NoSuchHost among others)."""
        sock = socket.create_connection((self.resolve(name), port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def addresses(self, port: int) -> list[tuple[str, int]]:
        """Where to listen for `port`: inside, and as published by the host."""
        return [(self.address, port), *((self.host_address, outside) for outside in self.published.get(port, ()))]

    def sleep(self, seconds: float) -> bool:
        """Wait. Returns whether the container is to stop."""
        return self.stop.wait(seconds)


Program = Callable[[Context], int]
"""Runs until `stop` is set; returns the exit code, or raises Exit."""


def release_of(version: str) -> Release:
    """The release of an image."""
    return RELEASES[version]
