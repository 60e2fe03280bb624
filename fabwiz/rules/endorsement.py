"""Endorsement policies, and the policies of private data collections."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator

from fabwiz.rules.registry import ERROR, WARNING, Problem, fix, rule, setting, without
from fabwiz.rules.suggest import near
from fabwiz.session.findings import SessionPath
from fabwiz.session.network import Chaincode, Network
from fabwiz.session.policy import NOutOf, Policy, PolicyError, parse
from fabwiz.session.releases import Release
from fabwiz.session.shape import nearest

_COLLECTION = re.compile(r"[A-Za-z0-9_-]+")


@rule(
    "chaincode-policy",
    ERROR,
    "endorsement policies parse, and name MSPs of their channel",
    "The policy says whose peers must endorse a transaction. An MSP id that the channel does not know can never sign, "
    "and every transaction of the chaincode would be invalid.",
    "Fabric: common/cauthdsl/policyparser.go; core/scc/lscc/lscc.go and core/handlers/validation for collections",
)
def policies(network: Network) -> Iterator[Problem]:
    """Policies that Fabric would refuse, or that the channels' members cannot satisfy."""
    for chaincode in network.chaincodes.values():
        if chaincode.spec.policy is not None:
            path = (*chaincode.path, "policy")
            policy = yield from _read(network, chaincode, path, chaincode.spec.policy)
            if policy is not None:
                yield from _satisfiable(chaincode, path, policy)
        yield from _collections(network, chaincode)


def _read(
    network: Network, chaincode: Chaincode, path: SessionPath, text: str
) -> Generator[Problem, None, Policy | None]:
    """Tell what is wrong; return the policy if nothing is."""
    try:
        policy = parse(text, network.release)
    except PolicyError as error:
        around = text[max(0, error.position - 20) : error.position + 20]
        yield Problem(path, f"the policy is not one of Fabric's: {error}, near {around!r}")
        return None
    good = True
    for channel in chaincode.channels:
        members = [organization.msp_id for organization in channel.organizations]
        for msp_id in policy.msp_ids():
            if msp_id not in members:
                good = False
                meant = _meant(msp_id, members, policy)
                hint = near(msp_id, [meant] if meant else members)
                yield Problem(
                    path,
                    f"the policy names {msp_id}, which is no MSP of the channel {channel.name}{hint}",
                    fix(f"name {meant} instead", setting(_renamed(text, msp_id, meant), *path)) if meant else None,
                )
    return policy if good else None


def _meant(msp_id: str, members: list[str], policy: Policy) -> str | None:
    return nearest(msp_id, [one for one in members if one not in policy.msp_ids()] or members)


def _renamed(text: str, msp_id: str, meant: str) -> str:
    return re.sub(rf"(['\"]){re.escape(msp_id)}\.", lambda match: f"{match[1]}{meant}.", text)


def _satisfiable(chaincode: Chaincode, path: SessionPath, policy: Policy) -> Iterator[Problem]:
    for channel in chaincode.channels:
        peers = Counter(organization.msp_id for organization in channel.organizations for _ in organization.nodes)
        if not (policy.satisfied_by(peers) or policy.minimal_endorser_sets(peers)):
            have = ", ".join(f"{count} of {msp_id}" for msp_id, count in peers.items()) or "none"
            yield Problem(
                path,
                f"the peers on the channel {channel.name} ({have}) cannot satisfy the policy, so no transaction would "
                "ever be valid there; it may ask for more peers than there are, or for a role that peers do not have",
                severity=WARNING,
            )


def _collections(network: Network, chaincode: Chaincode) -> Iterator[Problem]:
    collections = chaincode.spec.collections
    path = (*chaincode.path, "collections")
    if collections and network.release is not None and not network.release.has_collections:
        yield Problem(
            path,
            f"Fabric {network.release.version} has no private data collections; they came with 1.2.0",
            fix("leave the collections out", without(*path)),
        )
        return
    for name, collection in collections.items():
        at = (*path, name)
        if not _COLLECTION.fullmatch(name):
            yield Problem(at, f"{name!r} cannot name a collection: use letters, digits, hyphens and underscores")
        policy = yield from _read(network, chaincode, (*at, "policy"), collection.policy)
        if isinstance(policy, NOutOf) and not _is_or(policy):
            yield Problem(
                (*at, "policy"),
                f"the collection {name} lists its members by a policy that is not OR alone; write such as "
                f"OR({', '.join(map(repr, (f'{msp_id}.member' for msp_id in policy.msp_ids())))})",
                fix("use OR", setting(_any_of(policy), *at, "policy")),
            )
        if collection.required_peers > collection.max_peers:
            yield Problem(
                (*at, "max_peers"),
                f"the collection {name} requires {collection.required_peers} peers but sends to "
                f"{collection.max_peers}; max_peers is at least required_peers",
                fix(f"use {collection.required_peers}", setting(collection.required_peers, *at, "max_peers")),
            )
        yield from _reads(network.release, name, at, collection.member_only_read)


def _reads(release: Release | None, name: str, at: SessionPath, member_only_read: bool) -> Iterator[Problem]:
    if member_only_read and release is not None and release.number < (1, 4, 0):
        yield Problem(
            (*at, "member_only_read"),
            f"the collection {name} uses member_only_read, which came with Fabric 1.4.0",
            fix("leave it out", without(*at, "member_only_read")),
        )


def _is_or(policy: NOutOf) -> bool:
    return policy.n == 1 and all(not isinstance(rule, NOutOf) or _is_or(rule) for rule in policy.rules)


def _any_of(policy: NOutOf) -> str:
    return f"OR({', '.join(dict.fromkeys(map(str, policy.principals())))})"
