"""`fabwiz completion SHELL`: completion for bash, zsh or tcsh."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.exitcodes import ExitCode

HELP = "print shell completion"
DESCRIPTION = """Print a completion script. For the present shell:

    source <(fabwiz completion bash)

For all later ones:

    mkdir -p ~/.local/share/bash-completion/completions
    fabwiz completion bash > ~/.local/share/bash-completion/completions/fabwiz

For zsh, write it to a file _fabwiz in a folder of $fpath."""


def add_arguments(parser: ArgumentParser) -> None:
    """SHELL."""
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def run(args: Namespace) -> ExitCode:
    """Print."""
    import shtab

    print(shtab.complete(args.parser, args.shell))
    return ExitCode.DONE
