"""How far a session has come, in a few words, from the end of its journal: for lists of sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TAIL = 1 << 16
"""Bytes at the end of a journal that are read: some hundred records."""


def standing(journal: Path) -> str:
    """`not run yet`, `proven to work, 2026-11-21 08:36 UTC`, `failed in kafka, …`. Never raises."""
    told = "not run yet"
    for record in _tail(journal):
        kind, phase, status = record.get("kind"), record.get("phase"), record.get("status")
        if kind == "data-removed":
            told = "taken away with its data"
        elif kind == "phase" and phase == "down":
            told = "taken away" if status != "failed" else "failed to be taken away"
        elif kind == "phase" and phase == "check" and status != "failed":
            told = "proven to work"
        elif kind == "phase" and status == "failed":
            told = f"failed in {phase}"
        elif kind == "phase":
            told = f"ran until {phase}"
        elif kind == "step":
            told = f"broken off in {phase}"
        else:
            continue
        told += _when(record.get("time"))
    return told


def _tail(journal: Path) -> list[dict[str, Any]]:
    try:
        with journal.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):  # torn, or cut by the window
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def _when(time: object) -> str:
    return f", {time[:10]} {time[11:16]} UTC" if isinstance(time, str) and len(time) >= 16 else ""
