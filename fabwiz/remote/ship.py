"""Sending something large as one file: resumable, verified, never whole in memory, with a few megabytes under way.

The other end appends piece after piece to a file of mode 0600 and acknowledges each, so that what is under way is
known: as much as the line carries in a second. A transfer that broke off goes on behind what is there, if that is the
beginning of the same thing (SHA-256); the whole is verified at the end. Pieces travel gzipped where that pays.
The host needs sh, dd, stat, something that makes SHA-256, and gzip for gzip.
"""

from __future__ import annotations

import hashlib
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fabwiz.remote import scripts
from fabwiz.remote.answers import number
from fabwiz.remote.connection import CommandFailed, Connection, Result

IDLE = 60.0
"""Seconds without progress after which a transfer is given up."""

_FIRST_PIECE = 64 << 10
_LEAST_PIECE = 16 << 10
_MOST_PIECE = 1 << 20
_MOST_UNDER_WAY = 8 << 20
_SLOWEST_DISK = 20 << 20
"""Bytes a second at which a host makes checksums at least."""


class Cargo(Protocol):
    """What is sent: the same bytes each time."""

    @property
    def size(self) -> int:
        """Bytes of all pieces."""

    @property
    def compressed(self) -> bool:
        """Whether gzip would be in vain."""

    def pieces(self) -> Iterator[bytes]:
        """All of it, from the first byte on, in pieces of a megabyte or so."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """What was done: where it went on, and how many bytes travelled for the rest."""

    resumed_at: int
    wire_bytes: int


Progress = Callable[[int, int], None]
"""Takes the bytes that are on the host, and those of the whole."""


def ship(
    connection: Connection, cargo: Cargo, path: str, stop: threading.Event, on_progress: Progress
) -> Shipped | None:
    """Make `path` on the host, 0600, hold the cargo; its folder is made, too, 0700. None when `stop` was set.

    A partial file stays for the next attempt. Raises RemoteError: TimedOut without progress for `IDLE` seconds,
    CommandFailed for a full disk or a checksum that is wrong (the file is then gone), and what `pieces` raises.
    """
    asked = connection.run(["sh", "-c", scripts.PART, "fabwiz", path], root=True, timeout=_checking(cargo.size))
    _explain(asked, path)
    facts = dict(line.partition(" ")[::2] for line in asked.stdout.splitlines())
    is_far = connection.host.transport != "local"
    sender = _Sender(cargo, on_progress, gzip="gzip" in facts and is_far and not cargo.compressed)
    at = sender.skip(number(facts.get("size")) or 0, facts.get("sum", ""), stop)
    if stop.is_set():
        return None
    unpack = "gzip" if sender.gzip else "cat"
    argv = ["sh", "-c", scripts.TAKE, "fabwiz", path, str(at), unpack]
    code = connection.feed(argv, sender, stop, root=True)
    if code is None:
        return None
    _explain(Result(connection.host.name, ("sh",), code, "", "\n".join(sender.words)), path)
    return Shipped(at, sender.wire)


def _explain(result: Result, path: str) -> None:
    if result.code == scripts.BAD_CHECKSUM:
        raise CommandFailed(result.host, f"{path} arrived damaged, its checksum differs", "run again", result)
    if result.code == scripts.NO_CHECKSUM:
        raise CommandFailed(
            result.host, "nothing there makes SHA-256 checksums", "install coreutils or openssl", result
        )
    if result.code == scripts.OTHER_WRITER:
        raise CommandFailed(
            result.host,
            f"{path} has grown meanwhile",
            "see that nobody else deploys to that host, and run again",
            result,
        )
    result.check(
        f"writing {path}", "look at the disk space there; what has arrived is kept, a next run goes on from it"
    )


def _checking(size: int) -> float:
    return IDLE + size / _SLOWEST_DISK


class _Sender:
    """Keeps `fabwiz.remote.feed.Feed`."""

    def __init__(self, cargo: Cargo, on_progress: Progress, gzip: bool) -> None:
        self.gzip = gzip
        self.wire = 0
        self.words: deque[str] = deque(maxlen=5)
        """The last lines that are no acknowledgements."""
        self._cargo = cargo
        self._on_progress = on_progress
        self._begin()
        self._under_way: deque[tuple[int, int, float]] = deque()
        """Bytes, bytes on the wire and time of each piece that is not acknowledged."""
        self._arrived = 0
        self._open = False
        self._ended = False
        self._rate = 0.0
        """Bytes on the wire a second."""
        self._acknowledged = time.monotonic()
        self._piece = _FIRST_PIECE

    def _begin(self) -> None:
        self._pieces = self._cargo.pieces()
        self._digest = hashlib.sha256()
        self._held = b""

    def skip(self, size: int, digest: str, stop: threading.Event) -> int:
        """Pass over what is there; returns where to go on: 0 if that is not the beginning of this cargo."""
        self._arrived = left = size if 0 < size <= self._cargo.size else 0
        while left and not stop.is_set() and (piece := next(self._pieces, b"")):
            self._digest.update(piece[:left])
            self._held = piece[left:]
            left -= min(left, len(piece))
        if self._arrived and self._digest.hexdigest() != digest and not stop.is_set():
            self._arrived = 0
            self._begin()
        self._digest.update(self._held)
        return self._arrived

    def give(self) -> bytes | None:
        """The next piece, if not too much is under way."""
        if self._ended:
            return None
        waiting = sum(wire for _, wire, _ in self._under_way)
        if not self._open or waiting > min(max(self._rate, 2 * _LEAST_PIECE), _MOST_UNDER_WAY):
            return b""
        data = self._next(self._piece)
        if not data:
            self._ended = True
            return f"end {self._digest.hexdigest()}\n".encode()
        sent = _gzipped(data) if self.gzip else data
        self._under_way.append((len(data), len(sent), time.monotonic()))
        self.wire += len(sent)
        return f"{len(sent)}\n".encode() + sent

    def _next(self, size: int) -> bytes:
        while len(self._held) < size and (piece := next(self._pieces, b"")):
            self._digest.update(piece)
            self._held += piece
        data, self._held = self._held[:size], self._held[size:]
        return data

    def heard(self, line: str) -> None:
        """An acknowledgement, or words."""
        if line == "go":
            self._open = True
        elif line == "ok" and self._under_way:
            size, wire, given = self._under_way.popleft()
            now = time.monotonic()
            rate = wire / max(now - max(self._acknowledged, given), 1e-3)
            self._rate = rate if not self._rate else 0.8 * self._rate + 0.2 * rate
            self._acknowledged = now
            self._piece = int(min(max(self._rate / 4, _LEAST_PIECE), _MOST_PIECE))
            self._arrived += size
            self._on_progress(self._arrived, self._cargo.size)
        elif line.strip():
            self.words.append(line.strip()[:300])

    def patience(self) -> float:
        """At the end the host reads all of it again, for the checksum."""
        return _checking(self._cargo.size) if self._ended and not self._under_way else IDLE

    def last_seen(self) -> str:
        """How much has arrived."""
        words = f", it last said: {self.words[-1]}" if self.words else ""
        return f"{self._arrived} of {self._cargo.size} bytes had arrived{words}"


def _gzipped(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
