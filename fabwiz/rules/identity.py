"""What must be unlike everything else of its kind: full names of containers, MSP ids, domains."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.references import rename_node
from fabwiz.rules.registry import ERROR, OWN, Problem, fix, rule, setting
from fabwiz.rules.suggest import label, unique
from fabwiz.session.findings import SessionPath, dotted
from fabwiz.session.network import Network, Node, Organization, Role


@rule(
    "duplicate-node",
    ERROR,
    "no two containers have the same full name",
    "Every container is known to all others by its full name. Of two with the same name one would answer for the "
    "other, and on one host the second could not even start. Upper and lower case count as the same, as in DNS.",
    OWN,
)
def nodes(network: Network) -> Iterator[Problem]:
    """Full names that are taken."""
    first: dict[str, Node] = {}
    taken = {node.key for node in network.nodes} | {node.name for node in network.nodes}
    for node in network.nodes:
        other = first.setdefault(node.name.lower(), node)
        if other is node:
            continue
        if node.role in (Role.COUCHDB, Role.TOOLS) and other.role is node.role:
            continue  # their peers have the same name, and that was told
        better = unique(node.key, taken)
        taken.add(better)
        can_rename = node.role not in (Role.COUCHDB, Role.TOOLS)
        yield Problem(
            node.path,
            f"{dotted(node.path)} and {dotted(other.path)} have the same full name {node.name}; rename one of them",
            fix(f"rename it to {better}", *rename_node(network, node, better)) if can_rename else None,
        )


@rule(
    "duplicate-msp",
    ERROR,
    "MSP ids and domains of organizations are unique",
    "The MSP id is how everyone tells organizations apart, and the domain names their folders of keys: with one for "
    "two, one organization would sign as the other.",
    OWN,
)
def msps(network: Network) -> Iterator[Problem]:
    """MSP ids and domains that are taken."""
    ids: dict[str, Organization] = {}
    domains: dict[str, Organization] = {}
    all_ids = {organization.msp_id for organization in network.all_organizations}
    all_domains = {organization.domain.lower() for organization in network.all_organizations}
    for organization in network.all_organizations:
        name = organization.name
        owner = ids.setdefault(organization.msp_id, organization)
        if owner is not organization:
            better = unique(f"{label(name)}MSP", all_ids)
            all_ids.add(better)
            path: SessionPath = (*organization.path, "msp_id")
            yield Problem(
                path,
                f"{name} and {owner.name} both have the MSP id {organization.msp_id}; give each its own",
                fix(f"use {better}", setting(better, *path)),
            )
        owner = domains.setdefault(organization.domain.lower(), organization)
        if owner is not organization:
            path = (*organization.path, "domain")
            above = organization.domain.partition(".")[2] or organization.domain
            better = f"{unique(label(name, lower=True), {d.partition('.')[0] for d in all_domains})}.{above}"
            all_domains.add(better)
            yield Problem(
                path,
                f"{name} and {owner.name} both have the domain {organization.domain}; give each its own",
                fix(f"use {better}", setting(better, *path)),
            )
