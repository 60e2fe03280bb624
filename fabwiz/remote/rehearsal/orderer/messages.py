"""What orderers write into a channel's Kafka topic, and the metadata that tells how far a block reaches into it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

CONNECT = b"c"
TIME_TO_CUT = b"t"
NORMAL = b"n"
CONFIG = b"g"


@dataclass(frozen=True, slots=True)
class Record:
    """One message: connect; time to cut block `number`; a normal or configuration envelope."""

    kind: bytes
    number: int = 0
    """Time to cut: the block's number. Otherwise the configuration's sequence by which it was checked."""
    original: int = 0
    """Configuration that was submitted again: offset of the first submission."""
    envelope: bytes = b""

    def pack(self) -> bytes:
        """As bytes."""
        return self.kind + struct.pack(">qq", self.number, self.original) + self.envelope

    @classmethod
    def unpack(cls, data: bytes) -> Record:
        """From bytes."""
        number, original = struct.unpack(">qq", data[1:17])
        return cls(data[:1], number, original, data[17:])


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def kafka_metadata(offset: int, original: int) -> bytes:
    """`orderer.KafkaMetadata` (orderer/kafka.proto): last_offset_persisted, last_original_offset_processed."""
    return b"\x08" + _varint(offset) + (b"\x10" + _varint(original) if original else b"")


def read_kafka_metadata(data: bytes) -> tuple[int, int]:
    """The two offsets; (-1, 0) for a block that was not ordered, such as the first."""
    found = {1: -1, 2: 0}
    at = 0
    while at < len(data):
        field = data[at] >> 3
        at += 1
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found[field] = value - (1 << 64) if value >> 63 else value
    return found[1], found[2]
