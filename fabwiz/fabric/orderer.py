"""An orderer: hand envelopes in, take blocks out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc

from fabwiz.fabric.endpoint import Endpoint
from fabwiz.fabric.envelope import Now, seek_envelope, utc_now
from fabwiz.fabric.errors import FabricError, NotFound, ServiceUnavailable, from_answer, from_rpc
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.understanding import understood

_PAUSE = 0.5


class OrdererClient:
    """`orderer.AtomicBroadcast` of one orderer. `timeout` (seconds) holds for each call that names none."""

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0, now: Now = utc_now) -> None:
        self.endpoint = endpoint
        self.timeout = timeout
        self._now = now

    @property
    def name(self) -> str:
        """The orderer's name."""
        return self.endpoint.name

    def broadcast(self, envelope: common_pb2.Envelope, *, timeout: float | None = None, patience: float = 0.0) -> None:
        """Hand an envelope in for ordering.

        While the orderer answers SERVICE_UNAVAILABLE (Kafka has not taken the channel up) it is sent again, for
        `patience` seconds. Raises FabricError with the orderer's own words; ChannelExists, Forbidden, NotFound,
        ServiceUnavailable, Unreachable and TimedOut where it is one of these.
        """
        until = time.monotonic() + patience
        while True:
            try:
                return self._broadcast(envelope, self.timeout if timeout is None else timeout)
            except ServiceUnavailable:
                if time.monotonic() + _PAUSE > until:
                    raise
            time.sleep(_PAUSE)

    def _broadcast(self, envelope: common_pb2.Envelope, timeout: float) -> None:
        call: Any = ab_pb2_grpc.AtomicBroadcastStub(self.endpoint.channel).Broadcast(iter([envelope]), timeout=timeout)
        try:
            answer = next(call, None)
        except grpc.RpcError as error:
            raise from_rpc(error, target=self.name, obstacle=self.endpoint.obstacle()) from error
        finally:
            call.cancel()
        if answer is None:
            raise FabricError("hung up without an answer; its log says why", target=self.name)
        if answer.status != common_pb2.SUCCESS:
            raise from_answer(answer.info, target=self.name, status=_status(answer.status))

    def deliver(
        self,
        channel: str,
        identity: SigningIdentity,
        start: int | None,
        stop: int | None,
        *,
        wait: bool = False,
        timeout: float | None = None,
    ) -> Iterator[common_pb2.Block]:
        """Blocks `start` to `stop` of a channel (`None`: the newest), in order.

        `wait` for blocks that are yet to come, at most `timeout` seconds in all; otherwise a missing block raises
        NotFound. Raises NotFound for an unknown channel, Forbidden for an identity that may not read it,
        ServiceUnavailable while the orderer cannot reach Kafka.
        """
        envelope = seek_envelope(identity, channel, start, stop, wait=wait, now=self._now())
        call: Any = ab_pb2_grpc.AtomicBroadcastStub(self.endpoint.channel).Deliver(
            iter([envelope]), timeout=self.timeout if timeout is None else timeout
        )
        try:
            for answer in call:
                if answer.WhichOneof("Type") == "block":
                    yield answer.block
                elif answer.status == common_pb2.SUCCESS:
                    return
                else:
                    raise self._refused(answer, channel)
        except grpc.RpcError as error:
            raise from_rpc(error, target=self.name, obstacle=self.endpoint.obstacle()) from error
        finally:
            call.cancel()

    def _refused(self, answer: ab_pb2.DeliverResponse, channel: str) -> FabricError:
        status = _status(answer.status)
        said = {
            "NOT_FOUND": f"has no channel {channel}, or not yet that block of it",
            "FORBIDDEN": f"this identity may not read channel {channel}",
            "SERVICE_UNAVAILABLE": f"does not serve channel {channel}: it cannot reach Kafka yet",
        }.get(status, f"answered {status} when asked for blocks of channel {channel}")
        return from_answer(said, target=self.name, status=status)

    def block(self, channel: str, identity: SigningIdentity, number: int) -> common_pb2.Block:
        """One block. Raises as `deliver`."""
        return self._one(channel, identity, number)

    def newest(self, channel: str, identity: SigningIdentity) -> common_pb2.Block:
        """The newest block. Raises as `deliver`."""
        return self._one(channel, identity, None)

    def height(self, channel: str, identity: SigningIdentity) -> int:
        """How many blocks the channel has. Raises as `deliver`."""
        return int(self.newest(channel, identity).header.number) + 1

    @understood
    def config_block(self, channel: str, identity: SigningIdentity) -> common_pb2.Block:
        """The block with the channel's current configuration. Raises as `deliver`."""
        newest = self.newest(channel, identity)
        metadata = common_pb2.Metadata.FromString(newest.metadata.metadata[common_pb2.LAST_CONFIG])
        index = common_pb2.LastConfig.FromString(metadata.value).index
        return newest if index == newest.header.number else self.block(channel, identity, index)

    def serves(self, channel: str, identity: SigningIdentity) -> bool:
        """Whether Deliver answers SUCCESS: the channel is there and Kafka behind it.

        False for NOT_FOUND and SERVICE_UNAVAILABLE; everything else raises as `deliver`.
        """
        try:
            self.newest(channel, identity)
        except (NotFound, ServiceUnavailable):
            return False
        return True

    def _one(self, channel: str, identity: SigningIdentity, number: int | None) -> common_pb2.Block:
        blocks = list(self.deliver(channel, identity, number, number))
        if len(blocks) != 1:
            raise FabricError(f"sent {len(blocks)} blocks of channel {channel} instead of one", target=self.name)
        return blocks[0]


def _status(number: int) -> str:
    try:
        return str(common_pb2.Status.Name(number))
    except ValueError:
        return str(number)
