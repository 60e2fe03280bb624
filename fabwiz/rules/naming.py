"""Names and domains: what Docker, DNS, certificates and Fabric's configuration take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.rules.kafka import BROKER_NAME
from fabwiz.rules.references import rename_host, rename_node, rename_organization
from fabwiz.rules.registry import ERROR, OWN, Problem, fix, rule, setting
from fabwiz.rules.suggest import label, unique
from fabwiz.session.findings import SessionPath
from fabwiz.session.network import Network, Node, Role

LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
DNS_NAME = re.compile(rf"(?=.{{1,253}}$){LABEL.pattern}(?:\.{LABEL.pattern})*")
_LOWER_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MSP_ID = re.compile(r"[A-Za-z0-9.-]{1,249}")
_GROUP = re.compile(r"[A-Za-z0-9.-]{1,249}")

_LABEL_WORDS = "letters, digits and hyphens, at most 63, with a letter or digit at both ends"
MAX_COMMON_NAME = 64
"""Characters of a certificate's common name (RFC 5280, ub-common-name), and of a Linux host name."""


@rule(
    "name-syntax",
    ERROR,
    "names of network, hosts, nodes and organizations are DNS labels, MSP ids are MSP ids",
    "These names become container names, host names in certificates and keys of the channel configuration; an "
    "underscore or a space that one of them bears another refuses, often only when the network starts.",
    OWN,
)
def names(network: Network) -> Iterator[Problem]:
    """Names that something on the way would refuse."""
    if not _LOWER_LABEL.fullmatch(network.name):
        better = label(network.name, fallback="network", lower=True)
        yield Problem(
            ("name",),
            f"{network.name!r} cannot name a network: it names Docker's project, which takes lower-case {_LABEL_WORDS}",
            fix(f"rename it to {better}", setting(better, "name")),
        )
    for host in network.hosts:
        if not LABEL.fullmatch(host):
            better = label(host, network.hosts, "host")
            yield Problem(
                ("hosts", host),
                f"{host!r} cannot name a host: use {_LABEL_WORDS}",
                fix(f"rename it to {better}", *rename_host(network, host, better)),
            )
    yield from _nodes(network)
    yield from _organizations(network)
    for consortium in network.consortiums:
        if not _GROUP.fullmatch(consortium):
            yield Problem(
                ("consortiums", consortium),
                f"{consortium!r} cannot name a consortium: use letters, digits, dots and hyphens",
            )


def _nodes(network: Network) -> Iterator[Problem]:
    for node in network.zookeeper + network.kafka + network.orderers + network.peers:
        if node.role is Role.KAFKA:
            # the orderers' pattern has a rule of its own; here only what it lets pass and DNS does not
            good = not BROKER_NAME.fullmatch(node.key) or DNS_NAME.fullmatch(node.key) is not None
        else:
            good = LABEL.fullmatch(node.key) is not None
        if not good:
            better = label(node.key, _siblings(network, node), node.role.value)
            yield Problem(
                node.path,
                f"{node.key!r} cannot name a node: use {_LABEL_WORDS}",
                fix(f"rename it to {better}", *rename_node(network, node, better)),
            )
        elif len(node.name) > MAX_COMMON_NAME:
            yield Problem(
                node.path,
                f"the full name {node.name} has {len(node.name)} characters; certificates and host names take "
                f"{MAX_COMMON_NAME}: shorten the name or the domain",
            )


def _siblings(network: Network, node: Node) -> set[str]:
    """Names that a node of this kind cannot take any more."""
    if node.role is Role.PEER:
        return {peer.key for peer in network.organizations[node.organization or ""].nodes}
    return {one.key for one in network.zookeeper + network.kafka + network.orderers}


def _organizations(network: Network) -> Iterator[Problem]:
    for organization in network.all_organizations:
        path: SessionPath = (*organization.path, "name") if organization.is_orderer else organization.path
        given = LABEL.fullmatch(organization.name)
        if not given:
            better = label(organization.name, network.organizations, "Org")
            yield Problem(
                path,
                f"{organization.name!r} cannot name an organization: use {_LABEL_WORDS}",
                fix(
                    f"rename it to {better}",
                    *(
                        [setting(better, *path)]
                        if organization.is_orderer
                        else rename_organization(network, organization.name, better)
                    ),
                ),
            )
        is_explicit = organization.is_orderer or network.session.organizations[organization.name].msp_id is not None
        if (is_explicit or given) and not _MSP_ID.fullmatch(organization.msp_id):
            taken = {one.msp_id for one in network.all_organizations}
            better = unique(
                re.sub(r"[^A-Za-z0-9.-]", "", organization.msp_id)[:249] or f"{organization.name}MSP", taken
            )
            yield Problem(
                (*organization.path, "msp_id"),
                f"{organization.msp_id!r} is no MSP id: use letters, digits, dots and hyphens; endorsement policies "
                "take nothing else",
                fix(f"rename it to {better}", setting(better, *organization.path, "msp_id")),
            )


@rule(
    "domain-syntax",
    ERROR,
    "every domain is a DNS name",
    "Domains are parts of the names in certificates and of folders; a certificate's common name has room for 64 "
    "characters, `User1@` and the domain among them.",
    OWN,
)
def domains(network: Network) -> Iterator[Problem]:
    """Domains that are no DNS names, or too long for a certificate."""
    for organization in network.all_organizations:
        path: SessionPath = ("domain",) if organization.is_orderer else (*organization.path, "domain")
        domain = organization.domain
        longest = max("tlsca.", "Admin@", f"User{organization.users}@", key=len)
        if not DNS_NAME.fullmatch(domain):
            better = ".".join(label(part, fallback="x") for part in domain.strip(". ").split(".") if part.strip())
            mend = fix(f"use {better}", setting(better, *path)) if DNS_NAME.fullmatch(better) else None
            yield Problem(
                path,
                f"{domain!r} is no DNS name: write labels of {_LABEL_WORDS}, with dots between, such as "
                "org1.example.com",
                mend,
            )
        elif len(longest) + len(domain) > MAX_COMMON_NAME:
            yield Problem(
                path,
                f"the domain has {len(domain)} characters; {longest}{domain} must fit into the {MAX_COMMON_NAME} of a "
                f"certificate's common name: use at most {MAX_COMMON_NAME - len(longest)}",
            )
