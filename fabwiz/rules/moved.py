"""Nodes that were started and would now get other ports or another id, because others came or went before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fabwiz.rules.ports import SETTINGS
from fabwiz.rules.registry import ERROR, OWN, Problem, Surroundings, rule_about_surroundings, setting, without
from fabwiz.session.assigned import Assigned
from fabwiz.session.findings import Edit, Fix
from fabwiz.session.network import PORT_STEPS, Network, Node, Role

_LISTS = {Role.ZOOKEEPER: "zookeeper", Role.KAFKA: "kafka", Role.ORDERER: "orderers"}
Before = Mapping[str, Assigned]


@rule_about_surroundings(
    "node-moved",
    ERROR,
    "nodes that were started keep the ports and the id that they had",
    "Ports and ids that a session does not name follow from the order of its nodes. One that is added before others, "
    "or removed, would give those others new ones: their containers would have to start anew, clients and channels "
    "know the old ports, and a broker or ZooKeeper server does not find its data under another id.",
    OWN,
    waivable=True,
)
def moved(network: Network, around: Surroundings) -> Iterator[Problem]:
    """Nodes whose automatic ports or id are others than they were when the network was last started."""
    before = around.before
    for role in PORT_STEPS:
        found = _moved(network, role, before) if before else []
        if not found:
            continue
        mend = _mend(network, role, before)
        for node, changes in found:
            told = ", ".join(f"{what} {now} instead of {then}" for what, (then, now) in changes.items())
            yield Problem(
                node.path,
                f"{node.name} was started before and would now get {told}, because other nodes stand before it in the "
                "session than then; let it keep what it had",
                mend,
                waivable="id" not in changes,
            )


def _moved(network: Network, role: Role, before: Before) -> list[tuple[Node, dict[str, tuple[int, int]]]]:
    """Then and now, by what changed, of nodes of a role; what the session names is as its author wants it."""
    found: list[tuple[Node, dict[str, tuple[int, int]]]] = []
    for node in _nodes(network, role):
        then = before.get(node.name)
        if then is None:
            continue
        spec, changes = _spec(network, node), {}
        if "id" in type(spec).model_fields and spec.id is None and then.id != node.id:
            changes["id"] = then.id, node.id
        if then.host == node.host:
            for purpose, port in node.ports.items():
                old = then.ports.get(purpose, port)
                # what moves by something else than places in the row follows another setting, such as TLS
                if (
                    old != port
                    and (old - port) % PORT_STEPS[role] == 0
                    and getattr(spec, _setting(node, purpose)) is None
                ):
                    changes[f"{purpose} port"] = old, port
        if changes:
            found.append((node, changes))
    return found


def _mend(network: Network, role: Role, before: Before) -> Fix:
    """New nodes go to the end of their list; what has moved even so is named, and new nodes in its way make room."""
    late = _late(network, role, before)
    edits = _to_the_end(network, role, late) if late else []
    ordered = _reordered(network, role, late) if late else network
    pinned: dict[str, dict[str, int]] = {}
    for node, changes in _moved(ordered, role, before):
        pins = {what.removesuffix(" port"): then for what, (then, _) in changes.items()}
        pinned[node.name] = pins
        edits += [
            setting(value, *node.path, "id" if what == "id" else _setting(node, what)) for what, value in pins.items()
        ]
    edits += _make_room(ordered, role, before, pinned)
    names = [node.key if node.role is not Role.PEER else node.name for node in late]
    first = f"list {', '.join(names)} last" if late else ""
    kept = f"name what {', '.join(list(pinned)[:3])}{' and others' if len(pinned) > 3 else ''} had" if pinned else ""
    return Fix("; ".join(filter(None, [first, kept])), tuple(edits))


def _late(network: Network, role: Role, before: Before) -> list[Node]:
    """New nodes that stand before one that was started; peers stay with their organization."""
    if role not in _LISTS:
        return []
    nodes = _nodes(network, role)
    last = max((place for place, node in enumerate(nodes) if node.name in before), default=0)
    return [node for node in nodes[:last] if node.name not in before]


def _to_the_end(network: Network, role: Role, late: list[Node]) -> list[Edit]:
    edits = []
    for node in late:
        data: dict[str, Any] = _spec(network, node).model_dump(exclude_unset=True)
        short = data["host"] if data.keys() == {"host"} else data
        edits += [without(*node.path), setting(short, *node.path)]
    return edits


def _reordered(network: Network, role: Role, late: list[Node]) -> Network:
    name = _LISTS[role]
    section = getattr(network.session, name)
    keys = [node.key for node in late]
    ordered = {key: section[key] for key in [*(key for key in section if key not in keys), *keys]}
    return Network(network.session.model_copy(update={name: ordered}))


def _make_room(network: Network, role: Role, before: Before, pinned: Mapping[str, Mapping[str, int]]) -> list[Edit]:
    """Other ports and ids for new nodes that would have those of nodes which keep theirs."""
    new = [node for node in _nodes(network, role) if node.name not in before]
    names = {node.name for node in new}
    used: dict[str, set[int]] = {}
    for node in network.nodes:
        if node.name not in names:
            ports = {**node.ports, **{key: port for key, port in pinned.get(node.name, {}).items() if key != "id"}}
            used.setdefault(node.host, set()).update(ports.values())
    ids = {pinned.get(node.name, {}).get("id", node.id) for node in _nodes(network, role) if node.name not in names}
    edits = []
    for node in new:
        taken = used.setdefault(node.host, set())
        ports, nth = dict(node.ports), 0
        while taken & set(ports.values()):
            ports, nth = network.automatic_ports(role, nth), nth + 1
        taken.update(ports.values())
        edits += [setting(p, *node.path, _setting(node, what)) for what, p in ports.items() if p != node.ports[what]]
        if role in (Role.ZOOKEEPER, Role.KAFKA) and node.id in ids:
            edits.append(setting(max(ids) + 1, *node.path, "id"))
            ids.add(max(ids) + 1)
        ids.add(node.id)
    return edits


def _nodes(network: Network, role: Role) -> tuple[Node, ...]:
    return network.peers if role is Role.PEER else getattr(network, _LISTS[role])


def _spec(network: Network, node: Node) -> Any:
    """A node's part of the session."""
    return node.spec if node.spec is not None else getattr(network.session, _LISTS[node.role])[node.key]


def _setting(node: Node, purpose: str) -> str:
    return SETTINGS[node.role, purpose]
