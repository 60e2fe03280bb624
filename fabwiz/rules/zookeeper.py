"""The ZooKeeper ensemble."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, GUIDE, THREE_ORGS, WARNING, Problem, fix, rule, without
from fabwiz.rules.suggest import more_nodes
from fabwiz.session.findings import Fix
from fabwiz.session.network import Network


@rule(
    "zookeeper-count",
    ERROR,
    "there is an odd number of ZooKeeper servers, 3 to 7",
    "ZooKeeper works as long as a majority of its servers does: 3 bear the loss of 1, 5 of 2. An even number bears no "
    "more than the odd one below it, one server bears none, and more than 7 only slow down every write.",
    GUIDE,
    waivable=True,
)
def count(network: Network) -> Iterator[Problem]:
    """Too few, too many, or an even number of servers."""
    servers = len(network.zookeeper)
    path = ("zookeeper",)
    if servers > 7:
        spare = [node.path for node in network.zookeeper[7:]]
        yield Problem(
            path,
            f"{servers} ZooKeeper servers: more than 7 only slow it down; keep 7, 5 or 3",
            fix("keep the first 7 servers", *(without(*one) for one in spare)),
            severity=None if servers % 2 == 0 else WARNING,
        )
    elif servers == 0:
        yield Problem(
            path, "there is no ZooKeeper server; Kafka cannot run without: name 3", _up_to(network, 3), waivable=False
        )
    elif servers < 3:
        yield Problem(
            path,
            f"{servers} ZooKeeper server{'s' if servers > 1 else ''}: the loss of one stops Kafka; use 3, 5 or 7",
            _up_to(network, 3),
        )
    elif servers % 2 == 0:
        bears = (servers - 1) // 2
        yield Problem(
            path,
            f"{servers} ZooKeeper servers bear the loss of {bears}, no more than {servers - 1} do; "
            f"use {servers - 1} or {servers + 1}",
            _up_to(network, servers + 1),
        )


def _up_to(network: Network, wanted: int) -> Fix | None:
    missing = wanted - len(network.zookeeper)
    edits = more_nodes(network, "zookeeper", network.zookeeper, missing, "zk")
    return fix(f"add {', '.join(str(edit.path[1]) for edit in edits)}", *edits) if edits else None


@rule(
    "zookeeper-id",
    ERROR,
    "ZooKeeper ids are unique, 1 to 255, and ascend in the order of the servers",
    "Every server finds itself by ZOO_MY_ID in the list of servers that all of them share. Two servers with one id, or "
    "a list in another order than the ids, give an ensemble that never agrees on a leader.",
    f"{GUIDE}; {THREE_ORGS}",
)
def ids(network: Network) -> Iterator[Problem]:
    """Ids that are out of range, taken, or out of order."""
    explicit = [node for node in network.zookeeper if network.session.zookeeper[node.key].id is not None]
    by_position = fix("number the servers by their order", *(without(*node.path, "id") for node in explicit))
    seen: dict[int, str] = {}
    highest = 0
    for node in network.zookeeper:
        path = (*node.path, "id")
        if not 1 <= node.id <= 255:
            yield Problem(path, f"{node.key} has the id {node.id}; ZooKeeper takes 1 to 255", by_position)
        elif node.id in seen:
            yield Problem(
                path, f"{node.key} and {seen[node.id]} both have the id {node.id}; give each its own", by_position
            )
        elif node.id < highest:
            yield Problem(
                path,
                f"{node.key} has the id {node.id} but stands after {seen[highest]} with {highest}; "
                "ids ascend in the order of the servers",
                by_position,
            )
        seen.setdefault(node.id, node.key)
        highest = max(highest, node.id)
