"""Cutting batches (orderer/common/blockcutter)."""

from __future__ import annotations

from fabric_protos.common import common_pb2
from fabric_protos.orderer import configuration_pb2


class Cutter:
    """Pending envelopes of a channel."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._bytes = 0

    def ordered(self, envelope: bytes, size: configuration_pb2.BatchSize) -> tuple[list[list[bytes]], bool]:
        """Take an envelope. Returns the batches that are full now, and whether something is left pending."""
        batches = []
        parsed = common_pb2.Envelope.FromString(envelope)
        length = len(parsed.payload) + len(parsed.signature)
        if length > size.preferred_max_bytes:
            if self._pending:
                batches.append(self.cut())
            return [*batches, [envelope]], False
        if self._bytes + length > size.preferred_max_bytes:
            batches.append(self.cut())
        self._pending.append(envelope)
        self._bytes += length
        if len(self._pending) >= size.max_message_count:
            batches.append(self.cut())
        return batches, bool(self._pending)

    def cut(self) -> list[bytes]:
        """All that is pending."""
        batch, self._pending, self._bytes = self._pending, [], 0
        return batch
