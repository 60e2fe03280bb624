"""`fabwiz logs SESSION [NODE...]`: the containers' logs."""

from __future__ import annotations

import threading
from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import Refused, add_json, add_session, valid_network
from fabwiz.commands.remote import add_remote, asker, remote_options
from fabwiz.exitcodes import ExitCode

HELP = "follow the containers' logs"
DESCRIPTION = """Follow the logs of the session's containers, all or some, until Ctrl-C. They are also written to
logs/ in the workspace, each line once."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, NODE..., how to log in, --json."""
    add_session(parser)
    parser.add_argument("nodes", nargs="*", metavar="NODE", help="containers such as kafka1 or peer0.org1.example.com")
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Follow."""
    network = valid_network(args)
    known = {node.name for node in network.nodes}
    for name in args.nodes:
        if name not in known:
            raise Refused(ExitCode.INVALID, f"{args.session} has no node {name}; it has {', '.join(sorted(known))}")
    from fabwiz.commands.running import opened, stopping
    from fabwiz.console.plain import JsonLines, PlainLines
    from fabwiz.deploy.events import Event

    face = JsonLines() if args.json else PlainLines(logs=True)

    def show(event: Event) -> None:
        if not args.nodes or event.node in args.nodes:
            face(event)

    session_file = args.session.absolute()
    with opened(network, session_file, remote_options(args), asker(), show) as engine, stopping(engine):
        engine.logs.start()
        forever = threading.Event()
        while not engine.stopped:
            forever.wait(0.2)
    return ExitCode.INTERRUPTED
