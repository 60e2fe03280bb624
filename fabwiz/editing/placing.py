"""Nodes and where they run, as edits of a session's plain data: placing, moving, removing.

Whatever the data says wrongly is passed over: somebody is in the middle of writing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fabwiz.rules.suggest import unique
from fabwiz.session.findings import Edit, SessionPath

_SHARED: dict[str, tuple[str, str]] = {
    "zookeeper": ("ZooKeeper", "zk1"),
    "kafka": ("Kafka", "kafka1"),
    "orderers": ("Orderer", "orderer1"),
}
"""Groups of nodes that belong to no peer organization: what they are called, and the first one's name."""
_FIRST_PEER = "peer0"


@dataclass(frozen=True, slots=True)
class Place:
    """A node and its host. `path` leads to it: `("kafka", "kafka3")`, `("organizations", "Org1", "peers", "peer0")`."""

    path: SessionPath
    host: str

    @property
    def name(self) -> str:
        """Its name in the session."""
        return str(self.path[-1])

    @property
    def group(self) -> SessionPath:
        """Where all nodes of its kind stand; peers of one organization are a kind."""
        return self.path[:-1]


def mapping(data: Any, *path: str) -> dict[str, Any]:
    """The mapping at a path; an empty one where there is none."""
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def names(data: Any, *path: str) -> list[str]:
    """The texts of the list at a path; what is no text is left out."""
    found = mapping(data, *path[:-1]).get(path[-1])
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def groups(data: Any) -> tuple[SessionPath, ...]:
    """Every kind of node: ZooKeeper servers, brokers, orderers, and the peers of each organization."""
    return (
        *((group,) for group in _SHARED),
        *(("organizations", name, "peers") for name in mapping(data, "organizations")),
    )


def title(group: SessionPath) -> str:
    """What a kind of node is called: `Kafka`; of peers, the organization's name."""
    return _SHARED[str(group[0])][0] if group[0] in _SHARED else str(group[1])


def placed(data: Any) -> Iterator[Place]:
    """Every node that says where it runs, in the order of the session."""
    for group in groups(data):
        for name, said in mapping(data, *map(str, group)).items():
            host = said.get("host") if isinstance(said, dict) else said
            if isinstance(host, str):
                yield Place((*group, name), host)


def next_name(data: Any, group: SessionPath, host: str) -> str:
    """A name for one more node, in the style of those that are there.

    Numbers go on after the highest one (`zk1`, `zk3` -> `zk4`; `kafka01` -> `kafka02`). Where every node has the name
    of its host, the new one has, too. The first peer of an organization is called as other organizations begin.
    """
    here = {place.name: place.host for place in placed(data) if place.group == group}
    if group[0] in _SHARED:
        # containers of brokers and ZooKeeper servers have these very names
        taken = {name for section in _SHARED for name in mapping(data, section)}
        style = list(here) or [_SHARED[str(group[0])][1]]
    else:
        taken = set(mapping(data, *map(str, group)))
        style = list(here)
    if here and host not in taken and all(name == where for name, where in here.items()):
        return host
    if not here:
        first = style[0] if style else _first_peer(data)
        return unique(first, taken)
    numbered = [match for name in style if (match := re.fullmatch(r"(.*?)(\d{1,9})", name))]
    if not numbered:
        return unique(style[-1], taken)
    stem, digits = numbered[-1].groups()
    highest = max(int(match[2]) for match in numbered if match[1] == stem)
    return unique(f"{stem}{highest + 1:0{len(digits)}d}", taken)


def _first_peer(data: Any) -> str:
    for organization in mapping(data, "organizations"):
        for name in mapping(data, "organizations", organization, "peers"):
            if re.search(r"[01]$", name):
                return name
            break
    return _FIRST_PEER


def likely_host(data: Any, group: SessionPath) -> str | None:
    """Where one more node of a kind most likely goes: the first host that carries nothing, else none of its kind."""
    hosts = list(mapping(data, "hosts"))
    busy = {node.host for node in placed(data)}
    like = {node.host for node in placed(data) if node.group == group}
    free = [*(host for host in hosts if host not in busy), *(host for host in hosts if host not in like), *hosts]
    return free[0] if free else None


def place(data: Any, group: SessionPath, host: str, name: str | None = None) -> Edit:
    """Put one more node of a kind on a host. It gets an id of its own only where its position's is taken."""
    path = (*group, name or next_name(data, group, host))
    if group in (("zookeeper",), ("kafka",)):
        said = list(mapping(data, str(group[0])).values())
        ids = [
            one["id"] if isinstance(one, dict) and isinstance(one.get("id"), int) else position
            for position, one in enumerate(said, 1)
        ]
        if len(said) + 1 in ids:
            return Edit(path, {"host": host, "id": max(ids) + 1})
    return Edit(path, host)


def move(path: SessionPath, host: str) -> Edit:
    """Let a node run on another host; all else that is said of it stays."""
    return Edit((*path, "host"), host)


def remove(data: Any, path: SessionPath) -> list[Edit]:
    """Take a node away, a peer from its organization's anchors, and a broker from the seed brokers."""
    edits = [Edit(path)]
    if path[0] == "organizations":
        edits += without_item(data, ("organizations", str(path[1]), "anchors"), str(path[-1]))
    elif path[0] == "kafka":
        edits += without_item(data, ("ordering", "kafka", "seed_brokers"), str(path[-1]))
    return edits


def without_item(data: Any, path: Sequence[str], item: str) -> list[Edit]:
    """Take a text out of the list at `path`, wherever it stands there; an empty list goes as a whole."""
    found = mapping(data, *path[:-1]).get(path[-1])
    if not isinstance(found, list) or item not in found:
        return []
    if all(one == item for one in found):
        return [Edit(tuple(path))]
    return [Edit((*path, at)) for at in reversed(range(len(found))) if found[at] == item]


def renamed_item(data: Any, path: Sequence[str], old: str, new: str) -> list[Edit]:
    """Put one text for another into the list at `path`."""
    found = mapping(data, *path[:-1]).get(path[-1])
    return [Edit((*path, at), new) for at, one in enumerate(found) if one == old] if isinstance(found, list) else []


def moved_item(data: Any, path: SessionPath, at: int, by: int) -> list[Edit]:
    """Let an item of the list at `path` change places with the one `by` positions further on, if there is one."""
    found = data
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, list) or not (0 <= at < len(found) and 0 <= at + by < len(found)):
        return []
    return [Edit((*path, at), found[at + by]), Edit((*path, at + by), found[at])]


def with_item(data: Any, path: Sequence[str], item: str, order: Sequence[str]) -> Edit:
    """Put a text into the list at `path`, before those that come later in `order`."""
    found = names(data, *path)
    later = set(order[order.index(item) + 1 :]) if item in order else set()
    at = next((position for position, one in enumerate(found) if one in later), len(found))
    return Edit(tuple(path), [*found[:at], item, *found[at:]])
