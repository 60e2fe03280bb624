"""`fabwiz completion SHELL`: completion for bash, zsh or tcsh."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.exitcodes import ExitCode

HELP = "print shell completion"
DESCRIPTION = """Print a completion script. For bash:

    fabwiz completion bash > ~/.local/share/bash-completion/completions/fabwiz"""


def add_arguments(parser: ArgumentParser) -> None:
    """SHELL."""
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def run(args: Namespace) -> ExitCode:
    """Print."""
    import shtab

    print(shtab.complete(args.parser, args.shell))
    return ExitCode.DONE
