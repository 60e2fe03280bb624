"""`fabwiz history SESSION`: the audit of its runs."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fabwiz.commands.common import Refused, add_json, add_session
from fabwiz.exitcodes import ExitCode
from fabwiz.session.workspace import Workspace

if TYPE_CHECKING:
    from fabwiz.deploy.history import Entry, RunRecord

HELP = "show who ran what, when, on which host keys, and what changed"
DESCRIPTION = """Show the runs that changed something, or meant to, from the journal in the
workspace: who, when, which command, and how it ended. --run N shows one of
them: the hosts with their keys' fingerprints, and every change by phase and
host. --json exports all of it, a run a line. There are no secrets in it. No
host is connected to."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --run, --json."""
    add_session(parser)
    parser.add_argument("--run", type=_number, metavar="N", dest="number", help="only this run; -1 is the last one")
    add_json(parser)


def _number(word: str) -> int:
    """A run's number. Raises ArgumentTypeError for anything else."""
    try:
        return int(word)
    except ValueError:
        raise ArgumentTypeError(f"{word} is no number; `fabwiz history SESSION` lists the runs by theirs") from None


def run(args: Namespace) -> ExitCode:
    """Read and show."""
    from fabwiz.deploy.history import history
    from fabwiz.deploy.journal import Journal

    path = Workspace(args.session.absolute()).journal
    if not path.exists() and not args.session.exists():
        raise Refused(
            ExitCode.INVALID,
            f"{args.session}: there is no such file, and no workspace {path.parent.name} beside it; check the name",
        )
    if args.session.is_dir():
        example = args.session / "session.yaml"
        raise Refused(ExitCode.INVALID, f"{args.session} is a folder; give the session file in it, such as {example}")
    runs = history(Journal(path).records())
    if args.number is not None:
        runs = _one(runs, args.number, str(args.session))
    if args.json:
        for one in runs:
            print(json.dumps(one.as_dict(), ensure_ascii=False))
    elif args.number is not None:
        _show(runs[0])
    elif runs:
        _list(runs)
    else:
        print(f"{args.session}: not run yet")
    return ExitCode.DONE


def _one(runs: Sequence[RunRecord], number: int, session: str) -> list[RunRecord]:
    wanted = number if number > 0 else len(runs) + 1 + number
    if not 1 <= wanted <= len(runs):
        there = f"there are 1 to {len(runs)}" if runs else "it was not run yet: `fabwiz replay` does"
        raise Refused(ExitCode.INVALID, f"{session}: --run {number}: there is no run {number}; {there}")
    return [runs[wanted - 1]]


_COLOURS = {"done": "green", "skipped": "green", "failed": "red"}


def _list(runs: Sequence[RunRecord]) -> None:
    table = Table("run", "began (UTC)", "who", "command", "changes", "outcome", box=None, pad_edge=False)
    for one in runs:
        outcome = Text(one.outcome, _COLOURS.get(one.outcome, "yellow"))
        changes = str(len(one.changes)) if one.changes else "-"
        table.add_row(str(one.number), _when(one.began), one.who or "-", one.until_or_data, changes, outcome)
    Console(highlight=False).print(table)


def _show(one: RunRecord) -> None:
    console = Console(highlight=False)

    def line(text: str | Text) -> None:
        console.print(text, soft_wrap=True, markup=False)

    line(Text(f"run {one.number} ({one.run}): {one.until_or_data} of {one.network}", "bold"))
    by = f"fabwiz {one.version}" if one.version else "an earlier fabwiz"
    line(f"{one.who or 'somebody'}, with {by}" + (f", process {one.pid}" if one.pid else ""))
    end = f"ended {_when(one.ended)} UTC" if one.ended else "no end was written: it was killed, or goes on"
    line(f"began {_when(one.began)} UTC, {end}")
    line(Text(one.outcome, _COLOURS.get(one.outcome, "yellow")).append(f": {one.message}" if one.message else "", ""))
    if one.hosts:
        line(Text("\nhosts and their keys", "bold"))
        for host in one.hosts:
            line(f"  {host.host}  {host.address or 'this machine'}  {host.key or '-'}")
    for title, entries in (
        ("leases", one.leases),
        ("changes", one.changes),
        ("failures", one.failures),
        ("begun, without an end", one.unfinished),
    ):
        if entries:
            line(Text(f"\n{title}", "bold"))
            for entry in entries:
                line(f"  {_line(entry)}")


def _line(entry: Entry) -> str:
    where = entry.host or "workstation"
    return "  ".join(filter(None, [_when(entry.time)[11:], entry.phase, where, entry.node, entry.step, entry.message]))


def _when(time: str | None) -> str:
    return f"{time[:10]} {time[11:19]}" if time else "-"
