"""How large messages and blocks may be: each limit on the way must let through what the one before it lets in."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, GUIDE, WARNING, Problem, fix, rule, setting, without
from fabwiz.session.findings import Edit, Fix
from fabwiz.session.model import Ordering
from fabwiz.session.network import Network
from fabwiz.session.units import format_size

MIB = 1 << 20
_A = ("ordering", "absolute_max_bytes")
_PREFERRED = ("ordering", "preferred_max_bytes")
_FETCH = ("ordering", "kafka", "replica_fetch_max_bytes")
_MESSAGE = ("ordering", "kafka", "message_max_bytes")
_SOCKET = ("ordering", "kafka", "socket_request_max_bytes")


@rule(
    "kafka-message-size",
    ERROR,
    "absolute_max_bytes < replica_fetch_max_bytes <= message_max_bytes < socket_request_max_bytes",
    "A block that a broker refuses, or that its replicas cannot fetch, stops its channel. Mind the units: 99 MB is "
    "103809024 bytes, the very value that brokers are usually given, and so one byte too many for blocks; 98 MB fits.",
    GUIDE,
)
def message_sizes(network: Network) -> Iterator[Problem]:
    """Each broken inequality."""
    ordering = network.session.ordering
    kafka = ordering.kafka
    mend = _fitted(ordering)
    if ordering.absolute_max_bytes >= kafka.replica_fetch_max_bytes:
        yield Problem(
            _A,
            f"absolute_max_bytes is {_bytes(ordering.absolute_max_bytes)} but replicas fetch only "
            f"{_bytes(kafka.replica_fetch_max_bytes)}: absolute_max_bytes must be below replica_fetch_max_bytes",
            mend,
        )
    if kafka.replica_fetch_max_bytes > kafka.message_max_bytes:
        yield Problem(
            _FETCH,
            f"replica_fetch_max_bytes is {_bytes(kafka.replica_fetch_max_bytes)}, above message_max_bytes "
            f"{_bytes(kafka.message_max_bytes)}: it may be equal at most",
            mend,
        )
    if kafka.message_max_bytes >= kafka.socket_request_max_bytes:
        yield Problem(
            _MESSAGE,
            f"message_max_bytes is {_bytes(kafka.message_max_bytes)} but a whole request may have only "
            f"{_bytes(kafka.socket_request_max_bytes)}: message_max_bytes must be below socket_request_max_bytes",
            mend,
        )


@rule(
    "kafka-message-headroom",
    WARNING,
    "message_max_bytes is at least 1 MB above absolute_max_bytes",
    "A block travels in an envelope with headers and signatures; 1 MB more than the block itself is enough for them.",
    GUIDE,
)
def headroom(network: Network) -> Iterator[Problem]:
    """Less than 1 MiB for what goes around a block."""
    ordering = network.session.ordering
    message, largest = ordering.kafka.message_max_bytes, ordering.absolute_max_bytes
    if 0 < message - largest < MIB:
        lower = message - MIB
        yield Problem(
            _A,
            f"message_max_bytes {_bytes(message)} leaves {message - largest} bytes above absolute_max_bytes "
            f"{_bytes(largest)}; leave 1 MB for headers and signatures",
            fix(f"use {format_size(lower)} for blocks", *_blocks_of(lower, ordering)) if lower > 0 else None,
        )


@rule(
    "batch-preferred",
    ERROR,
    "preferred_max_bytes is at most absolute_max_bytes",
    "Orderers cut a block when the next transaction would make it larger than preferred_max_bytes; a configuration in "
    "which that is above the largest block allowed is refused.",
    "Fabric: common/channelconfig/orderer.go, validateBatchSize",
)
def preferred(network: Network) -> Iterator[Problem]:
    """A preferred size above the largest."""
    ordering = network.session.ordering
    largest = ordering.absolute_max_bytes
    if ordering.preferred_max_bytes > largest > 0:
        yield Problem(
            _PREFERRED,
            f"preferred_max_bytes is {_bytes(ordering.preferred_max_bytes)}, above absolute_max_bytes "
            f"{_bytes(largest)}",
            fix("lower it", setting(format_size(min(512 << 10, largest)), *_PREFERRED)),
        )


@rule(
    "batch-preferred-large",
    WARNING,
    "preferred_max_bytes is at most 1 MB",
    "Large blocks make Kafka slow: every one is kept in memory several times on its way through the brokers.",
    GUIDE,
)
def preferred_large(network: Network) -> Iterator[Problem]:
    """A preferred size above 1 MiB."""
    ordering = network.session.ordering
    if ordering.preferred_max_bytes > MIB:
        yield Problem(
            _PREFERRED,
            f"preferred_max_bytes is {_bytes(ordering.preferred_max_bytes)}; Kafka works best with at most 1 MB",
            fix("use 512 KB", setting(format_size(min(512 << 10, max(ordering.absolute_max_bytes, 1))), *_PREFERRED)),
        )


def _bytes(size: int) -> str:
    shown = format_size(size)
    return f"{size} bytes" if shown == size else f"{shown} ({size} bytes)"


def _blocks_of(largest: int, ordering: Ordering) -> list[Edit]:
    edits = [setting(format_size(largest), *_A)]
    if ordering.preferred_max_bytes > largest:
        edits.append(setting(format_size(min(512 << 10, largest)), *_PREFERRED))
    return edits


def _fitted(ordering: Ordering) -> Fix:
    """Lower what is too large for the limit above it, from the socket down to the block."""
    kafka = ordering.kafka
    socket = kafka.socket_request_max_bytes
    message = kafka.message_max_bytes if kafka.message_max_bytes < socket else socket - MIB
    fetch = min(kafka.replica_fetch_max_bytes, message)
    largest = ordering.absolute_max_bytes if ordering.absolute_max_bytes < fetch else fetch - MIB
    if largest <= 0:
        return fix("use the defaults", *(without(*path) for path in (_A, _PREFERRED, _FETCH, _MESSAGE, _SOCKET)))
    edits = []
    if message != kafka.message_max_bytes:
        edits.append(setting(format_size(message), *_MESSAGE))
    if fetch != kafka.replica_fetch_max_bytes:
        edits.append(setting(format_size(fetch), *_FETCH))
    if largest != ordering.absolute_max_bytes:
        edits += _blocks_of(largest, ordering)
    return fix("lower what is too large", *edits)
