"""Asking a network what it shows of itself, for a report."""

from __future__ import annotations

from fabwiz.deploy.events import Status, now
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.run import Run
from fabwiz.deploy.status import heights, status
from fabwiz.report.facts import Facts


def gather(run: Run) -> Facts:
    """Ask every host what runs and, when all run, every peer how high its channels are. Nothing is changed."""
    rows = status(run)
    running = frozenset(row.node.name for row in rows if row.runs)
    return Facts(
        now(),
        {row.node.name: row.status for row in rows},
        running,
        {row.node.host: row.status for row in rows if row.state is None},
        heights(run) if len(running) == len(rows) else {},
        answers(run.journal),
        run.rehearsal,
    )


def answers(journal: Journal) -> tuple[str, ...]:
    """What the chaincode answered in the last run that asked it, by the journal; empty where none did."""
    found: dict[str, list[str]] = {}
    for record in journal.records("step"):
        is_answer = record.get("phase") == Phase.CHECK and record.get("step") == "answers"
        if is_answer and record.get("status") in (Status.DONE, Status.SKIPPED):
            found.setdefault(str(record.get("run")), []).append(str(record.get("message")))
    return tuple(next(reversed(found.values()), []))
