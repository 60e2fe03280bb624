"""`fabwiz demo`: the main job on this machine."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from fabwiz.commands.common import Refused, add_json
from fabwiz.exitcodes import ExitCode

HELP = "the main job on this machine with rehearsal hosts: no server, no Docker needed"
DESCRIPTION = """Deploy an example session on rehearsal hosts: processes on this machine with a
real SSH server each, and stand-ins for Docker, ZooKeeper, Kafka, orderers and
peers that check what the real ones check. From nothing to the chaincode's
answers, in less than half a minute; everything is cleaned up afterwards."""


def add_arguments(parser: ArgumentParser) -> None:
    """[EXAMPLE], --logs, --json."""
    parser.add_argument(
        "example",
        nargs="?",
        default="four-lan-hosts",
        metavar="NAME",
        help="an example session, as `fabwiz examples` lists them (four-lan-hosts)",
    )
    parser.add_argument("--logs", action="store_true", help="show the containers' logs too")
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Rehearse."""
    from fabwiz.commands.common import valid_network
    from fabwiz.commands.running import Settings, deploy_rehearsal
    from fabwiz.session.examples import text

    try:
        example = text(args.example)
    except KeyError as error:
        raise Refused(ExitCode.INVALID, str(error.args[0])) from None
    with tempfile.TemporaryDirectory(prefix="fabwiz-demo-") as folder:
        session_file = Path(folder) / f"{args.example}.yaml"
        session_file.write_text(example, encoding="utf-8")
        args.session = session_file
        network = valid_network(args, warn=True)
        return deploy_rehearsal(network.session, Settings(session_file, json=args.json, logs=args.logs))
