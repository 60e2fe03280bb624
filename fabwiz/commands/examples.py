"""`fabwiz examples [NAME]`: example sessions to start from."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from itertools import takewhile
from textwrap import fill

from fabwiz.commands.common import Refused
from fabwiz.exitcodes import ExitCode

HELP = "list the example sessions, or print one"
DESCRIPTION = """List the example sessions, or print one to start from:

    fabwiz examples four-lan-hosts > lan4.yaml"""


def add_arguments(parser: ArgumentParser) -> None:
    """[NAME]."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one to print; lists them when left out")


def run(args: Namespace) -> ExitCode:
    """List or print."""
    from fabwiz.session.examples import names, text

    if args.name is None:
        for name in names():
            print(name)
            print(fill(_said_of(text(name)), 78, initial_indent="    ", subsequent_indent="    "))
        return ExitCode.DONE
    try:
        print(text(args.name), end="")
    except KeyError as error:
        raise Refused(ExitCode.INVALID, str(error.args[0])) from None
    return ExitCode.DONE


def _said_of(example: str) -> str:
    """The comment at its top, in one line."""
    comment = takewhile(lambda line: line.startswith("#"), example.splitlines())
    return " ".join(line.lstrip("# ") for line in comment)
