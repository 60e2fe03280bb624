"""The replicated log of the Kafka stand-ins: one append-only file a topic, shared by all brokers of a cluster.

What real brokers copy among themselves lies here once; which brokers hold a topic, and how many of them must live, is
kept and checked as Kafka does.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32


class KafkaError(Exception):
    """An error of the cluster, in the words of Kafka's client library (sarama/errors.go)."""


class Topic:
    """One topic with one partition. Messages are bytes; offsets count from 0."""

    def __init__(self, folder: Path, name: str) -> None:
        self._log = folder / f"{name}.log"
        self._about = folder / f"{name}.json"
        self._positions: list[tuple[int, int]] = []
        self._scanned = 0
        self._grown = threading.Condition()

    @property
    def exists(self) -> bool:
        """Whether it was created."""
        return self._about.exists()

    @property
    def replicas(self) -> list[int]:
        """Broker ids that hold it, the preferred leader first."""
        found: list[int] = json.loads(self._about.read_text())["replicas"]
        return found

    def create(self, name: str, brokers: Sequence[int], factor: int) -> None:
        """Spread `factor` replicas over the live brokers. Raises KafkaError."""
        if factor > len(brokers):
            raise KafkaError(f"Replication factor: {factor} larger than available brokers: {len(brokers)}.")
        ordered = sorted(brokers)
        first = crc32(name.encode()) % len(ordered)
        replicas = [ordered[(first + i) % len(ordered)] for i in range(factor)]
        with (self._about.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.exists:
                partial = self._about.with_suffix(".new")
                partial.write_text(json.dumps({"replicas": replicas}))
                partial.replace(self._about)

    def append(self, message: bytes) -> int:
        """Write a message; returns its offset."""
        with self._grown, self._log.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._scan()
            if file.tell() != self._scanned:  # the tail of a broker that died while it wrote
                os.ftruncate(file.fileno(), self._scanned)
            file.write(len(message).to_bytes(4, "big") + message)
            file.flush()
            self._scan()
            self._grown.notify_all()
            return len(self._positions) - 1

    def _scan(self) -> None:
        size = self._log.stat().st_size if self._log.exists() else 0
        if size < self._scanned:
            self._positions, self._scanned = [], 0
        if size == self._scanned:
            return
        with self._log.open("rb") as file:
            while self._scanned + 4 <= size:
                file.seek(self._scanned)
                length = int.from_bytes(file.read(4), "big")
                if self._scanned + 4 + length > size:
                    return
                self._positions.append((self._scanned + 4, length))
                self._scanned += 4 + length

    def read(self, offset: int, wait: float, most: int = 100) -> list[bytes]:
        """Messages from `offset` on; waits for the first. Raises KafkaError for an offset beyond the end."""
        with self._grown:
            self._scan()
            if offset > len(self._positions):
                raise KafkaError(
                    "kafka server: The requested offset is outside the range of offsets maintained by the server for "
                    "the given topic/partition."
                )
            if offset == len(self._positions):
                self._grown.wait(wait)
                self._scan()
            wanted = self._positions[offset : offset + most]
        if not wanted:
            return []
        with self._log.open("rb") as file:
            found = []
            for position, length in wanted:
                file.seek(position)
                found.append(file.read(length))
            return found


def leader(replicas: Sequence[int], live: Mapping[int, object]) -> int:
    """The replica that leads: the first one alive. Raises KafkaError when none is."""
    for broker in replicas:
        if broker in live:
            return broker
    raise KafkaError(
        "kafka server: In the middle of a leadership election, there is currently no leader for this partition and "
        "hence it is unavailable for writes."
    )
