"""How far a session has come, from its journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fabwiz.deploy.journal import Journal
from fabwiz.deploy.standing import standing


def phase(name: str, status: str) -> dict[str, Any]:
    return {"kind": "phase", "phase": name, "status": status}


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([phase("preflight", "done"), phase("check", "done")], "proven to work"),
        ([phase("check", "skipped")], "proven to work"),
        ([phase("check", "done"), phase("kafka", "failed")], "failed in kafka"),
        ([phase("generate", "done")], "ran until generate"),
        ([phase("generate", "done"), {"kind": "step", "phase": "distribute"}], "broken off in distribute"),
        ([phase("check", "done"), phase("down", "done")], "taken away"),
        ([phase("down", "done"), {"kind": "data-removed"}], "taken away with its data"),
        ([phase("check", "done"), {"kind": "check-sent"}], "proven to work"),
    ],
)
def test_the_last_that_was_done_counts(tmp_path: Path, records: list[dict[str, Any]], told: str) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for record in records:
        journal.append(**record)
    assert standing(journal.path).startswith(f"{told}, 20")
    assert standing(journal.path).endswith(" UTC")


def test_a_session_that_was_not_run_says_so(tmp_path: Path) -> None:
    assert standing(tmp_path / "journal.jsonl") == "not run yet"


END = json.dumps({**phase("check", "done"), "time": "2026-11-21T08:36:39.094Z"})
TOLD = "proven to work, 2026-11-21 08:36 UTC"


def test_long_and_torn_journals_are_read_from_their_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = json.dumps({"kind": "step", "phase": "kafka", "message": "x" * 1000})
    path.write_text("\n".join([line] * 500 + [END, '{"kind": "pha']))
    assert standing(path) == TOLD


@pytest.mark.parametrize(
    "later",
    [
        '{"kind": "host", "host": "a", "key": "ssh-ed25519 SHA256:AAAA"}\n' * 5000,
        json.dumps({"kind": "check-sent", "envelope": "x" * 500_000}),
        json.dumps({"kind": "check-sent", "call": '"phase"', "envelope": "x" * 500_000}),
        '{"kind": "phase", "status": "' + "x" * 500_000,
        "\n" * 200_000,
    ],
    ids=["many hosts", "a large transaction", "one that names phases", "a large torn record", "nothing at all"],
)
def test_whatever_else_a_run_wrote_does_not_hide_it(tmp_path: Path, later: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(f"{END}\n{later}")
    assert standing(path) == TOLD


@pytest.mark.parametrize("length", range((1 << 16) - 3, (1 << 16) + 3))
def test_records_are_found_wherever_they_lie(tmp_path: Path, length: int) -> None:
    """Whatever is read at once: a record's first and last bytes may fall into two pieces, and so may line ends."""
    path = tmp_path / "journal.jsonl"
    for text in (f"{END}\n{'x' * length}", f"{'x' * length}\n{END}", f"{END}\n{'x' * length}\n" * 3):
        path.write_text(text)
        assert standing(path) == TOLD


def test_of_a_journal_too_large_for_any_memory_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with path.open("wb") as file:
        file.truncate(100 << 30)  # a hole, which takes no room
    with path.open("a") as file:
        file.write(f"\n{END}\n")
    assert standing(path) == TOLD
