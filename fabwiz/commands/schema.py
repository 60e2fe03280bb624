"""`fabwiz schema`: the JSON schema of session files, for editors."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from fabwiz.exitcodes import ExitCode

HELP = "print the JSON schema of session files, for editors"
DESCRIPTION = """Print the JSON schema of session files. With the YAML plugin of an editor, a
first line such as `# yaml-language-server: $schema=fabwiz.schema.json` gives
completion and explanations while you type."""


def add_arguments(parser: ArgumentParser) -> None:
    """None."""


def run(args: Namespace) -> ExitCode:
    """Print."""
    from fabwiz.session.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return ExitCode.DONE
