"""`fabwiz images SESSION`: which images each host needs, and how their archives are made."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from rich.console import Console
from rich.text import Text

from fabwiz.commands.common import Refused, add_json, add_session, findings_of
from fabwiz.exitcodes import ExitCode
from fabwiz.images.names import images_of_host
from fabwiz.images.references import normal
from fabwiz.images.shelf import save_command, shell_path
from fabwiz.session.network import Network

HELP = "list the images of each host, and how to save them"
DESCRIPTION = """List the images that each host needs, and the commands with which a machine
that reaches a registry saves them for hosts that cannot pull. Put the files
where images.archives of the session says, and set images.source to load:

    fabwiz images lan4.yaml --commands | sh

in the folder of the session file makes all of them. No host is connected to."""


def add_arguments(parser: ArgumentParser) -> None:
    """SESSION, --commands, --json."""
    add_session(parser)
    parser.add_argument("--commands", action="store_true", help="print nothing but the commands")
    add_json(parser)


def run(args: Namespace) -> ExitCode:
    """List."""
    # the archives themselves may still be missing, which breaks a rule
    document, findings = findings_of(args.session)
    network = document.network
    blocking = [finding for finding in findings if finding.blocks and finding.rule != "images-archives"]
    if network is None or blocking:
        raise Refused(
            ExitCode.INVALID,
            f"{args.session}: {blocking[0].message if blocking else 'it cannot be read'}; `fabwiz check` says more",
        )
    hosts = {host: [normal(name) for name in images_of_host(network, host)] for host in network.hosts}
    hosts = {host: names for host, names in hosts.items() if names}
    if args.json:
        print_json(network, hosts)
    else:
        show(network, hosts, args.commands)
    return ExitCode.DONE


def commands(network: Network, hosts: dict[str, list[str]]) -> dict[str, str]:
    """The command that saves it, by image."""
    folder = network.session.images.archives
    return {name: save_command(name, folder) for names in hosts.values() for name in names}


def print_json(network: Network, hosts: dict[str, list[str]]) -> None:
    """One object an image."""
    for name, command in commands(network, hosts).items():
        needed = [host for host, names in hosts.items() if name in names]
        print(json.dumps({"image": name, "hosts": needed, "command": command}, ensure_ascii=False))


def show(network: Network, hosts: dict[str, list[str]], only_commands: bool) -> None:
    """For people, and for `sh`."""
    lines = commands(network, hosts).values()
    folder = network.session.images.archives
    if only_commands:
        print(f"mkdir -p {shell_path(folder)}")
        for line in lines:
            print(line)
        return
    console = Console(highlight=False)
    for host, names in hosts.items():
        console.print(Text(host, "bold"))
        for name in names:
            console.print(f"  {name}", markup=False, soft_wrap=True)
    console.print(Text(f"\nArchives of them, in {folder!r} beside the session file:", "bold"), soft_wrap=True)
    for line in lines:
        console.print(f"  {line}", markup=False, soft_wrap=True)
