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


def test_long_and_torn_journals_are_read_from_their_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    line = json.dumps({"kind": "step", "phase": "kafka", "message": "x" * 1000})
    end = json.dumps({**phase("check", "done"), "time": "2026-11-21T08:36:39.094Z"})
    path.write_text("\n".join([line] * 500 + [end, '{"kind": "pha']))
    assert standing(path) == "proven to work, 2026-11-21 08:36 UTC"
