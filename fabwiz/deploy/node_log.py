"""`logs/<node>.log`: what a container said, each line once, however often the stream was cut and taken up again."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from fabwiz.session.files import make_private_dir

_LATE = timedelta(seconds=2)
"""By so much a line may come after one with a later time: Docker stamps standard output and error apart."""
_TAIL = 1 << 18
"""Bytes at the end of a file that tell what was written already."""
MOST_BYTES = 256 << 20
"""Of a file; a longer one becomes `<node>.log.1`, and the one before that goes: a container that floods, or a host
that means harm, must not fill the workstation's disk."""
_MOST_REMEMBERED = 50_000
"""Lines that are known again. Beyond that, within two seconds of Docker's time, some may be written twice."""


class NodeLog:
    """Lines of `timestamp text` with Docker's own timestamps. Not thread-safe: one reader a node."""

    def __init__(self, path: Path, writes: bool = True, most_bytes: int = MOST_BYTES) -> None:
        """`writes` False: the file is only read, for where to go on; another run writes it."""
        self.path = path
        self._most_bytes = most_bytes
        self._writes = writes
        self._file: IO[str] | None = None
        self._seen_before = ""
        self._recent: dict[tuple[str, int], None] = {}
        """Time and hash of each text, in the order in which they came."""
        for line in self._tail():
            timestamp, _, text = line.partition(" ")
            self._remember(_padded(timestamp), text)

    @property
    def since(self) -> str:
        """From when on Docker is to be asked for lines, some of which are there already; empty for all."""
        return f"{self._seen_before}Z" if self._seen_before else ""

    def add(self, timestamp: str, text: str) -> bool:
        """Write a line; False when it was there already. Raises OSError."""
        moment = _padded(timestamp)
        if moment < self._seen_before or (moment, hash(text)) in self._recent:
            return False
        if self._writes:
            if self._file is None:
                self._file = self._open()
            elif self._file.tell() > self._most_bytes:
                self._file.close()
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                self._file = self._open()
            self._file.write(f"{timestamp} {text}\n")
            self._file.flush()
        self._remember(moment, text)
        return True

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _remember(self, moment: str, text: str) -> None:
        self._recent[moment, hash(text)] = None
        if len(self._recent) > _MOST_REMEMBERED:
            del self._recent[next(iter(self._recent))]
        before = _whole_seconds_before(moment)
        if before > self._seen_before:
            self._seen_before = before
            self._recent = {line: None for line in self._recent if line[0] >= before}

    def _tail(self) -> list[str]:
        """The last whole lines of the file. Where there are more, all before them counts as seen."""
        try:
            with self.path.open("rb") as file:
                start = max(0, file.seek(0, os.SEEK_END) - _TAIL)
                file.seek(start)
                lines = file.read().decode(errors="replace").split("\n")[:-1]
        except FileNotFoundError:
            return []
        if start and lines:
            del lines[0]
            self._seen_before = _padded(lines[0].partition(" ")[0]) if lines else ""
        return lines

    def _open(self) -> IO[str]:
        make_private_dir(self.path.parent)
        file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        end = file.seek(0, os.SEEK_END)
        start = max(0, end - _TAIL)
        file.seek(start)
        torn = len(file.read().rpartition(b"\n")[2])  # a run that was killed while it wrote
        file.truncate(end - torn)
        file.close()
        return self.path.open("a", encoding="utf-8")


def _padded(timestamp: str) -> str:
    """Without Z, and with the trailing zeros of a second's fraction that Docker leaves out: text that sorts."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


def _whole_seconds_before(moment: str) -> str:
    try:
        earlier = datetime.fromisoformat(moment.partition(".")[0]) - _LATE
    except (ValueError, OverflowError):
        return ""
    return f"{earlier.isoformat()}.000000000"
