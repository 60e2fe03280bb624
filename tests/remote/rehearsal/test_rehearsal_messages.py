"""What stand-in orderers write into Kafka has the bytes of Fabric's protos/orderer/kafka.proto."""

from __future__ import annotations

import pytest

from fabwiz.remote.rehearsal.orderer.messages import (
    CONFIG,
    CONNECT,
    NORMAL,
    TIME_TO_CUT,
    Record,
    kafka_metadata,
    read_kafka_metadata,
)

# field 1 regular (1 payload, 2 config_seq, 3 class, 4 original_offset), 2 time_to_cut (1 block_number), 3 connect
KNOWN = {
    "1a00": Record(CONNECT),
    "12020805": Record(TIME_TO_CUT, 5),
    "1203088001": Record(TIME_TO_CUT, 128),
    "0a050a01781801": Record(NORMAL, envelope=b"x"),
    "0a090a0178100318022007": Record(CONFIG, 3, 7, b"x"),
}


@pytest.mark.parametrize(("data", "record"), KNOWN.items())
def test_messages_have_fabrics_bytes(data: str, record: Record) -> None:
    assert record.pack().hex() == data
    assert Record.unpack(bytes.fromhex(data)) == record


def test_a_message_of_fabric_1_0_has_no_class() -> None:
    assert Record.unpack(bytes.fromhex("0a030a0178")) == Record(NORMAL, envelope=b"x")


@pytest.mark.parametrize("data", [b"", b"\x0a\x05\x0a", b"\x0a", b"\x0b", b"\x08\x01", b"\x12\x02\x0a\x00"])
def test_other_bytes_are_no_message(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"message|field"):
        Record.unpack(data)


def test_a_block_says_how_far_it_reaches_into_the_topic() -> None:
    assert kafka_metadata(300, 0).hex() == "08ac02"
    assert read_kafka_metadata(bytes.fromhex("08ac021007")) == (300, 7)
    assert read_kafka_metadata(kafka_metadata(-3, 0)) == (-3, 0)
    assert read_kafka_metadata(b"") == (-1, 0)
