"""The lease on one host: who may change a network there. See `fabwiz.deploy.lease_scripts` for how it is kept."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fabwiz.deploy.errors import Leased
from fabwiz.deploy.lease_scripts import RELEASE, RENEW, TAKE
from fabwiz.remote.connection import CommandFailed, Connection
from fabwiz.session.network import REMOTE_PARENT

LASTS = 90.0
"""Seconds by the host's clock that a lease lasts after it was last renewed."""

_TOKEN = re.compile(r"([0-9a-f]{8})-[0-9a-f]{8}\Z")
_LATEST = 253402300799
"""The last second of the year 9999: what a host's clock says is hostile, too."""
_LONGEST = 200
_TIMEOUT = 60.0
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has, or had, the lease on a host, as the host tells it."""

    host: str
    token: str
    who: str = "somebody"
    """`user@workstation`."""
    command: str = "fabwiz"
    pid: int | None = None
    workspace: str = ""
    """The folder that it works from, on that workstation."""
    since: float | None = None
    """Seconds since 1970 by the host's clock."""
    age: float = 0.0
    """Seconds since it was renewed."""
    now: float = 0.0
    """The host's clock when it was asked."""

    @property
    def run(self) -> str:
        """The id of the run, as the journal of its workspace has it."""
        return self.token[:8]

    @property
    def until(self) -> float:
        """When it ends by itself, by the host's clock, unless it is renewed."""
        return self.now + max(0.0, LASTS - self.age)

    @property
    def known(self) -> bool:
        """Whether it can be taken over by its token: what a host says may be anything."""
        return bool(_TOKEN.match(self.token))

    def __str__(self) -> str:
        process = f", process {self.pid}" if self.pid is not None else ""
        since = f" since {_time(self.since)}" if self.since is not None else ""
        return f"{self.who} (`{self.command}`, run {self.run}{process}){since}"


@dataclass(frozen=True, slots=True)
class Taken:
    """The lease is ours. `before`: who had it until then."""

    before: Holder | None = None


class Lease:
    """One run's lease on one host."""

    def __init__(self, host: str, remote_dir: str, run: str, about: dict[str, Any]) -> None:
        """`about`: `who`, `command`, `pid` and `workspace`, for others to read; `run`: eight hex digits."""
        self.host = host
        self._remote_dir = remote_dir
        self._run_id = run
        self._token = ""
        self._about = json.dumps(about)

    def take(self, connection: Connection, displaced: Holder | None = None) -> Taken | Holder:
        """Take it; or who has it. `displaced` may have it no longer.

        An expired one is nobody's. Raises RemoteError, CommandFailed where it cannot be written.
        """
        other = displaced.token if displaced and displaced.known else ""
        for _ in range(_TRIES):
            self._token = f"{self._run_id}-{secrets.token_hex(4)}"
            said = self._run(connection, TAKE, self._remote_dir, self._token, f"{LASTS:.0f}", other, self._about)
            if "taken" in said:
                return Taken(self._holder(said, "from") if "from" in said else None)
            if "held" in said:
                return self._holder(said, "held")
            if "again" not in said:
                break
        raise CommandFailed(self.host, "what it says of the lease cannot be understood")

    def renew(self, connection: Connection) -> Taken | Holder | None:
        """Renew it; or who has it now; None: nobody has. Raises RemoteError."""
        said = self._run(connection, RENEW, self._remote_dir, self._token, f"{LASTS:.0f}")
        if "renewed" in said:
            return Taken()
        if "held" in said:
            return self._holder(said, "held")
        if "gone" in said:
            return None
        raise CommandFailed(self.host, "what it says of the lease cannot be understood")

    def release(self, connection: Connection, tidy: bool = False) -> None:
        """Give it back, if it is still ours. `tidy`: `remote_dir` goes, too, if it is empty. Raises RemoteError."""
        self._run(connection, RELEASE, self._remote_dir, self._token, "tidy" if tidy else "", REMOTE_PARENT)

    def _run(self, connection: Connection, script: str, *arguments: str) -> dict[str, list[str]]:
        argv = ["sh", "-c", script, "lease", *arguments]
        answer = connection.run(argv, root=True, timeout=_TIMEOUT, limit=1 << 16).check("keeping the lease")
        said: dict[str, list[str]] = {}
        for line in answer.stdout.splitlines():
            key, _, value = line.partition(" ")
            said.setdefault(key, []).append(value.strip())
        return said

    def _holder(self, said: dict[str, list[str]], key: str) -> Holder:
        since, about = [*said.get("about", []), "", ""][:2]
        told = _object(about)
        pid = told.get("pid")
        clock = (said.get("clock") or [""])[0].split()
        return Holder(
            self.host,
            said[key][0][:_LONGEST],
            _word(told.get("who"), "somebody"),
            _word(told.get("command"), "fabwiz"),
            pid if isinstance(pid, int) and 0 < pid < 1 << 32 else None,
            str(told.get("workspace", "")),
            _number(since),
            min(_number((said.get("age") or [""])[0]) or 0.0, LASTS),
            (_number(clock[-1]) if clock else None) or 0.0,
        )


def held_by(network: str, holders: list[Holder]) -> Leased:
    """The error that ends a run, with who holds the lease, since when, until when, and the way out."""
    first = holders[0]
    hosts = ", ".join(sorted({holder.host for holder in holders}))
    until = max(holders, key=lambda holder: holder.until)
    left = max(0.0, LASTS - until.age)
    return Leased(
        f"{network} is being worked on: {first} has the lease on host {hosts}; unless renewed, it ends in "
        f"{left:.0f} s, at {_time(until.until)} by the host's clock; wait for that run, or end it; if it is dead or "
        "must not go on, take the lease over with --take-over",
        tuple(holders),
    )


def told(holders: Iterable[Holder]) -> str:
    """A line for each run that holds hosts: who, since when, and which hosts."""
    hosts: dict[str, list[str]] = {}
    first: dict[str, Holder] = {}
    for holder in holders:
        hosts.setdefault(holder.run, []).append(holder.host)
        first.setdefault(holder.run, holder)
    return "\n".join(f"{first[run]}, on host {', '.join(names)}" for run, names in hosts.items())


def lost_to(network: str, host: str, holder: Holder | None) -> Leased:
    """The error that ends a run whose lease was taken over. `holder` None: nobody has it any more."""
    what = (
        f"{holder} has taken the lease on host {host} over"
        if holder
        else f"the lease on host {host} is gone: another run has had it meanwhile, or somebody removed it there"
    )
    again = "when that one has ended, run again" if holder else "run again"
    return Leased(
        f"{network}: {what}; this run stopped before its next act; {again}: it goes on from what the hosts show",
        (holder,) if holder else (),
    )


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _word(value: object, otherwise: str) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable())[:_LONGEST] or otherwise


def _number(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _LATEST else None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(min(seconds, _LATEST), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
