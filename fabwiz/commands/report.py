"""`fabwiz report SESSION`: what to hand over."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import Refused, add_json, add_session, any_network
from fabwiz.commands.remote import add_remote, asker, remote_options
from fabwiz.exitcodes import ExitCode
from fabwiz.session.workspace import Workspace

HELP = "write a report of what runs: Markdown, and the topology as SVG"
DESCRIPTION = """Ask every host and peer what runs, and write what they say into the workspace:
report.md with nodes, ports, channels, the chaincode's last answers, where the
keys lie and the commands for later, and topology.svg. Nothing is changed on any
host. Exit code 0 when all run, 1 when one does not, 3 when a host
could not be asked; then nothing is written."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, how to log in, --json."""
    add_session(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Ask and write."""
    network = any_network(args)
    from fabwiz.commands.running import opened
    from fabwiz.deploy.facts import gather
    from fabwiz.report.write import write_report

    session_file = args.session.absolute()
    with opened(network, session_file, remote_options(args), asker()) as engine:
        facts = gather(engine)
    if facts.silent:
        told = "; ".join(f"host {host}: {why}" for host, why in facts.silent.items())
        raise Refused(ExitCode.REFUSED, f"{told}; no report was written")
    report, picture = write_report(network, Workspace(session_file), facts)
    if args.json:
        print(json.dumps({"report": str(report), "picture": str(picture)}, ensure_ascii=False))
    else:
        print(f"{report}\n{picture}")
    return ExitCode.DONE if len(facts.running) == len(network.nodes) else ExitCode.FAILED
