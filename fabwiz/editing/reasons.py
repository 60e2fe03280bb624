"""Why nodes were spread as they were, and what the network bears then, in sentences for the operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fabwiz.editing import words
from fabwiz.editing.consequences import line
from fabwiz.rules import Loss, Subject, host_losses
from fabwiz.rules.faults import Need, needs
from fabwiz.session.network import Network, Role

_GOES_ON = {
    Subject.ZOOKEEPER: "any one host can fail and ZooKeeper keeps its majority",
    Subject.WRITES: "any one host can fail and channels can still be written",
    Subject.CHANNELS: "any one host can fail and channels can still be created",
    Subject.ORDERERS: "any one host can fail and an orderer is left",
    Subject.PEERS: "any one host can fail and a peer is left",
}
_STOPS = {
    Subject.ZOOKEEPER: "ZooKeeper has no majority and Kafka stops",
    Subject.WRITES: "channels can, at the worst, not be written",
    Subject.CHANNELS: "no channel can be created",
    Subject.ORDERERS: "no orderer is left",
    Subject.PEERS: "the organization has no peer left",
}
_BOTH = "any one host can fail and channels can still be written and created"
_ROLES = {Subject.ZOOKEEPER: Role.ZOOKEEPER, Subject.ORDERERS: Role.ORDERER, Subject.PEERS: Role.PEER}
_MOST = 6
"""Organizations, or hosts, that are told one by one."""

Told = dict[tuple[Subject, str | None], list[tuple[str, Loss]]]


def explained(
    before: Network, after: Network, hosts: Sequence[str], added: int, moved: int, keep: bool
) -> tuple[str, ...]:
    """Sentences on a proposal; `hosts` are those that nodes could be placed on."""
    losses: Told = {}
    for lost in host_losses(after):
        for loss in lost.losses:
            losses.setdefault((loss.subject, loss.organization), []).append((lost.host, loss))
    all_needs = list(needs(after))
    sentences = [*_brokers(all_needs, losses, hosts)]
    for need in all_needs:
        if need.subject in (Subject.ZOOKEEPER, Subject.ORDERERS):
            sentences.append(_sentence(need, losses.get((need.subject, None), []), hosts))
    sentences += _organizations([need for need in all_needs if need.subject is Subject.PEERS], losses, hosts)
    stay = len([node for node in before.nodes if node.role in _MOVABLE]) - moved
    if keep and stay and any(not loss.is_inherent for told in losses.values() for _, loss in told):
        sentences.append(
            f"What was placed stays where it was ({stay} node{'s' if stay > 1 else ''}); "
            "arranging everything anew may do better."
        )
    if not (added or moved):
        sentences.append("Nothing had to be changed.")
    else:
        done = [f"{added} node{'s' if added > 1 else ''} added"] if added else []
        done += [f"{moved} moved"] if moved else []
        sentences.append(f"{words.listed(done).capitalize()}.")
    sentences.append(f"In all, the network {line(after, 160)}.")
    return tuple(sentences)


_MOVABLE = (Role.ZOOKEEPER, Role.KAFKA, Role.ORDERER, Role.PEER)


def _brokers(all_needs: list[Need], losses: Told, hosts: Sequence[str]) -> Iterator[str]:
    """One sentence on writing and creating channels where both fare alike."""
    both = [need for need in all_needs if need.subject in (Subject.WRITES, Subject.CHANNELS)]
    told = [losses.get((need.subject, None), []) for need in both]
    if both and not any(told) and all(need.bearable > 0 for need in both):
        yield f"{_where(both[0])}: {_BOTH}."
    elif both and all(need.bearable > 0 for need in both) and _hosts_of(told[0]) == _hosts_of(told[1]):
        strictest = min(both, key=lambda need: need.bearable)
        yield _must_not(strictest, told[0], hosts, "channels can neither be created nor, at the worst, written")
    else:
        yield from (_sentence(need, found, hosts) for need, found in zip(both, told, strict=True))


def _organizations(peers: list[Need], losses: Told, hosts: Sequence[str]) -> Iterator[str]:
    good = [need for need in peers if not losses.get((need.subject, need.organization))]
    bad = [need for need in peers if need not in good]
    if len(good) > 1 and len({len(need.nodes) for need in good}) == 1:
        names = words.listed([words.name(need.organization or "") for need in good], _MOST)
        count = len(good[0].nodes)
        yield f"{count} peers for each of {names}, on different hosts: any one host can fail and each keeps a peer."
    else:
        yield from (_sentence(need, [], hosts) for need in good[:_MOST])
    yield from (_sentence(need, losses[need.subject, need.organization], hosts) for need in bad[:_MOST])
    if len(bad) > _MOST:
        yield f"So it is with the peers of {len(bad) - _MOST} more organizations."


def _sentence(need: Need, told: list[tuple[str, Loss]], hosts: Sequence[str]) -> str:
    if need.bearable < 0:
        noun = words.nodes(len(need.nodes), _role(need), need.organization)
        return f"{noun} are too few, whatever host fails: change the numbers of copies, or add more."
    if not told:
        return f"{_where(need)}: {_GOES_ON[need.subject]}."
    if need.bearable < 1:
        return f"{_where(need)}: {_inherent(need)}."
    return _must_not(need, told, hosts, _STOPS[need.subject])


def _must_not(need: Need, told: list[tuple[str, Loss]], hosts: Sequence[str], effect: str) -> str:
    names = _hosts_of(told)
    without = "it" if len(names) == 1 else "any of them"
    sentence = f"{_where(need)}: {words.listed(names, _MOST)} must not fail, without {without} {effect}"
    wanted = -(-len(need.nodes) // need.bearable)
    if wanted > len(hosts):
        there = f"there {'is' if len(hosts) == 1 else 'are'} {len(hosts)}"
        sentence += f"; it takes {wanted} hosts to bear the loss of any, {there}"
    load = Counter(node.host for node in need.nodes)
    if len(told) == 1 and load[told[0][0]] > -(-len(need.nodes) // len(hosts)) and wanted > len(hosts) > 1:
        sentence += f"; so many are on {names[0]} because, spread evenly, more hosts would be ones that must not fail"
    return f"{sentence}."


def _hosts_of(told: list[tuple[str, Loss]]) -> list[str]:
    return [words.name(host) for host, _ in told]


def _inherent(need: Need) -> str:
    if need.subject in (Subject.WRITES, Subject.CHANNELS):
        return (
            "as the numbers of copies are, the loss of any one stops writing"
            if need.subject is Subject.WRITES
            else ("there are no more than a channel has copies, so the loss of any one stops new channels")
        )
    return "it must not fail; add another, on another host" if len(need.nodes) == 1 else "none of them may fail"


def _where(need: Need) -> str:
    """`4 Kafka brokers on 4 hosts, one each`."""
    load = Counter(node.host for node in need.nodes)
    noun = words.nodes(len(need.nodes), _role(need), need.organization)
    if len(load) == 1:
        return f"{noun} on {words.name(next(iter(load)))}"
    most = max(load.values())
    return f"{noun} on {len(load)} hosts, {'one each' if most == 1 else f'at most {most} on one'}"


def _role(need: Need) -> Role:
    return _ROLES.get(need.subject, Role.KAFKA)
