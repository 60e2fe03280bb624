"""How far a session has come, in a few words, from the end of its journal: for lists of sessions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

_BLOCK = 1 << 16
"""Bytes that are read at once, from the end of a journal towards its beginning."""


def standing(journal: Path) -> str:
    """`not run yet`, `proven to work, 2026-11-21 08:36 UTC`, `failed in kafka, …`. Never raises.

    The last record that tells of it counts, however much else was written behind it.
    """
    try:
        with journal.open("rb") as file:
            for record in _records(file):
                if told := _told(record):
                    return told + _when(record.get("time"))
    except OSError:
        pass
    return "not run yet"


def _told(record: dict[str, Any]) -> str | None:
    kind, phase, failed = record.get("kind"), record.get("phase"), record.get("status") == "failed"
    if kind == "data-removed":
        return "taken away with its data"
    if kind == "step":
        return f"broken off in {phase}"
    if kind != "phase":
        return None
    if phase == "down":
        return "failed to be taken away" if failed else "taken away"
    if failed:
        return f"failed in {phase}"
    return "proven to work" if phase == "check" else f"ran until {phase}"


def _records(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Whole records that may tell of it, the last one first."""
    for line in _lines(file):
        if b'"phase"' not in line and b'"data-removed"' not in line:
            continue  # not parsed: there may be many
        try:
            record = json.loads(line.decode(errors="replace"))
        except (ValueError, RecursionError):  # torn
            continue
        if isinstance(record, dict):
            yield record


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """All lines, the last one first; no more is read than is asked for."""
    position = file.seek(0, 2)
    pieces: list[bytes] = []  # of a line whose beginning is not read yet, the last one first
    while position:
        size = min(position, _BLOCK)
        position -= size
        file.seek(position)
        first, *lines = file.read(size).split(b"\n")
        if lines:
            yield b"".join((lines.pop(), *reversed(pieces)))
            yield from reversed(lines)
            pieces.clear()
        pieces.append(first)
    yield b"".join(reversed(pieces))


def _when(time: object) -> str:
    return f", {time[:10]} {time[11:16]} UTC" if isinstance(time, str) and len(time) >= 16 else ""
