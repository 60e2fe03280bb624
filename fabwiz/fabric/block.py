"""The hash by which blocks are chained."""

from __future__ import annotations

import hashlib

from fabric_protos.common import common_pb2


def header_hash(header: common_pb2.BlockHeader) -> bytes:
    """SHA-256 over the header's ASN.1 DER: SEQUENCE of number, previous hash and data hash.

    Source: protos/common/block.go, `BlockHeader.Bytes` and `Hash`.
    """
    number = header.number.to_bytes(header.number.bit_length() // 8 + 1, "big")
    body = _der(0x02, number) + _der(0x04, header.previous_hash) + _der(0x04, header.data_hash)
    return hashlib.sha256(_der(0x30, body)).digest()


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
