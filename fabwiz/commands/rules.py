"""`fabwiz rules [ID]`: what must hold, and why."""

from __future__ import annotations

import difflib
import json
from argparse import ArgumentParser, Namespace

from rich.console import Console
from rich.text import Text

from fabwiz.commands.common import Refused, add_json
from fabwiz.console.paragraph import print_paragraph
from fabwiz.exitcodes import ExitCode
from fabwiz.rules import RULES

HELP = "explain the rules: what must hold, and why"
DESCRIPTION = "Explain the rules that `check` runs: what must hold, why, and where that comes\nfrom."


def add_arguments(parser: ArgumentParser) -> None:
    """[ID], --json."""
    parser.add_argument("id", nargs="?", metavar="ID", help="one rule, such as kafka-isr; all when left out")
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Explain."""
    if args.id is not None and args.id not in RULES:
        near = difflib.get_close_matches(args.id, RULES, 1)
        hint = f"; did you mean {near[0]}?" if near else "; `fabwiz rules` lists them"
        raise Refused(ExitCode.INVALID, f"there is no rule {args.id}{hint}")
    console = Console(highlight=False)
    for rule in RULES.values() if args.id is None else [RULES[args.id]]:
        if args.json:
            print(
                json.dumps(
                    {
                        "rule": rule.id,
                        "severity": rule.severity,
                        "waivable": rule.waivable,
                        "title": rule.title,
                        "why": rule.why,
                        "source": rule.source,
                    },
                    ensure_ascii=False,
                )
            )
            continue
        kind = f"{rule.severity}, waivable" if rule.waivable else str(rule.severity)
        console.print(Text.assemble((rule.id, "bold"), f"  {kind}  ", (rule.title, "cyan")), soft_wrap=True)
        print_paragraph(console, rule.why, 2)
        print_paragraph(console, Text(f"source: {rule.source}", "dim"), 2)
    return ExitCode.DONE
