"""How many nodes of each kind go to which host, so that as few hosts as can be are ones that must not fail.

Pure arithmetic: kinds have limits, and a host that carries more nodes of a kind than a limit of it makes a loss. What
is sought is, in this order, the fewest hosts that make any loss, the fewest losses, each kind spread evenly, hosts
loaded evenly, and the first hosts first. The first two are found exactly: no other allotment has fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_FAR = 1 << 60


@dataclass(frozen=True, slots=True)
class Kind:
    """Nodes that are alike: `fixed` are there already, by host, and `free` are to be placed.

    More than `limits[i]` of them on one host are a loss, for each i. `liked` are hosts (by host, how many) that are
    preferred where nothing else decides.
    """

    fixed: tuple[int, ...]
    free: int
    limits: tuple[int, ...]
    liked: tuple[int, ...]

    def losses(self, count: int) -> int:
        """Losses that a host with so many nodes makes."""
        return sum(count > limit for limit in self.limits)

    def room(self, host: int) -> int:
        """Nodes that a host takes without a loss that it does not make already."""
        return min((limit for limit in self.limits if limit >= self.fixed[host]), default=_FAR) - self.fixed[host]


def allot(kinds: Sequence[Kind], usable: Sequence[bool]) -> list[list[int]]:
    """For each kind the nodes to place by host. At least one host must be usable; the others take none."""
    hosts = [host for host, is_usable in enumerate(usable) if is_usable]
    tight = [kind for kind in kinds if sum(min(kind.room(host), kind.free) for host in hosts) < kind.free]
    bad = [host for host in range(len(usable)) if any(kind.losses(kind.fixed[host]) for kind in kinds)]
    choices: list[list[int]] = [[host for host in bad if usable[host]]]
    if tight and not choices[0]:
        # one more host has to be one that must not fail: of hosts that carry the same, the first stands for all
        alike = {tuple((kind.fixed[host], bool(kind.liked[host])) for kind in kinds): host for host in reversed(hosts)}
        choices = [[host] for host in sorted(alike.values())]
    return min((_with(kinds, hosts, choice) for choice in choices), key=lambda found: found[0])[1]


def _with(kinds: Sequence[Kind], hosts: list[int], bad: list[int]) -> tuple[tuple[int, int, int], list[list[int]]]:
    """The allotment where only `bad` hosts make new losses, and what it costs."""
    count = len(kinds[0].fixed) if kinds else 0
    load = [sum(kind.fixed[host] for kind in kinds) for host in range(count)]
    result, losses, squares = [], 0, 0
    for kind in kinds:
        if sum(min(kind.room(host), kind.free) for host in hosts) >= kind.free:
            added = _evenly(kind, hosts, load)
        else:
            added = _tightly(kind, hosts, set(bad), load)
        for host in hosts:
            load[host] += added[host]
            total = kind.fixed[host] + added[host]
            losses += kind.losses(total)
            squares += total * total
        result.append(added)
    return (losses, squares, sum(one * one for one in load)), result


def _evenly(kind: Kind, hosts: list[int], load: list[int]) -> list[int]:
    """Place nodes one by one where the fewest are, without a new loss; best, as each costs more than the one before."""
    added = [0] * len(load)
    room = {host: kind.room(host) for host in hosts}
    for _ in range(kind.free):
        free = (host for host in hosts if added[host] < room[host])
        best = min(
            free,
            key=lambda host: (
                kind.fixed[host] + added[host],
                load[host] + added[host],
                kind.liked[host] <= added[host],
                host,
            ),
        )
        added[best] += 1
    return added


def _tightly(kind: Kind, hosts: list[int], bad: set[int], load: list[int]) -> list[int]:
    """Place nodes of which some must go too many to a host, by going through all numbers for each host in turn."""
    best: list[tuple[int, int, int] | None] = [(0, 0, 0)] + [None] * kind.free
    chosen: list[list[int]] = []  # by host and nodes placed up to it: how many of these it takes
    for host in hosts:
        fixed, before = kind.fixed[host], kind.losses(kind.fixed[host])
        most = kind.free if host in bad else min(kind.free, kind.room(host))
        step: list[tuple[int, int, int] | None] = [None] * (kind.free + 1)
        here_at = [0] * (kind.free + 1)
        for placed, so_far in enumerate(best):
            if so_far is None:
                continue
            for here in range(min(most, kind.free - placed) + 1):
                cost = (
                    so_far[0] + kind.losses(fixed + here) - before,
                    so_far[1] + (fixed + here) ** 2 - fixed**2,
                    so_far[2] + (load[host] + here) ** 2 - load[host] ** 2,
                )
                known = step[placed + here]
                if known is None or cost < known:
                    step[placed + here], here_at[placed + here] = cost, here
        best = step
        chosen.append(here_at)
    added, left = [0] * len(load), kind.free
    for host, here_at in zip(reversed(hosts), reversed(chosen), strict=True):
        added[host] = here_at[left]
        left -= added[host]
    return added
