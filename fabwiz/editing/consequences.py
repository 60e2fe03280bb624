"""What a network can lose, said in one line for the screen's edge and in a sentence for each host."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fabwiz.editing import words
from fabwiz.rules import HostLoss, Loss, Subject, host_losses
from fabwiz.rules.faults import copies_of_topics, needs
from fabwiz.session.network import Network, Role

ROLES = {
    Subject.ZOOKEEPER: Role.ZOOKEEPER,
    Subject.WRITES: Role.KAFKA,
    Subject.CHANNELS: Role.KAFKA,
    Subject.ORDERERS: Role.ORDERER,
    Subject.PEERS: Role.PEER,
}
"""Whose nodes a loss is about."""
_CAN = "can lose any 1 host"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What the loss of a host means. `harmless`: the network goes on."""

    host: str
    harmless: bool
    text: str
    """A whole sentence."""


def line(network: Network | None, width: int = 80) -> str:
    """What the network can lose, in at most `width` columns (40 or more tell something).

    `can lose any 1 host`, `can lose any 1 host, but not c: it carries 2 of 3 ZooKeeper servers`; as much of it as fits.
    """
    return next((text for text in _lines(network) if _columns(text) <= width), "") or _cut(network, width)


def lacking(network: Network) -> tuple[str, ...]:
    """Why the network cannot work even while all hosts do; empty if nothing keeps it from that."""
    there = {node.role for node in network.nodes}
    found = [
        f"no {words.noun(role, 1)}"
        for role in (Role.ZOOKEEPER, Role.KAFKA, Role.ORDERER, Role.PEER)
        if role not in there
    ]
    for need in needs(network):
        if need.bearable < 0 and need.subject is Subject.CHANNELS:
            brokers = words.nodes(len(need.nodes), Role.KAFKA)
            found.append(f"{brokers} for {copies_of_topics(network)} copies of a channel")
        elif need.bearable < 0 and need.subject is Subject.WRITES:
            least = network.session.ordering.kafka.min_insync_replicas
            found.append(f"{copies_of_topics(network)} copies of a channel where writing needs {least}")
    return tuple(found)


def sentences(network: Network) -> tuple[Consequence, ...]:
    """What the loss of each host means, in the order of the hosts."""
    whole = not lacking(network)
    total = Counter((node.role, node.organization) for node in network.nodes)
    return tuple(_consequence(network, lost, total, whole) for lost in host_losses(network))


def carried(losses: tuple[Loss, ...]) -> list[str]:
    """What a host carries that must not be lost: `2 of 3 ZooKeeper servers`, `the only orderer`, each once."""
    return list(dict.fromkeys(_share(loss) for loss in losses))


def _share(loss: Loss) -> str:
    noun = words.noun(ROLES[loss.subject], loss.total, loss.organization)
    if loss.total == 1:
        return f"the only {noun}"
    return f"all {loss.total} {noun}" if loss.carried == loss.total else f"{loss.carried} of {loss.total} {noun}"


def _lines(network: Network | None) -> Iterator[str]:
    """What can be said, the longest first."""
    if network is None or not network.hosts:
        yield "no hosts yet"
        return
    if not network.nodes:
        yield "nothing is placed yet"
        return
    if short := lacking(network):
        yield f"cannot work yet: {words.listed(short)}"
        yield f"cannot work yet: {short[0]}" + (f" and {len(short) - 1} more" if len(short) > 1 else "")
        yield "cannot work yet"
        return
    bad = [one for one in host_losses(network) if one.losses]
    if not bad:
        yield _CAN
        return
    in_use = [host for host in network.hosts if network.on(host)]
    if len(bad) < len(in_use):
        yield from _but_not(bad, len(in_use))
    else:
        yield from _none_at_all(bad)


def _but_not(bad: list[HostLoss], in_use: int) -> Iterator[str]:
    names = [words.name(one.host) for one in bad]
    if len(bad) == 1:
        what = carried(bad[0].losses)
        yield f"{_CAN}, but not {names[0]}: it carries {words.listed(what)}"
        if len(what) > 1:
            yield f"{_CAN}, but not {names[0]}: it carries {what[0]} and more"
        yield f"{_CAN}, but not {names[0]}: {what[0]}"
        yield f"{_CAN}, but not {names[0]}"
    else:
        told = [
            f"{name} ({words.listed(carried(one.losses), 2)})" for name, one in zip(names[:8], bad, strict=False)
        ] + names[8:]
        for most in range(min(len(bad), 8), 0, -1):
            yield f"{_CAN}, but not {words.listed(told, most, 'or')}"
        for most in range(min(len(bad), 12), 0, -1):
            yield f"{_CAN}, but not {words.listed(names, most, 'or')}"
    yield f"{_CAN}, but not {len(bad)} of {in_use}"


def _none_at_all(bad: list[HostLoss]) -> Iterator[str]:
    what = carried(bad[0].losses)
    host = words.name(bad[0].host)
    if len(bad) == 1:
        yield f"cannot lose {host}: everything runs there"
        yield "cannot lose its only host"
    else:
        yield f"cannot lose any of its {len(bad)} hosts: {host} carries {words.listed(what)}"
        yield f"cannot lose any of its {len(bad)} hosts: {host} carries {what[0]}"
    yield f"cannot lose any of its {len(bad)} hosts"


def _consequence(network: Network, lost: HostLoss, total: Counter[tuple[Role, str | None]], whole: bool) -> Consequence:
    host, there = words.name(lost.host), network.on(lost.host)
    if not there:
        return Consequence(lost.host, True, f"{host} runs nothing: losing it takes nothing away.")
    if lost.losses:
        told = list(dict.fromkeys(loss.message for loss in lost.losses))
        sentence = f"Without {host} the network loses {'; '.join(told)}."
        if any(loss.is_inherent for loss in lost.losses):
            few = [_share(loss) for loss in lost.losses if loss.is_inherent]
            sentence += f" Moving {words.listed(list(dict.fromkeys(few)))} does not help: add more."
        return Consequence(lost.host, False, sentence)
    gone = Counter((node.role, node.organization) for node in there)
    left = [
        f"{total[kind] - count} of {words.nodes(total[kind], *kind)}"
        for kind, count in gone.items()
        if kind[0] not in (Role.COUCHDB, Role.TOOLS)
    ]
    if not whole:
        return Consequence(lost.host, True, f"Without {host} there are left {words.listed(left)}.")
    return Consequence(lost.host, True, f"{host} can fail: {words.listed(left)} go on, and that is enough.")


def _cut(network: Network | None, width: int) -> str:
    text = min(_lines(network), key=_columns)
    while text and _columns(text) + 3 > width:
        text = text[:-1]
    return f"{text.rstrip()}..."[: max(width, 0)]


def _columns(text: str) -> int:
    """Columns on a terminal, where East Asian characters take two."""
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
