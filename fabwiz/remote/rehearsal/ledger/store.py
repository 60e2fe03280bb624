"""A channel's blocks in one append-only file; what a crash left half-written at its end is dropped."""

from __future__ import annotations

import threading
from pathlib import Path

from fabric_protos.common import common_pb2

from fabwiz.remote.rehearsal.ledger.blocks import header_hash


class BlockStore:
    """Blocks 0 to `height - 1`. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._positions: list[tuple[int, int]] = []
        self._grown = threading.Condition()
        self.last_hash = b""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        self._scan()

    def _scan(self) -> None:
        size = self._path.stat().st_size
        at = 0
        with self._path.open("rb") as file:
            while at + 4 <= size:
                file.seek(at)
                length = int.from_bytes(file.read(4), "big")
                if at + 4 + length > size:
                    break
                self._positions.append((at + 4, length))
                at += 4 + length
        if at < size:
            self._file.truncate(at)
        if self._positions:
            self.last_hash = header_hash(self.block(self.height - 1).header)

    @property
    def height(self) -> int:
        """How many blocks there are."""
        return len(self._positions)

    def append(self, block: common_pb2.Block) -> None:
        """Write the next block. Raises ValueError for one that does not follow."""
        with self._grown:
            if block.header.number != self.height or (self.height and block.header.previous_hash != self.last_hash):
                raise ValueError(f"unexpected block {block.header.number}: the next one is {self.height}")
            body = block.SerializeToString()
            self._file.seek(0, 2)
            at = self._file.tell()
            self._file.write(len(body).to_bytes(4, "big") + body)
            self._file.flush()
            self.last_hash = header_hash(block.header)
            self._positions.append((at + 4, len(body)))
            self._grown.notify_all()

    def block(self, number: int) -> common_pb2.Block:
        """A block. Raises IndexError."""
        if number < 0:
            raise IndexError(number)
        position, length = self._positions[number]
        with self._path.open("rb") as file:
            file.seek(position)
            return common_pb2.Block.FromString(file.read(length))

    def wait_for(self, number: int, timeout: float) -> bool:
        """Wait until a block is there. Returns whether it is."""
        with self._grown:
            return self._grown.wait_for(lambda: self.height > number, timeout)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
