"""Blocks and their hashes (protos/common/block.go, protos/utils/blockutils.go)."""

from __future__ import annotations

import hashlib

from fabric_protos.common import common_pb2

METADATA = 4
"""SIGNATURES, LAST_CONFIG, TRANSACTIONS_FILTER, ORDERER."""


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x80 | len(s := size.to_bytes(4, "big").lstrip(b"\0"))]) + s
    return bytes([tag]) + length + body


def header_bytes(header: common_pb2.BlockHeader) -> bytes:
    """ASN.1 DER: SEQUENCE of INTEGER number, OCTET STRING previous hash, OCTET STRING data hash."""
    number = header.number
    integer = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return _der(0x30, _der(0x02, integer) + _der(0x04, header.previous_hash) + _der(0x04, header.data_hash))


def header_hash(header: common_pb2.BlockHeader) -> bytes:
    """SHA-256 of the header: what the next block refers to."""
    return hashlib.sha256(header_bytes(header)).digest()


def data_hash(data: common_pb2.BlockData) -> bytes:
    """SHA-256 of the transactions, one after the other (a Merkle tree of width 2^32 - 1)."""
    return hashlib.sha256(b"".join(data.data)).digest()


def new_block(number: int, previous: bytes, envelopes: list[bytes]) -> common_pb2.Block:
    """A block without any metadata."""
    block = common_pb2.Block()
    block.data.data.extend(envelopes)
    block.header.number, block.header.previous_hash = number, previous
    block.header.data_hash = data_hash(block.data)
    block.metadata.metadata.extend([b""] * METADATA)
    return block
