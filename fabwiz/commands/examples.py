"""`fabwiz examples [NAME]`: example sessions to start from."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import Refused
from fabwiz.exitcodes import ExitCode

HELP = "list the example sessions, or print one"
DESCRIPTION = """List the example sessions, or print one to start from:

    fabwiz examples four-lan-hosts > lan4.yaml"""


def add_arguments(parser: ArgumentParser) -> None:
    """[NAME]."""
    parser.add_argument("name", nargs="?", help="which one to print; lists them when left out")


def run(args: Namespace) -> ExitCode:
    """List or print."""
    from fabwiz.session.examples import names, text

    if args.name is None:
        for name in names():
            first = next((line.lstrip("# ") for line in text(name).splitlines() if line.startswith("#")), "")
            print(f"{name:24}{first}")
        return ExitCode.DONE
    try:
        print(text(args.name), end="")
    except KeyError as error:
        raise Refused(ExitCode.INVALID, str(error.args[0])) from None
    return ExitCode.DONE
