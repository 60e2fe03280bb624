"""Renaming things in a session: the edits for the name itself and for everything that refers to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.rules.registry import setting
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.network import Network, Node, Role


def rename_host(network: Network, old: str, new: str) -> list[Edit]:
    """The host, what is placed on it, and hosts that are reached through it."""
    placed = network.zookeeper + network.kafka + network.orderers + network.peers
    edits = [setting(new, *node.path, "host") for node in placed if node.host == old]
    if network.session.ssh.jump == old:
        edits.append(setting(new, "ssh", "jump"))
    edits += [
        setting(new, "hosts", name, "ssh", "jump") for name, s in network.session.hosts.items() if s.ssh.jump == old
    ]
    return [*edits, Edit(("hosts", old), key=new)]


def rename_node(network: Network, node: Node, new: str) -> list[Edit]:
    """A node, and the anchors or seed brokers that name it."""
    edits = []
    if node.role is Role.PEER and node.organization:
        anchors = network.session.organizations[node.organization].anchors
        base = ("organizations", node.organization, "anchors")
        edits = [setting(new, *base, position) for position, name in enumerate(anchors) if name == node.key]
    elif node.role is Role.KAFKA:
        seeds = network.session.ordering.kafka.seed_brokers or []
        base = ("ordering", "kafka", "seed_brokers")
        edits = [setting(new, *base, position) for position, name in enumerate(seeds) if name == node.key]
    return [*edits, Edit(node.path, key=new)]


def rename_organization(network: Network, old: str, new: str) -> list[Edit]:
    """An organization, its consortiums, channels and checks, and the policies if its MSP id follows its name."""
    session = network.session
    edits = []
    for consortium, members in (session.consortiums or {}).items():
        edits += [setting(new, "consortiums", consortium, i) for i, name in enumerate(members) if name == old]
    for channel, spec in session.channels.items():
        edits += [
            setting(new, "channels", channel, "organizations", i)
            for i, name in enumerate(spec.organizations)
            if name == old
        ]
    for name, chaincode in session.chaincodes.items():
        edits += [
            setting(new, "chaincodes", name, "check", i, "organization")
            for i, step in enumerate(chaincode.check)
            if step.organization == old
        ]
    if old in session.organizations and session.organizations[old].msp_id is None:
        edits += _in_policies(network, f"{old}MSP", f"{new}MSP")
    return [*edits, Edit(("organizations", old), key=new)]


def _in_policies(network: Network, old: str, new: str) -> Iterator[Edit]:
    """An MSP id wherever an endorsement policy or that of a collection names it."""
    names = re.compile(rf"""(?<=['"]){re.escape(old)}(?=\.\w+['"])""")
    for name, chaincode in network.session.chaincodes.items():
        policies: list[tuple[SessionPath, str | None]] = [(("chaincodes", name, "policy"), chaincode.policy)]
        for collection, spec in chaincode.collections.items():
            policies.append((("chaincodes", name, "collections", collection, "policy"), spec.policy))
        for path, policy in policies:
            if policy and (renamed := names.sub(new, policy)) != policy:
                yield setting(renamed, *path)


def rename_channel(network: Network, old: str, new: str) -> list[Edit]:
    """A channel, and the chaincodes and checks on it."""
    edits = []
    for name, chaincode in network.session.chaincodes.items():
        base = ("chaincodes", name)
        edits += [setting(new, *base, "channels", i) for i, one in enumerate(chaincode.channels) if one == old]
        edits += [
            setting(new, *base, "check", i, "channel") for i, step in enumerate(chaincode.check) if step.channel == old
        ]
    return [*edits, Edit(("channels", old), key=new)]
