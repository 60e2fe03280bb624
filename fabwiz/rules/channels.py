"""Channels and consortiums."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.rules.references import rename_channel
from fabwiz.rules.registry import ERROR, Problem, fix, rule, setting, without
from fabwiz.rules.suggest import near, unique
from fabwiz.session.findings import Fix
from fabwiz.session.network import Channel, Network
from fabwiz.session.shape import nearest

_CHANNEL = re.compile(r"[a-z][a-z0-9.-]*")
_LONGEST = 249


@rule(
    "channel-name",
    ERROR,
    "channel names are [a-z][a-z0-9.-]*, at most 249 characters",
    "The name is also that of a Kafka topic and of a CouchDB database, which take no more than this. The system "
    "channel keeps to it, too.",
    "Fabric: common/configtx/validator.go, validateChannelID",
)
def names(network: Network) -> Iterator[Problem]:
    """Names that orderers refuse."""
    system = network.session.system_channel
    for name in (system, *network.channels):
        if _CHANNEL.fullmatch(name) and len(name) <= _LONGEST:
            continue
        better = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).lstrip("0123456789.-")[:_LONGEST].rstrip("-") or "channel"
        better = unique(better, {system, *network.channels})
        says = (
            f"{name[:60]!r} cannot name a channel: a lower-case letter, then lower-case letters, digits, dots, hyphens"
        )
        if len(name) > _LONGEST:
            says = f"the channel name {name[:20]}... has {len(name)} characters; at most {_LONGEST} are allowed"
        if name in network.channels:
            edits = rename_channel(network, name, better)
            yield Problem(("channels", name), says, fix(f"rename it to {better}", *edits))
        else:
            path = ("system_channel",)
            yield Problem(path, says, fix(f"rename it to {better}", setting(better, *path)))


@rule(
    "channel-system",
    ERROR,
    "no channel has the system channel's name",
    "The orderers' own channel is there from the genesis block on; creating another with its name is taken for a "
    "change of it and fails with a message about an element that is not in the configuration.",
    "Fabric: orderer/common/multichannel; known error 'existing config does not contain element'",
)
def system(network: Network) -> Iterator[Problem]:
    """A channel called like the system channel."""
    name = network.session.system_channel
    if name in network.channels:
        better = unique("system-channel", network.channels)
        yield Problem(
            ("channels", name),
            f"the channel {name} has the name of the orderers' system channel; give one of them another name",
            fix(f"call the system channel {better}", setting(better, "system_channel")),
        )


@rule(
    "channel-organizations",
    ERROR,
    "a channel lists existing organizations, each once, and at least one",
    "The channel's configuration is made from this list; an unknown name has no certificates, and a channel without "
    "members has nobody who could use it.",
    "Fabric: common/tools/configtxgen/encoder, channel creation",
)
def organizations(network: Network) -> Iterator[Problem]:
    """Unknown or repeated organizations, or none."""
    for channel in network.channels.values():
        path = (*channel.path, "organizations")
        given = network.session.channels[channel.name].organizations
        if not given:
            members = [
                name for name in network.consortiums.get(channel.consortium, ()) if name in network.organizations
            ]
            mend = fix("take all of its consortium", setting(members, *path)) if members else None
            yield Problem(path, f"the channel {channel.name} lists no organization; it needs at least one", mend)
        seen: set[str] = set()
        for position, name in enumerate(given):
            if name not in network.organizations:
                meant = nearest(name, list(network.organizations))
                better = [meant if one == name else one for one in given]
                known = [one for one in dict.fromkeys(better) if one in network.organizations]
                yield Problem(
                    (*path, position),
                    f"the channel {channel.name} lists {name!r}, which is no organization of this session"
                    f"{near(name, network.organizations)}",
                    fix(f"use {meant}" if meant else f"leave {name} out", setting(known, *path)) if known else None,
                )
            elif name in seen:
                once = list(dict.fromkeys(given))
                yield Problem(
                    (*path, position),
                    f"the channel {channel.name} lists {name} twice; once is enough",
                    fix("list it once", setting(once, *path)),
                )
            seen.add(name)


@rule(
    "channel-consortium",
    ERROR,
    "a channel's organizations are all members of its consortium",
    "The genesis block says which organizations may create channels together; the orderers refuse a channel with "
    "others. A consortium names organizations of the session, each once.",
    "Fabric: orderer/common/msgprocessor, NewChannelConfig",
)
def consortiums(network: Network) -> Iterator[Problem]:
    """Consortiums of unknown organizations; channels beyond their consortium."""
    for name, members in (network.session.consortiums or {}).items():
        seen: set[str] = set()
        for position, member in enumerate(members):
            if member not in network.organizations or member in seen:
                known = [one for one in dict.fromkeys(members) if one in network.organizations]
                what = (
                    "twice; once is enough"
                    if member in network.organizations
                    else f"but there is no such organization{near(member, network.organizations)}"
                )
                yield Problem(
                    ("consortiums", name, position),
                    f"the consortium {name} names {member} {what}",
                    fix("keep each existing organization once", setting(known, "consortiums", name)),
                )
            seen.add(member)
    for channel in network.channels.values():
        yield from _membership(network, channel)


def _membership(network: Network, channel: Channel) -> Iterator[Problem]:
    members = network.consortiums.get(channel.consortium)
    path = (*channel.path, "consortium")
    if members is None:
        yield Problem(
            path,
            f"the channel {channel.name} belongs to the consortium {channel.consortium}, which is not among the "
            f"consortiums{near(channel.consortium, network.consortiums)}",
            _other_consortium(network, channel),
        )
        return
    inside = set(members)
    outside = [one.name for one in channel.organizations if one.name not in inside]
    if outside:
        mend = _other_consortium(network, channel)
        if network.session.consortiums is not None:
            everyone = [*members, *dict.fromkeys(outside)]
            mend = mend or fix(
                f"take {', '.join(dict.fromkeys(outside))} into {channel.consortium}",
                setting(everyone, "consortiums", channel.consortium),
            )
        yield Problem(
            path,
            f"the channel {channel.name} has {', '.join(dict.fromkeys(outside))}, not in its consortium "
            f"{channel.consortium} ({', '.join(members) or 'empty'}); take them in, or choose another consortium",
            mend,
        )


def _other_consortium(network: Network, channel: Channel) -> Fix | None:
    """A consortium that has all of the channel's organizations."""
    wanted = {one.name for one in channel.organizations}
    for name, members in network.consortiums.items():
        if wanted <= set(members):
            if network.session.consortiums is None:
                return fix("use the consortium of all organizations", without(*channel.path, "consortium"))
            return fix(f"use {name}", setting(name, *channel.path, "consortium"))
    return None
