"""`fabwiz plan SESSION`: what a run would do."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from rich.console import Console
from rich.text import Text

from fabwiz.commands.common import Refused, add_json, add_session, add_until, valid_network
from fabwiz.exitcodes import ExitCode

HELP = "show what a run would do: files, commands, calls"
DESCRIPTION = """Show what a run would do, by phase and host: the files that each host gets
(private ones are marked), the commands that run there, the calls of Fabric's
API that are sent, and the evidence that is waited for. No host is connected to
and nothing is changed."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --until, --json or --markdown."""
    add_session(parser)
    add_until(parser)
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="as a document to hand over, or to keep")


def run(args: Namespace) -> ExitCode:
    """Plan and show."""
    from fabwiz.artifacts.errors import ArtifactError
    from fabwiz.deploy.plan import plan
    from fabwiz.deploy.plan_text import plan_json, plan_markdown

    network = valid_network(args)
    try:
        phases = plan(network, args.until)
    except ArtifactError as error:
        raise Refused(ExitCode.FAILED, str(error)) from None
    if args.json or args.markdown:
        print(plan_json(phases) if args.json else plan_markdown(network, phases), end="")
        return ExitCode.DONE
    console = Console(highlight=False)
    for phase in phases:
        console.print(Text.assemble((phase.phase, "bold"), f"  {phase.title}"))
        console.print(Text(f"  {phase.why}", "dim"), soft_wrap=True)
        shown: str | None = ""
        for step in phase.steps:
            if step.host != shown:
                console.print(Text(f"  {step.host or 'workstation'}", "cyan"))
                shown = step.host
            console.print(f"    {step.title}", markup=False, soft_wrap=True)
            for action in step.actions:
                mark = Text("  private", "yellow") if action.private else Text()
                console.print(Text(f"      {action.kind:<8}{action.text}").append_text(mark), soft_wrap=True)
    return ExitCode.DONE
