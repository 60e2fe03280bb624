"""What differs between a block or transaction that is there and the one that the session would give now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fabwiz.artifacts.configtx.decode import decode_block, decode_transaction

_CHANCE = frozenset({"timestamp", "nonce", "tx_id", "data_hash"})
"""What follows from the moment of making, at its place in the header of a block or transaction."""
_LONG = 60


def describe_difference(kept: bytes, wanted: bytes, *, block: bool) -> tuple[str, ...]:
    """One line for each place where the two differ in content, in the order of the places; empty if they do not.

    Timestamps, nonces, transaction ids and the hashes that follow from them are passed over. Raises ValueError
    where one of the two is no such block (`block`) or transaction.
    """
    decode = decode_block if block else decode_transaction
    return tuple(_differences(_content(decode(kept)), _content(decode(wanted)), ()))


def _content(message: dict[str, Any]) -> Any:
    """Without what chance gave it, which is at home in the headers only, and without empty entries of metadata.

    Those are room that orderers and peers fill (from 1.4.2 on with one more); no hash covers them.
    """
    for transaction in message["data"]["data"] if "payload" not in message else [message]:
        header = transaction["payload"]["header"]
        for part in ("channel_header", "signature_header"):
            header[part] = {key: value for key, value in (header[part] or {}).items() if key not in _CHANCE}
    if "header" in message:
        message["metadata"] = [entry for entry in message.get("metadata", {}).get("metadata", []) if entry]
        message["header"] = {key: value for key, value in message["header"].items() if key not in _CHANCE}
    return message


def _differences(kept: Any, wanted: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(kept, dict) and isinstance(wanted, dict):
        for key in sorted(kept.keys() | wanted.keys()):
            if key not in wanted:
                yield f"{_place((*path, key))}: there, but not in the session"
            elif key not in kept:
                yield f"{_place((*path, key))}: in the session, but not there"
            else:
                yield from _differences(kept[key], wanted[key], (*path, key))
    elif isinstance(kept, list) and isinstance(wanted, list) and len(kept) == len(wanted):
        for number, (one, other) in enumerate(zip(kept, wanted, strict=True)):
            yield from _differences(one, other, (*path, str(number)) if len(kept) > 1 else path)
    elif kept != wanted:
        yield f"{_place(path)}: {_short(kept)} there, {_short(wanted)} by the session"


def _place(path: tuple[str, ...]) -> str:
    """Without the wrapping that every place shares: `Orderer.BatchSize.max_message_count`."""
    wrapping = {"data", "payload", "config", "config_update", "channel_group", "groups", "values", "value", "policies"}
    return ".".join(part for part in path if part not in wrapping) or "the whole"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_short, value)) or "nothing"
    text = str(value)
    if len(text) <= _LONG:
        return text or "nothing"
    return "one certificate" if text.startswith("LS0tLS1CRUdJTiBD") else f"{text[:_LONG]}…"
