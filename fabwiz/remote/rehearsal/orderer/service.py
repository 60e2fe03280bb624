"""`orderer.AtomicBroadcast` over gRPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc

from fabwiz.remote.rehearsal.channel.delivery import deliver
from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.orderer.processor import Rejected
from fabwiz.remote.rehearsal.orderer.registrar import Registrar


class AtomicBroadcast(ab_pb2_grpc.AtomicBroadcastServicer):  # type: ignore[misc]
    """Takes envelopes in, hands blocks out."""

    def __init__(self, registrar: Registrar, context: Context, log: Callable[[str], None]) -> None:
        self._registrar = registrar
        self._context = context
        self._log = log

    def Broadcast(  # noqa: N802 - gRPC's name
        self, request_iterator: Iterator[common_pb2.Envelope], context: grpc.ServicerContext
    ) -> Iterator[ab_pb2.BroadcastResponse]:
        """Answer every envelope; the first refusal ends the stream."""
        for envelope in request_iterator:
            try:
                self._registrar.processor.broadcast(envelope)
            except Rejected as error:
                self._log(
                    f"[orderer/common/broadcast] Handle -> WARN Rejecting broadcast message from {context.peer()}: "
                    f"{error}"
                )
                # BroadcastResponse.info came with 1.1
                info = str(error) if self._context.release.number >= (1, 1, 0) else ""
                yield ab_pb2.BroadcastResponse(status=error.status, info=info)
                return
            yield ab_pb2.BroadcastResponse(status=common_pb2.SUCCESS)

    def Deliver(  # noqa: N802 - gRPC's name
        self, request_iterator: Iterator[common_pb2.Envelope], context: grpc.ServicerContext
    ) -> Iterator[ab_pb2.DeliverResponse]:
        """Answer seek requests; anything but SUCCESS ends the stream."""

        def going_on() -> bool:
            return context.is_active() and not self._context.stop.is_set()

        for envelope in request_iterator:
            for item in deliver(envelope, self._registrar.find, going_on, self._log):
                if isinstance(item, common_pb2.Block):
                    yield ab_pb2.DeliverResponse(block=item)
                    continue
                yield ab_pb2.DeliverResponse(status=item)
                if item != common_pb2.SUCCESS:
                    return
