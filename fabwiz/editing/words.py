"""Numbers of nodes, and lists, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from fabwiz.session.network import Role
from fabwiz.session.scalars import shown

LONGEST_NAME = 63
"""Characters of a name that are shown."""

_NOUNS = {
    Role.ZOOKEEPER: ("ZooKeeper server", "ZooKeeper servers"),
    Role.KAFKA: ("Kafka broker", "Kafka brokers"),
    Role.ORDERER: ("orderer", "orderers"),
    Role.PEER: ("peer", "peers"),
    Role.COUCHDB: ("CouchDB", "CouchDBs"),
    Role.TOOLS: ("tools container", "tools containers"),
}


def nodes(count: int, role: Role, organization: str | None = None) -> str:
    """`3 Kafka brokers`, `1 peer of Org1`."""
    return f"{count} {noun(role, count, organization)}"


def noun(role: Role, count: int, organization: str | None = None) -> str:
    """`Kafka brokers`, `peer of Org1`."""
    return _NOUNS[role][count != 1] + (f" of {name(organization)}" if organization else "")


def name(text: str) -> str:
    """A name as it may be shown: short, and nothing in it that a terminal would obey."""
    return shown(text, LONGEST_NAME)


def listed(words: Sequence[str], most: int = 8, last: str = "and") -> str:
    """`a, b and c`; of more than `most` the others are counted."""
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
