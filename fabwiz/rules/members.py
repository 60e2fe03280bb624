"""Peers and anchors of organizations."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, OWN, WARNING, Problem, fix, rule, setting
from fabwiz.rules.suggest import near
from fabwiz.session.network import Network
from fabwiz.session.shape import nearest


@rule(
    "anchor-unknown",
    ERROR,
    "an anchor is a peer of its own organization",
    "The anchor's address goes into the channel's configuration, where the other organizations' peers look for it.",
    OWN,
)
def unknown(network: Network) -> Iterator[Problem]:
    """Anchors that are no peers of their organization."""
    for organization in network.organizations.values():
        given = network.session.organizations[organization.name].anchors
        peers = [peer.key for peer in organization.nodes]
        path = (*organization.path, "anchors")
        for position, name in enumerate(given):
            if name not in peers:
                meant = nearest(name, peers)
                better = [meant if one == name else one for one in given]
                known = [one for one in dict.fromkeys(better) if one in peers] or peers[:1]
                yield Problem(
                    (*path, position),
                    f"{name!r} is an anchor of {organization.name} but none of its peers{near(name, peers)}",
                    fix(f"use {', '.join(known)}" if known else "leave it out", setting(known, *path)),
                )


@rule(
    "anchor-missing",
    WARNING,
    "every organization with peers on a channel has an anchor",
    "Peers of different organizations only find each other through anchors: without one, other organizations do not "
    "learn of these peers, and private data does not reach them.",
    OWN,
)
def missing(network: Network) -> Iterator[Problem]:
    """Organizations on a channel that name no anchor."""
    on_channels = {
        organization.name: channel.name
        for channel in reversed(list(network.channels.values()))
        for organization in channel.organizations
    }
    for organization in network.organizations.values():
        if not organization.nodes or network.session.organizations[organization.name].anchors:
            continue
        if channel := on_channels.get(organization.name):
            first = organization.nodes[0].key
            path = (*organization.path, "anchors")
            yield Problem(
                path,
                f"{organization.name} has peers on {channel} but no anchor; name one, such as {first}",
                fix(f"make {first} its anchor", setting([first], *path)),
            )


@rule(
    "organization-without-peers",
    WARNING,
    "every organization runs a peer",
    "An organization without a peer can sign configurations but neither keeps a ledger nor endorses; often its peers "
    "were only forgotten.",
    OWN,
)
def without_peers(network: Network) -> Iterator[Problem]:
    """Organizations without peers."""
    host = min(network.hosts, key=lambda one: len(network.on(one)), default=None)
    for organization in network.organizations.values():
        if not organization.nodes:
            path = (*organization.path, "peers")
            yield Problem(
                path,
                f"{organization.name} runs no peer; give it one, or remove it if it is not wanted yet",
                fix(f"run peer0 on {host}", setting(host, *path, "peer0")) if host else None,
            )
