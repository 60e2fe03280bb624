"""The command line: commands -> engine, exit codes."""

from __future__ import annotations

import difflib
import errno
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from fabwiz import __version__
from fabwiz.exitcodes import ExitCode

DESCRIPTION = """From a list of machines to a running Hyperledger Fabric 1.x network with
Kafka ordering.

A session file says which machines there are and what runs on them:

    fabwiz examples four-lan-hosts > lan4.yaml   start from an example
    fabwiz check lan4.yaml                       does it break a rule?
    fabwiz plan lan4.yaml                        what would happen?
    fabwiz replay lan4.yaml                      do it; after a failure, again:
                                                 it goes on from there
    fabwiz status lan4.yaml                      what is running?

`fabwiz demo` does all of it on this machine, without servers or Docker.
"""
EPILOG = """exit codes: 0 done; 1 a step failed; 2 usage, or the session is invalid or
breaks a rule; 3 the preflight refused, or a host could not be reached, and
nothing was changed; 4 another operator holds the lock; 130 interrupted"""

COMMANDS = (
    "check",
    "generate",
    "keys",
    "plan",
    "images",
    "replay",
    "status",
    "audit",
    "fix",
    "logs",
    "report",
    "history",
    "down",
    "demo",
    "rules",
    "schema",
    "examples",
    "completion",
)

_WRITABLE = "fabwiz works in a folder beside the session file: put that file where you may write"
_IN_THE_WAY = "fabwiz needs a folder there: move what is in the way"
_WAYS_OUT = {
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EROFS: _WRITABLE,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EISDIR: "fabwiz needs a file there: move what is in the way",
    errno.ENOSPC: "make room and run again; what was made so far is kept",
    errno.EDQUOT: "make room and run again; what was made so far is kept",
}


def parser() -> ArgumentParser:
    """The whole command line. Building it imports the commands, but nothing that they need to work."""
    # no abbreviations: `down --d` must not take the data away
    top = ArgumentParser(
        "fabwiz",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"fabwiz {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        module = import_module(f"fabwiz.commands.{name}")
        command = commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            epilog=EPILOG,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    top.set_defaults(parser=top)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback reaches the user."""
    try:
        return _main(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        print("fabwiz: interrupted; run again to go on from here", file=sys.stderr)
        if argv is None:
            leave(ExitCode.INTERRUPTED)
        return int(ExitCode.INTERRUPTED)


def _main(words: list[str]) -> int:
    # here and not above: Ctrl-C comes while the commands are loaded, too
    from fabwiz.commands.common import Refused

    if words and not words[0].startswith("-") and words[0] not in COMMANDS:
        print(f"fabwiz: {_no_command(words[0])}", file=sys.stderr)
        return int(ExitCode.INVALID)
    top = parser()
    args = top.parse_args(words)
    if args.command is None:
        top.print_help(sys.stderr)
        return int(ExitCode.INVALID)
    try:
        return int(args.run(args))
    except Refused as error:
        print(f"fabwiz: {error}", file=sys.stderr)
        return int(error.code)
    except BrokenPipeError:
        # whoever read our output has gone; the interpreter must not complain about it while it ends
        sys.stdout = None
        return int(ExitCode.FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        way_out = _WAYS_OUT.get(error.errno or 0)
        print(f"fabwiz: {where}{error.strerror or error}{f'; {way_out}' if way_out else ''}", file=sys.stderr)
        return int(ExitCode.FAILED)


def leave(code: ExitCode) -> None:
    """End the process at once: Python would first wait for threads that still wait for a host."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(int(code))


def _no_command(word: str) -> str:
    near = difflib.get_close_matches(word, COMMANDS, 1)
    if near:
        return f"there is no command {word}; did you mean {near[0]}?"
    if word.endswith((".yaml", ".yml")):
        return f"say what to do with {word}: fabwiz check {word}, fabwiz plan {word}, fabwiz replay {word}"
    return f"there is no command {word}; there are {', '.join(COMMANDS)}"
