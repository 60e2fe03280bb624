"""Handing out blocks, on orderers and peers alike (common/deliver/deliver.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2

from fabwiz.remote.rehearsal.channel import envelopes
from fabwiz.remote.rehearsal.channel.bundle import Bundle
from fabwiz.remote.rehearsal.channel.msp import MspError
from fabwiz.remote.rehearsal.channel.policies import PolicyError
from fabwiz.remote.rehearsal.ledger.store import BlockStore


class Source(Protocol):
    """A channel that blocks can be read from."""

    @property
    def bundle(self) -> Bundle:
        """Its configuration."""
        ...

    @property
    def store(self) -> BlockStore:
        """Its blocks."""
        ...

    @property
    def available(self) -> bool:
        """Whether it is being served at all."""
        ...


def deliver(
    envelope: common_pb2.Envelope,
    find: Callable[[str], Source | None],
    going_on: Callable[[], bool],
    log: Callable[[str], None],
) -> Iterator[common_pb2.Block | Any]:
    """Yield blocks, then one `common.Status` number: SUCCESS, or why not.

    NOT_FOUND, FORBIDDEN, BAD_REQUEST or SERVICE_UNAVAILABLE. `going_on` says no when the client has left.
    """
    try:
        message = envelopes.read(envelope)
        message.check_time()
        seek = ab_pb2.SeekInfo.FromString(message.payload.data)
    except Exception as error:  # envelopes.Malformed, or protobuf's DecodeError, which has no public base
        log(f"[common/deliver] deliverBlocks -> WARN Received an envelope that is no seek request: {error}")
        yield common_pb2.BAD_REQUEST
        return
    channel = message.channel.channel_id
    source = find(channel)
    if source is None:
        log(f"[common/deliver] deliverBlocks -> DEBU Rejecting deliver because channel {channel} not found")
        yield common_pb2.NOT_FOUND
        return
    if not source.available:
        log(
            f"[common/deliver] deliverBlocks -> WARN [channel: {channel}] Rejecting deliver request because of "
            "consenter error"
        )
        yield common_pb2.SERVICE_UNAVAILABLE
        return
    try:
        source.bundle.policies.evaluate("/Channel/Readers", [message.signed])
        source.bundle.members.identity(message.signature.creator).check_expiry()
    except (PolicyError, MspError) as error:
        log(
            f"[common/deliver] deliverBlocks -> WARN [channel: {channel}] Client authorization revoked for deliver "
            f"request: {error}"
        )
        yield common_pb2.FORBIDDEN
        return
    yield from _blocks(source, seek, going_on)


def _position(position: ab_pb2.SeekPosition, height: int) -> int | None:
    kind = position.WhichOneof("Type")
    if kind == "oldest":
        return 0
    if kind == "newest":
        return height - 1
    if kind == "specified":
        return int(position.specified.number)
    return None


def _blocks(source: Source, seek: ab_pb2.SeekInfo, going_on: Callable[[], bool]) -> Iterator[common_pb2.Block | Any]:
    height = source.store.height
    number, last = _position(seek.start, height), _position(seek.stop, height)
    if number is None or last is None or last < number:
        yield common_pb2.BAD_REQUEST
        return
    if number > height:
        yield common_pb2.NOT_FOUND
        return
    while number <= last:
        if number >= source.store.height:
            if seek.behavior == ab_pb2.SeekInfo.FAIL_IF_NOT_READY:
                yield common_pb2.NOT_FOUND
                return
            while not source.store.wait_for(number, 0.5):
                if not going_on():
                    return
                if not source.available:
                    yield common_pb2.SERVICE_UNAVAILABLE
                    return
        if not going_on():
            return
        yield source.store.block(number)
        number += 1
    yield common_pb2.SUCCESS
