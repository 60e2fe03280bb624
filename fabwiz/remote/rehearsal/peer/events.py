"""`protos.Deliver` of the peer: its blocks, whole or filtered (core/peer/deliverevents.go, from 1.1 on)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.peer import events_pb2, events_pb2_grpc

from fabwiz.remote.rehearsal.channel.delivery import deliver
from fabwiz.remote.rehearsal.channel.envelopes import read
from fabwiz.remote.rehearsal.peer.node import Node


class Deliver(events_pb2_grpc.DeliverServicer):  # type: ignore[misc]
    """Hands committed blocks out."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def Deliver(  # noqa: N802 - gRPC's name
        self, request_iterator: Iterator[common_pb2.Envelope], context: grpc.ServicerContext
    ) -> Iterator[events_pb2.DeliverResponse]:
        """Whole blocks."""
        return self._serve(request_iterator, context, lambda block: events_pb2.DeliverResponse(block=block))

    def DeliverFiltered(  # noqa: N802 - gRPC's name
        self, request_iterator: Iterator[common_pb2.Envelope], context: grpc.ServicerContext
    ) -> Iterator[events_pb2.DeliverResponse]:
        """Transaction ids and validation codes only."""
        return self._serve(
            request_iterator, context, lambda block: events_pb2.DeliverResponse(filtered_block=filtered(block))
        )

    def _serve(
        self,
        requests: Iterator[common_pb2.Envelope],
        context: grpc.ServicerContext,
        wrap: Callable[[common_pb2.Block], Any],
    ) -> Iterator[events_pb2.DeliverResponse]:
        def going_on() -> bool:
            return context.is_active() and not self._node.context.stop.is_set()

        for envelope in requests:
            for item in deliver(envelope, self._node.channels.get, going_on, self._node.log):
                if isinstance(item, common_pb2.Block):
                    yield wrap(item)
                    continue
                yield events_pb2.DeliverResponse(status=item)
                if item != common_pb2.SUCCESS:
                    return


def filtered(block: common_pb2.Block) -> events_pb2.FilteredBlock:
    """What a `FilteredBlock` tells of a block."""
    found = events_pb2.FilteredBlock(number=block.header.number)
    codes = block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER]
    for code, data in zip(codes, block.data.data, strict=True):
        header = read(common_pb2.Envelope.FromString(data)).channel
        found.channel_id = header.channel_id
        found.filtered_transactions.add(txid=header.tx_id, type=header.type, tx_validation_code=code)
    return found
