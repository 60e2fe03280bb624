"""`fabwiz status SESSION`: what is running."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fabwiz.commands.common import add_json, add_session, any_network
from fabwiz.commands.remote import add_remote, asker, remote_options
from fabwiz.exitcodes import ExitCode

if TYPE_CHECKING:
    from fabwiz.deploy.status import NodeStatus

HELP = "show what is running, host by host"
DESCRIPTION = """Ask every host which of the session's containers run there and, when all run,
every peer how high its channels are; what the network cannot do with what is
down is told, too. Nothing is changed. Exit code 0 when all run and answer,
1 when one does not, 3 when a host could not be asked."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, how to log in, --json."""
    add_session(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Ask and show."""
    network = any_network(args)
    from fabwiz.commands.running import opened
    from fabwiz.deploy.concerns import concerns
    from fabwiz.deploy.status import heights, status

    with opened(network, args.session.absolute(), remote_options(args), asker()) as engine:
        rows = status(engine)
        all_run = all(row.runs for row in rows)
        channels = heights(engine) if all_run else {}
        worries = concerns(engine, rows)
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
        for worry in worries:
            print(json.dumps({"concern": worry}, ensure_ascii=False))
    else:
        _show(rows, channels, worries)
    if any(row.state is None for row in rows):
        return ExitCode.REFUSED
    all_answer = all(isinstance(height, int) for peers in channels.values() for height in peers.values())
    return ExitCode.DONE if all_run and all_answer and not worries else ExitCode.FAILED


def _show(rows: Sequence[NodeStatus], channels: Mapping[str, Mapping[str, int | str]], worries: Sequence[str]) -> None:
    """A table of the containers; below it, once for each host or reason, what is in the way, and what that means.

    Then the heights.
    """
    console = Console(highlight=False)
    table = Table("host", "container", "role", "state", box=None, pad_edge=False)
    for row in rows:
        state = Text(row.state or "unknown", "green" if row.runs else "red")
        table.add_row(row.node.host, row.node.name, row.node.role, state.append(f"  {row.status}" if row.state else ""))
    console.print(table)
    for host, why in dict.fromkeys((row.node.host, row.status) for row in rows if row.state is None):
        console.print(Text.assemble((f"host {host} could not be asked: ", "red"), why), soft_wrap=True)
    for worry in worries:
        console.print(Text(worry, "red"), soft_wrap=True)
    for name, peers in channels.items():
        heights = [f"{peer} {height}" for peer, height in peers.items() if isinstance(height, int)]
        if heights:
            console.print(Text(f"channel {name}: {', '.join(heights)}"), soft_wrap=True)
        silent: dict[str, list[str]] = {}
        for peer, height in peers.items():
            if isinstance(height, str):
                silent.setdefault(height, []).append(peer)
        for why, names in silent.items():
            console.print(
                Text.assemble((f"channel {name}: no height from {', '.join(names)}: ", "red"), why), soft_wrap=True
            )
