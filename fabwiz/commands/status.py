"""`fabwiz status SESSION`: what is running."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from rich.console import Console
from rich.table import Table

from fabwiz.commands.common import add_json, add_session, valid_network
from fabwiz.commands.remote import add_remote, asker, remote_options
from fabwiz.exitcodes import ExitCode

HELP = "show what is running, host by host"
DESCRIPTION = """Ask every host which of the session's containers run there, and every peer how high its channels are.
Nothing is changed. Exit code 0 when all run, 1 when one does not, 3 when a host could not be asked."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, how to log in, --json."""
    add_session(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Ask and show."""
    network = valid_network(args)
    from fabwiz.commands.running import opened
    from fabwiz.deploy.status import heights, status

    with opened(network, args.session.absolute(), remote_options(args), asker()) as engine:
        rows = status(engine)
        all_run = all(row.runs for row in rows)
        channels = heights(engine) if all_run else {}
    if args.json:
        for row in rows:
            print(
                json.dumps(
                    {
                        "host": row.node.host,
                        "node": row.node.name,
                        "role": row.node.role,
                        "state": row.state,
                        "status": row.status,
                    },
                    ensure_ascii=False,
                )
            )
        for name, peers in channels.items():
            print(json.dumps({"channel": name, "heights": peers}, ensure_ascii=False))
    else:
        table = Table("host", "container", "role", "state", box=None, pad_edge=False)
        for row in rows:
            colour = "green" if row.runs else "red"
            table.add_row(
                row.node.host,
                row.node.name,
                row.node.role,
                f"[{colour}]{row.state or 'unknown'}[/]  " + row.status.replace("[", "\\["),
            )
        console = Console(highlight=False)
        console.print(table)
        for name, peers in channels.items():
            console.print(
                f"channel {name}: " + ", ".join(f"{peer} {height}" for peer, height in peers.items()),
                markup=False,
                soft_wrap=True,
            )
    if any(row.state is None for row in rows):
        return ExitCode.REFUSED
    return ExitCode.DONE if all_run else ExitCode.FAILED
