"""The audit of a session's runs, from its journal: who, when, on which host keys, what changed, how it ended.

Only the fields that are named here leave the journal, whatever else stands there: nothing secret can. Journals that
earlier versions wrote have no name of who ran, and do not tell what was changed from what was only seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from fabwiz.remote.sanitize import clean

BROKEN_OFF = "broken off"
"""The outcome of a run that was killed, or that still goes on."""
_ONLY_SEEN = ("preflight",)


@dataclass(frozen=True, slots=True)
class HostKey:
    """A host as it was logged in to. `key` is `ssh-ed25519 SHA256:...`; None: this machine."""

    host: str
    address: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a step, a phase, a lease or a transaction. `host` None: the workstation."""

    time: str
    phase: str | None
    host: str | None
    node: str | None
    step: str | None
    message: str


@dataclass(slots=True)
class RunRecord:
    """One run."""

    number: int
    """Its place in the journal, from 1."""
    run: str
    began: str
    command: str = "replay"
    until: str | None = None
    data: bool | None = None
    """Whether `down` was to take ledgers, too."""
    network: str = ""
    who: str | None = None
    version: str | None = None
    """Of fabwiz."""
    pid: int | None = None
    ended: str | None = None
    outcome: str = BROKEN_OFF
    """`done`, `skipped` (nothing had to be changed), `failed`, or `broken off`."""
    message: str | None = None
    hosts: list[HostKey] = field(default_factory=list)
    leases: list[Entry] = field(default_factory=list)
    changes: list[Entry] = field(default_factory=list)
    failures: list[Entry] = field(default_factory=list)
    """Steps that failed, and those that were passed over."""
    unfinished: list[Entry] = field(default_factory=list)
    """Steps that began and of which no end was written: what came of them the next run has looked at."""

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return asdict(self)

    @property
    def until_or_data(self) -> str:
        """The command with what was said to it."""
        more = f" --until {self.until}" if self.until else " --data" if self.data else ""
        return f"{self.command}{more}"


def history(records: Iterable[dict[str, Any]]) -> list[RunRecord]:
    """The runs of a journal, oldest first; records that are none of this are passed over."""
    runs: list[RunRecord] = []
    current: dict[str, RunRecord] = {}
    for record in records:
        name, kind = _text(record.get("run")), record.get("kind")
        if kind == "run" or name not in current:
            current[name] = _begun(len(runs) + 1, name, record)
            runs.append(current[name])
        if kind != "run":
            _take(current[name], str(kind), record)
    return runs


def _begun(number: int, name: str, record: dict[str, Any]) -> RunRecord:
    pid = record.get("pid")
    return RunRecord(
        number,
        name,
        _text(record.get("time")),
        command=_text(record.get("command")) or "replay",
        until=_text(record.get("until")) or None,
        data=record.get("data") is True or None,
        network=_text(record.get("network")),
        who=_text(record.get("who")) or None,
        version=_text(record.get("version")) or None,
        pid=pid if isinstance(pid, int) else None,
    )


def _take(run: RunRecord, kind: str, record: dict[str, Any]) -> None:
    entry = _entry(record)
    if kind == "end":
        run.ended, run.outcome = entry.time, _text(record.get("status")) or "failed"
        run.message = entry.message or None
    elif kind == "host":
        key = HostKey(entry.host or "", _text(record.get("address")) or None, _text(record.get("key")) or None)
        if key not in run.hosts:
            run.hosts.append(key)
    elif kind == "lease":
        run.leases.append(_entry(record, _text(record.get("status"))))
    elif kind == "step":
        _take_step(run, entry, record)
    elif kind == "passed-over":
        run.failures.append(_entry(record, "passed over"))
    elif kind in ("check-sent", "check-sent-again"):
        again = " once more" if kind == "check-sent-again" else ""
        run.changes.append(_entry(record, f"transaction {_text(record.get('tx'))} sent{again}", "check"))
    elif kind == "fix":
        command = _text(record.get("command"))
        (run.failures if entry.message else run.changes).append(_entry(record, f"`{command}`", "fix"))
    elif kind == "data-removed":
        run.changes.append(_entry(record, "all data was taken away", "down"))


def _take_step(run: RunRecord, entry: Entry, record: dict[str, Any]) -> None:
    status = record.get("status")
    if status == "started":
        run.unfinished.append(entry)
        return
    same = (entry.phase, entry.host, entry.node, entry.step)
    run.unfinished = [one for one in run.unfinished if (one.phase, one.host, one.node, one.step) != same]
    is_change = record.get("changed") is True
    if run.version is None and "changed" not in record:
        is_change = status == "done" and entry.phase not in _ONLY_SEEN
    if status == "failed":
        run.failures.append(entry)
    elif is_change:
        run.changes.append(entry)


def _entry(record: dict[str, Any], what: str = "", phase: str | None = None) -> Entry:
    message = _text(record.get("message"))
    return Entry(
        _text(record.get("time")),
        _text(record.get("phase")) or phase,
        _text(record.get("host")) or None,
        _text(record.get("node")) or None,
        _text(record.get("step")) or None,
        f"{what}: {message}" if what and message else what or message,
    )


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
