"""`fabwiz check SESSION`: run every rule, offline."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from rich.console import Console

from fabwiz.commands.common import add_json, add_session, findings_of, print_json_findings
from fabwiz.console.findings import show_findings, summary_line
from fabwiz.exitcodes import ExitCode

HELP = "run every rule on a session, offline"
DESCRIPTION = """Run every rule on a session, offline: no host is connected to and nothing is
written. Exit code 0 when no rule blocks a deployment (warnings may be there),
2 otherwise."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --json."""
    add_session(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Check and show."""
    _, findings = findings_of(args.session)
    if args.json:
        print_json_findings(findings)
    else:
        console = Console(highlight=False)
        show_findings(console, findings)
        console.print(f"{args.session}: {summary_line(findings)}", soft_wrap=True)
    return ExitCode.INVALID if any(finding.blocks for finding in findings) else ExitCode.DONE
