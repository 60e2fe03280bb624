"""Names and places that fixes propose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from fabwiz.session.findings import Edit
from fabwiz.session.network import Network, Node
from fabwiz.session.shape import nearest


def label(name: str, taken: Collection[str] = (), fallback: str = "node", lower: bool = False) -> str:
    """The nearest DNS label to a name, unlike all taken ones."""
    text = re.sub(r"[^A-Za-z0-9]+", "-", name.lower() if lower else name).strip("-")[:50].strip("-")
    return unique(text or fallback, taken)


def unique(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number that makes it unlike all taken ones: `kafka`, `kafka2`, ..."""
    if name not in taken:
        return name
    stem = name.rstrip("0123456789") or name
    number = int(name[len(stem) :] or 1) + 1 if len(name) - len(stem) < 9 else 2
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def more_nodes(network: Network, section: str, present: tuple[Node, ...], count: int, stem: str) -> list[Edit]:
    """Edits that add `count` nodes to a section, each on the host that carries the fewest of its kind.

    A node gets an explicit id only where its position would clash with ids that are given. Empty if no host is listed.
    """
    if not network.hosts:
        return []
    load = Counter(node.host for node in present)
    taken = {node.name for node in network.nodes} | {node.key for node in present}
    name = present[-1].key if present else f"{stem}1"
    highest = max((node.id for node in present), default=0)
    edits = []
    for position in range(len(present) + 1, len(present) + 1 + count):
        name = unique(name, taken)
        taken.add(name)
        host = min(network.hosts, key=lambda one: (load[one], len(network.on(one))))
        load[host] += 1
        highest = max(highest + 1, position)
        edits.append(Edit((section, name), host if highest == position else {"host": host, "id": highest}))
    return edits


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?` where one of the known words is near, else what there is."""
    words = list(known)
    if meant := nearest(word, words):
        return f"; did you mean {meant}?"
    if not words:
        return ""
    shown = ", ".join(words[:8]) + (", ..." if len(words) > 8 else "")
    return f"; there is {shown}"
