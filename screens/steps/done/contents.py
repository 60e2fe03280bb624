"""What the step Done shows, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fabwiz.report.contents import commands, keys
from fabwiz.report.facts import Facts
from fabwiz.report.markdown import height, ports
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace
from screens.widgets.lines import Line


def lines(network: Network, session_file: Path, facts: Facts | None) -> Iterator[Line]:
    """What runs where, channels, answers, keys, commands."""
    yield [("What runs where", "head")]
    width = max((len(node.name) for node in network.nodes), default=0)
    for host in network.hosts.values():
        yield [(f"{host.name}  ", ""), (host.address or "this workstation", "dim")]
        if facts and host.name in facts.silent:
            yield [(f"  could not be asked: {facts.silent[host.name]}", "bad")]
            continue
        for node in network.on(host.name):
            state = facts.states.get(node.name, "") if facts else ""
            look = "good" if facts and node.name in facts.running else "bad" if facts else "dim"
            yield [
                (f"  {node.name:<{width}}  ", ""),
                (f"{state or ('' if facts else 'not asked'):<14}", look),
                (f"  {ports(node)}", "dim"),
            ]
    yield []
    yield [("Channels", "head")]
    for channel in network.channels.values():
        members = ", ".join(organization.name for organization in channel.organizations)
        agreed = facts is not None and channel.name in facts.agreed
        yield [
            (f"  {channel.name}  {members}  ", ""),
            (height(facts, channel.name) if facts else "not asked", "good" if agreed else "bad" if facts else "dim"),
        ]
    if network.chaincodes:
        yield []
        yield [("Chaincode", "head")]
        for chaincode in network.chaincodes.values():
            where = ", ".join(channel.name for channel in chaincode.channels)
            yield [(f"  {chaincode.name} {chaincode.spec.version} on {where}", "")]
        for answer in facts.answers if facts else ():
            yield [(f"  {answer}", "good")]
    yield []
    workspace = Workspace(session_file)
    yield [("Keys", "head"), (f"  below {workspace.root}; hosts have only those of their own nodes", "dim")]
    for what, path in keys(network, workspace):
        yield [(f"  {what}  ", ""), (str(path.relative_to(session_file.parent)), "dim")]
    yield []
    yield [("Commands for later", "head"), (f"  in {session_file.parent}", "dim")]
    for command, does in commands(session_file):
        yield [(f"  {command}", "")]
        yield [(f"      {does}", "dim")]
