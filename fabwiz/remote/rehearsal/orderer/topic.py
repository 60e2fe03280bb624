"""How an orderer reaches its channels' topics: the brokers of a rehearsal, or whatever else is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from fabwiz.remote.rehearsal.containers.context import Context


class TopicClient(Protocol):
    """A connection to the leader of one topic with one partition; not for several threads.

    All methods but `close` raise KafkaError (containers.topics), whose words reach logs and clients.
    """

    def connect(self) -> None:
        """Find the topic's leader, creating the topic if need be, and connect to it; again after an error."""

    def produce(self, message: bytes) -> int:
        """Append a message; returns its offset once enough replicas have it."""

    def fetch(self, offset: int, wait: float) -> list[bytes]:
        """Messages from `offset` on without gap, waiting up to `wait` seconds for the first."""

    def close(self) -> None:
        """Hang up."""


TopicClientFactory = Callable[[Context, Sequence[str], str, int | None], TopicClient]
"""Makes a client from the container, the seed brokers (`name:port`), the topic's name and its replication factor."""
