"""Endorsement policies for people: built from a choice, and said in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from fabwiz.editing.placing import mapping, names
from fabwiz.editing.words import listed
from fabwiz.session.policy import ROLES, NOutOf, Policy, PolicyError, SignedBy, parse
from fabwiz.session.releases import RELEASES, Release

_MOST_COMBINATIONS = 256
_DEEPEST = 3


def built(count: int, msp_ids: Sequence[str], role: str, release: Release | None = None) -> str:
    """A policy that `count` of the organizations sign, each by an identity of `role`.

    Fabric 1.0 has no OutOf: there it is written out. Raises ValueError where that, or the count, cannot be.
    """
    if not 1 <= count <= len(msp_ids):
        raise ValueError(f"{count} of {len(msp_ids)} organizations cannot sign")
    signed = [f"'{msp_id}.{role}'" for msp_id in msp_ids]
    if count == len(signed):
        return f"AND ({','.join(signed)})"
    if count == 1:
        return f"OR ({','.join(signed)})"
    if release is not None and release.number < (1, 1, 0):
        choices = list(combinations(signed, count))
        if len(choices) > _MOST_COMBINATIONS:
            raise ValueError(
                f"Fabric {release.version} has no OutOf, and {len(choices)} ways are too many to write out"
            )
        ways = [f"AND({','.join(choice)})" for choice in choices]
        return f"OR ({','.join(ways)})"
    return f"OutOf({count}, {', '.join(signed)})"


def roles(release: Release | None = None) -> tuple[str, ...]:
    """Roles that sign transactions and that the release's policies know; the most usual first."""
    if release is not None and release.number < (1, 1, 0):
        return ROLES[:2]
    return ("peer", *ROLES[:2])


def majority(of: int) -> int:
    """More than half of so many."""
    return of // 2 + 1


def organizations_by_msp(data: Any) -> dict[str, str]:
    """The organizations of a session's plain data by their MSP ids."""
    return {
        str(mapping(data, "organizations", name).get("msp_id") or f"{name}MSP"): name
        for name in mapping(data, "organizations")
    }


def signers(data: Any, chaincode: str) -> list[str]:
    """MSP ids of those who are on all channels of a chaincode, or on any where nobody is on all."""
    running = names(data, "chaincodes", chaincode, "channels")
    channels = [names(data, "channels", one, "organizations") for one in running]
    by_msp = organizations_by_msp(data)
    everywhere = [msp for msp, name in by_msp.items() if channels and all(name in members for members in channels)]
    return everywhere or [msp for msp, name in by_msp.items() if any(name in members for members in channels)]


def release_of(data: Any) -> Release | None:
    """The release that the session's plain data names, if there is one of that name."""
    return RELEASES.get(str(mapping(data).get("fabric")))


def in_words(text: str, release: Release | None = None, organizations: Mapping[str, str] | None = None) -> str:
    """What a policy means, or what is wrong with it and where. `organizations` are names by MSP id."""
    try:
        policy = parse(text, release)
    except PolicyError as error:
        return f"not a policy: {error}"
    return f"A transaction needs {_words(policy, organizations or {}, 0)}."


def _words(policy: Policy, organizations: Mapping[str, str], depth: int) -> str:
    if isinstance(policy, SignedBy):
        name = organizations.get(policy.msp_id, policy.msp_id)
        article = "an" if policy.role[0] in "aeiou" else "a"
        return f"the signature of {article} {policy.role} of {name}"
    assert isinstance(policy, NOutOf)
    roles = {one.role for one in policy.rules if isinstance(one, SignedBy)}
    if len(policy.rules) > 1 and len(roles) == 1 and all(isinstance(one, SignedBy) for one in policy.rules):
        return _of_one_role(policy, next(iter(roles)), organizations)
    if depth >= _DEEPEST:
        return f"{policy.n} of {len(policy.rules)} more conditions"
    inner = [
        f"({words})" if isinstance(one, NOutOf) and len(one.rules) > 1 else words
        for one, words in ((one, _words(one, organizations, depth + 1)) for one in policy.rules)
    ]
    if policy.n == len(inner):
        return listed(inner, 12)
    if policy.n == 1:
        return f"either {listed(inner, 12, 'or')}"
    return f"{policy.n} of: {listed(inner, 12)}" if policy.n else "nobody's signature"


def _of_one_role(policy: NOutOf, role: str, organizations: Mapping[str, str]) -> str:
    who = [organizations.get(one.msp_id, one.msp_id) for one in policy.rules if isinstance(one, SignedBy)]
    article = "an" if role[0] in "aeiou" else "a"
    if policy.n == len(who):
        return f"the signatures of {listed([f'{article} {role} of {one}' for one in who], 12)}"
    if policy.n == 1:
        return f"the signature of {article} {role} of {listed(who, 12, 'or')}"
    if policy.n == 0:
        return "nobody's signature"
    return f"the signatures of {role}s of {policy.n} of {listed(who, 12)}"
