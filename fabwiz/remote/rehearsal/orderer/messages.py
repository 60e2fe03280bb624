"""What orderers write into a channel's Kafka topic, and the metadata that tells how far a block reaches into it.

Both are Fabric's own messages (protos/orderer/kafka.proto at every 1.x tag), so that what a stand-in writes reads as
what an orderer writes; the Python package of Fabric's messages no longer has them.
"""

from __future__ import annotations

from dataclasses import dataclass

NORMAL = 1
CONFIG = 2
TIME_TO_CUT = 3
CONNECT = 4
"""NORMAL and CONFIG have the numbers of KafkaMessageRegular.Class."""

_REGULAR_FIELD, _TIME_TO_CUT_FIELD, _CONNECT_FIELD = 1, 2, 3
_FIXED = {1: 8, 5: 4}


@dataclass(frozen=True, slots=True)
class Record:
    """One `orderer.KafkaMessage`: connect; time to cut block `number`; a normal or configuration envelope."""

    kind: int
    number: int = 0
    """Time to cut: the block's number. Otherwise the configuration's sequence by which it was checked."""
    original: int = 0
    """Configuration that was submitted again: offset of the first submission."""
    envelope: bytes = b""

    def pack(self) -> bytes:
        """As bytes."""
        if self.kind == CONNECT:
            return _bytes(_CONNECT_FIELD, b"")
        if self.kind == TIME_TO_CUT:
            return _bytes(_TIME_TO_CUT_FIELD, _number(1, self.number))
        regular = _bytes(1, self.envelope) + _number(2, self.number) + _number(3, self.kind)
        return _bytes(_REGULAR_FIELD, regular + _number(4, self.original))

    @classmethod
    def unpack(cls, data: bytes) -> Record:
        """From bytes. Raises ValueError for what is no such message."""
        outer = _fields(data)
        if _CONNECT_FIELD in outer:
            return cls(CONNECT)
        if _TIME_TO_CUT_FIELD in outer:
            return cls(TIME_TO_CUT, _int(_fields(_raw(outer[_TIME_TO_CUT_FIELD])), 1))
        if _REGULAR_FIELD not in outer:
            raise ValueError("the message has none of KafkaMessage's types")
        inner = _fields(_raw(outer[_REGULAR_FIELD]))
        # Fabric 1.0 knows no classes: what it wrote reads as UNKNOWN, which is 0
        return cls(_int(inner, 3) or NORMAL, _int(inner, 2), _signed(_int(inner, 4)), _raw(inner.get(1, b"")))


def kafka_metadata(offset: int, original: int) -> bytes:
    """`orderer.KafkaMetadata`: last_offset_persisted, last_original_offset_processed."""
    return b"\x08" + _varint(offset) + _number(2, original)


def read_kafka_metadata(data: bytes) -> tuple[int, int]:
    """The two offsets; (-1, 0) for a block that was not ordered, such as the first."""
    found = _fields(data)
    return _signed(_int(found, 1)) if 1 in found else -1, _signed(_int(found, 2))


# the protobuf wire format, as far as these messages need it
def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + _varint(value) if value else b""


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _fields(data: bytes) -> dict[int, int | bytes]:
    """Fields by number; of a repeated one the last. Raises ValueError."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        if tag & 7 == 0:
            found[tag >> 3], at = _read_varint(data, at)
            continue
        length, at = _read_varint(data, at) if tag & 7 == 2 else (_FIXED.get(tag & 7, -1), at)
        if not 0 <= length <= len(data) - at:
            raise ValueError("the message ends in the middle of a field")
        found[tag >> 3] = data[at : at + length]
        at += length
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("the message ends in the middle of a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _int(fields: dict[int, int | bytes], field: int) -> int:
    value = fields.get(field, 0)
    if isinstance(value, bytes):
        raise ValueError(f"field {field} is no number")
    return value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _raw(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a message was expected, not a number")
    return value
