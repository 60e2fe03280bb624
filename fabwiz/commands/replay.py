"""`fabwiz replay SESSION`: the whole deployment, headless."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from fabwiz.commands.common import add_json, add_session, add_until, valid_network
from fabwiz.commands.remote import add_remote, add_take_over, asker, remote_options
from fabwiz.exitcodes import ExitCode

HELP = "deploy: from the session to a network whose chaincode answers"
DESCRIPTION = """Do the whole deployment, without questions: look at every host, make keys and
artifacts, send each host its bundle, start ZooKeeper, Kafka, orderers and peers
in order, create and join the channels, start the chaincode, and prove that it
answers. What is there already is left as it is, so running again after a
failure, or after kill -9, goes on from there; when everything is there, nothing
is changed."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --until, --dry-run, --logs, --rehearsal, --take-over, and how to log in."""
    add_session(parser)
    add_until(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="look at the hosts and say what would be done; change nothing"
    )
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help="on rehearsal hosts on this machine instead of the session's; needs no Docker",
    )
    parser.add_argument("--logs", action="store_true", help="show the containers' logs too (they are always in logs/)")
    add_take_over(parser)
    add_remote(parser)
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """Deploy."""
    network = valid_network(args, warn=True)
    from fabwiz.commands.running import Settings, deploy, deploy_rehearsal

    settings = Settings(
        args.session.absolute(),
        until=args.until,
        dry_run=args.dry_run,
        json=args.json,
        logs=args.logs,
        take_over=args.take_over,
    )
    if args.rehearsal:
        return deploy_rehearsal(network.session, settings)
    return deploy(network, settings, remote_options(args), asker())
