"""Which peers endorse: the smallest set that the policy is satisfied with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from fabwiz.session.policy import Policy

T = TypeVar("T")


class NotEnoughEndorsers(Exception):
    """The peers that are there cannot satisfy the policy together."""


def choose_endorsers(policy: Policy | None, peers: Mapping[str, Sequence[T]]) -> tuple[T, ...]:
    """The fewest peers that satisfy a policy, at least one; `peers` holds the available ones by MSP id.

    An organization's peers are taken in the order given. `None` is Fabric's default policy: a member of any
    organization of the channel. Raises NotEnoughEndorsers, naming the policy and what is there.
    """
    available = {msp_id: len(some) for msp_id, some in peers.items() if some}
    any_peer: tuple[T, ...] = next(((some[0],) for some in peers.values() if some), ())
    if policy is None:
        chosen = any_peer
    else:
        sets = policy.minimal_endorser_sets(available)
        if not sets:
            there = ", ".join(f"{count} of {msp_id}" for msp_id, count in available.items()) or "none"
            raise NotEnoughEndorsers(f"no set of the available peers ({there}) satisfies the policy {policy}")
        chosen = tuple(peer for msp_id, count in sets[0].items() for peer in peers[msp_id][:count]) or any_peer
    if not chosen:
        raise NotEnoughEndorsers("there is no peer to endorse")
    return chosen
