"""What several commands do in the same way."""

from __future__ import annotations

import json
import sys
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace, _ActionsContainer
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from fabwiz.console.findings import finding_json, show_findings, summary_line
from fabwiz.deploy.events import Event, Kind, now
from fabwiz.deploy.phase import Phase
from fabwiz.exitcodes import ExitCode
from fabwiz.rules.whole import check_whole
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding
from fabwiz.session.load import load
from fabwiz.session.network import Network
from fabwiz.session.scalars import shown


class Refused(Exception):
    """Ends a command with an exit code and a sentence for stderr."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def add_session(parser: ArgumentParser) -> None:
    """The argument that nearly every command takes."""
    session = parser.add_argument(
        "session", type=_session_file, metavar="SESSION", help="the session file, such as lan4.yaml"
    )
    complete_files(session)


def _session_file(word: str) -> Path:
    """A path that can be shown as it is, wherever it comes up. Raises ArgumentTypeError for any other."""
    path = Path(word)
    if not str(path.absolute()).isprintable():
        raise ArgumentTypeError(
            f"the name {shown(str(path.absolute()), 200)} has characters that do not show; rename it"
        )
    return path


def complete_files(argument: Action) -> None:
    """Let shell completion offer files for an argument: what shtab calls FILE, without loading shtab each time."""
    argument.complete = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}  # type: ignore[attr-defined]


def add_until(parser: ArgumentParser) -> None:
    """`--until PHASE`."""
    phases = ", ".join(Phase)
    parser.add_argument(
        "--until", type=_phase, choices=list(Phase), metavar="PHASE", help=f"stop after this phase: {phases}"
    )


def _phase(word: str) -> Phase:
    """A phase by its name. Raises ArgumentTypeError, naming those that there are."""
    try:
        return Phase(word)
    except ValueError:
        raise ArgumentTypeError(f"there is no phase {word}; there are {', '.join(Phase)}") from None


def add_json(parser: _ActionsContainer) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line on stdout, nothing else there")


def errors_console() -> Console:
    """Where a person reads what is wrong, so that stdout stays for results."""
    return Console(stderr=True, highlight=False)


def findings_of(path: Path) -> tuple[Document, tuple[Finding, ...]]:
    """Load a session and run every rule; nothing is connected to.

    Findings of the rules get their line and column from the file.
    """
    document = load(path)
    return document, check_whole(document)


def valid_network(args: Namespace, warn: bool = False) -> Network:
    """The network of a session that no rule blocks. Raises Refused, after the findings were shown.

    With `warn` and `--json` the warnings become events; people find them in `fabwiz check`.
    """
    document, findings = findings_of(args.session)
    blocking = [finding for finding in findings if finding.blocks]
    if document.network is None or blocking:
        raise _refusal(args, blocking)
    if warn and args.json:
        print_finding_events(findings)
    return document.network


def any_network(args: Namespace) -> Network:
    """The network of a session whatever rules it breaks, for commands that look at what is there or take it away.

    What blocks a deployment is shown on stderr as a hint. Raises Refused where there is no network in the file, and
    for names and folders that are none: no network can have been deployed with them, and they would become parts of
    paths and commands.
    """
    document, findings = findings_of(args.session)
    blocking = [finding for finding in findings if finding.blocks]
    if document.network is None or any(finding.rule in _ABOUT_NAMES for finding in blocking):
        raise _refusal(args, blocking)
    if blocking:
        show_findings(errors_console(), blocking)
        counted = summary_line(blocking)
        print(f"fabwiz: {args.session}: {counted}; {args.command} goes on all the same", file=sys.stderr, flush=True)
    return document.network


_ABOUT_NAMES = frozenset({"name-syntax", "domain-syntax", "kafka-broker-name", "remote-dir"})


def _refusal(args: Namespace, blocking: Sequence[Finding]) -> Refused:
    """Show the findings and say that they are in the way."""
    if getattr(args, "json", False):
        print_finding_events(blocking)
    else:
        show_findings(errors_console(), blocking)
    return Refused(ExitCode.INVALID, f"{args.session}: {summary_line(blocking)}; nothing was done")


def print_finding_events(findings: Iterable[Finding]) -> None:
    """Findings as events, among which a script looks for them while a command runs."""
    for finding in findings:
        event = Event(
            now(),
            Kind.FINDING,
            message=finding.message,
            rule=finding.rule,
            severity=finding.severity,
            path=finding.dotted,
            fix=finding.fix.title if finding.fix else None,
        )
        print(event.as_json())
    sys.stdout.flush()


def print_json_findings(findings: Iterable[Finding]) -> None:
    """One object a line."""
    for finding in findings:
        print(json.dumps(finding_json(finding), ensure_ascii=False))
    sys.stdout.flush()
