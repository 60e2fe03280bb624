"""`fabwiz logs SESSION [NODE...]`: the containers' logs."""

from __future__ import annotations

import threading
from argparse import ArgumentParser, Namespace
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fabwiz.commands.common import Refused, add_json, add_session, any_network
from fabwiz.commands.remote import add_remote, asker, remote_options
from fabwiz.deploy.events import Event, Kind
from fabwiz.exitcodes import ExitCode
from fabwiz.remote.connection import RemoteError
from fabwiz.session.workspace import Workspace

if TYPE_CHECKING:
    from fabwiz.deploy.run import Run

HELP = "follow the containers' logs"
DESCRIPTION = """Follow the logs of the session's containers, all or some, until Ctrl-C, from the
last lines that are kept already on. They are written to logs/ in the workspace,
too, each line once. Exit code 3 when no host can be reached."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, NODE..., how to log in, --json."""
    add_session(parser)
    parser.add_argument("nodes", nargs="*", metavar="NODE", help="containers such as kafka1 or peer0.org1.example.com")
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Follow."""
    network = any_network(args)
    known = {node.name for node in network.nodes}
    for name in args.nodes:
        if name not in known:
            raise Refused(ExitCode.INVALID, f"{args.session} has no node {name}; it has {', '.join(sorted(known))}")
    from fabwiz.commands.running import opened, stopping
    from fabwiz.console.plain import JsonLines, PlainLines

    face = JsonLines() if args.json else PlainLines(logs=True)

    wanted = [node for node in network.nodes if not args.nodes or node.name in args.nodes]
    names = {node.name for node in wanted}

    def show(event: Event) -> None:
        if event.node is None or event.node in names:
            face(event)

    session_file = args.session.absolute()
    kept = Workspace(session_file).logs
    over = f"following no more; what came is in {kept}"
    with opened(network, session_file, remote_options(args), asker(), show) as engine, stopping(engine, over):
        _reach(engine, [node.host for node in wanted if node.host in network.hosts])
        for node in wanted:
            for timestamp, text in _kept(kept / f"{node.name}.log"):
                face(Event(timestamp, Kind.LOG, host=node.host, node=node.name, message=text))
        engine.logs.start()
        forever = threading.Event()
        while not engine.stopped:
            forever.wait(0.2)
    return ExitCode.INTERRUPTED


def _reach(engine: Run, hosts: Iterable[str]) -> None:
    """Connect to the hosts. Raises Refused when none can be reached; any other is tried again while logs come in."""
    found = engine.pool.open_all(hosts)
    failed = [engine.explain(error) for error in found.values() if isinstance(error, RemoteError)]
    if found and len(failed) == len(found):
        said = "; ".join(
            f"host {host}: {error.message}" + (f"; {error.remedy}" if error.remedy else "")
            for host, error in zip(found, failed, strict=True)
        )
        raise Refused(ExitCode.REFUSED, said)


def _kept(path: Path, count: int = 10) -> Iterable[tuple[str, str]]:
    """Timestamp and text of the last lines that are kept already: those do not come again."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = deque((line for line in file if line.endswith("\n")), maxlen=count)
    except FileNotFoundError:
        return
    for line in lines:
        timestamp, _, text = line.rstrip("\n").partition(" ")
        yield timestamp, text
