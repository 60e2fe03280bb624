"""`fabwiz audit SESSION`: does every host have what it must have, and nothing else?"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fabwiz.commands.common import Refused, add_json, add_session, any_network
from fabwiz.commands.remote import add_remote, asker, remote_options
from fabwiz.exitcodes import ExitCode

if TYPE_CHECKING:
    from fabwiz.deploy.audit_report import HostAudit

HELP = "compare hosts with what they must have: files, keys, containers"
DESCRIPTION = """Ask every host what lies in remote_dir and which containers it has, and compare
that with artifacts/hosts/HOST/ in the workspace: files and keys that do not
belong there or are missing, other contents (SHA-256), modes and owners;
containers that are not what the compose file says (image, ports, mounts,
privileges) or that nobody placed there; others' containers that have mounted
the network's folder or volumes; volumes and networks of nodes that are gone.
Nothing is changed. Containers that do not run are told by `fabwiz status`.
Exit code 0 when nothing differs, 1 when something does, 3 when a host could
not be asked, or there is nothing here to compare it with."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, how to log in, --json."""
    add_session(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Ask, compare and show."""
    network = any_network(args)
    from fabwiz.artifacts.errors import ArtifactError
    from fabwiz.commands.running import opened
    from fabwiz.deploy.audit import Auditor

    with opened(network, args.session.absolute(), remote_options(args), asker()) as engine:
        try:
            audits = Auditor(network, engine.workspace).audit(engine)
        except ArtifactError as error:
            raise Refused(ExitCode.REFUSED, str(error)) from None
    (_print if args.json else _show)(audits)
    if any(audit.error for audit in audits):
        return ExitCode.REFUSED
    return ExitCode.FAILED if any(audit.deviations for audit in audits) else ExitCode.DONE


def _print(audits: Sequence[HostAudit]) -> None:
    """One object for each deviation, then one for each host."""
    for audit in audits:
        for one in audit.deviations:
            found = {"host": audit.host, "kind": one.kind, "subject": one.subject, "message": one.message}
            print(json.dumps(found, ensure_ascii=False))
    for audit in audits:
        counted = {"files": audit.files, "containers": audit.containers, "deviations": len(audit.deviations)}
        said = {"error": audit.error} if audit.error else counted
        print(json.dumps({"host": audit.host, **said}, ensure_ascii=False))


def _show(audits: Sequence[HostAudit]) -> None:
    """A table of what differs; below it a line for each host."""
    console = Console(highlight=False)
    table = Table("host", "kind", "what", "finding", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.overflow = "fold"
    for audit in audits:
        for one in audit.deviations:
            table.add_row(audit.host, Text(one.kind, "red"), Text(one.subject), Text(one.message))
    if table.row_count:
        console.print(table)
    for audit in audits:
        if audit.error:
            console.print(
                Text.assemble((f"host {audit.host} could not be asked: ", "red"), audit.error), soft_wrap=True
            )
            continue
        looked = f"{_count(audit.files, 'file')} and {_count(audit.containers, 'container')} looked at"
        found = len(audit.deviations)
        told = Text("as they must be", "green") if not found else Text(_count(found, "deviation"), "red")
        console.print(Text(f"host {audit.host}: {looked}: ").append_text(told), soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
