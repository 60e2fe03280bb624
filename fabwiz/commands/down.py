"""`fabwiz down SESSION`: take the network away."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import add_json, add_session, any_network
from fabwiz.commands.remote import add_remote, add_take_over, asker, remote_options
from fabwiz.exitcodes import ExitCode

HELP = "take the network away: its containers, and with --data its ledgers"
DESCRIPTION = """Remove the network's containers and Docker networks from all hosts. Ledgers,
Kafka's log and keys stay, so that `replay` brings the same network back. With
--data they go, too: volumes, and the files that fabwiz put there. Nothing that
does not carry the network's label is touched, but for the chaincode containers
of its peers; the workspace on this machine stays."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --data, --take-over, how to log in, --json."""
    add_session(parser)
    parser.add_argument(
        "--data", action="store_true", help="remove ledgers, Kafka's log, keys and files on the hosts, too"
    )
    add_take_over(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Take away."""
    network = any_network(args)
    from fabwiz.commands.running import Settings, take_down

    settings = Settings(args.session.absolute(), json=args.json, take_over=args.take_over)
    return take_down(network, settings, remote_options(args), asker(), args.data)
