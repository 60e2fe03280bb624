"""The topology as letters and lines: a box a host, with what runs there."""

from __future__ import annotations

from collections.abc import Iterable

from fabwiz.session.network import Host, Network, Node, Role

_INNER = 26
"""Columns between a box's sides."""

_WORDS = {
    Role.ZOOKEEPER: "zk",
    Role.KAFKA: "kafka",
    Role.ORDERER: "order",
    Role.PEER: "peer",
    Role.COUCHDB: "couch",
    Role.TOOLS: "tools",
}


def picture(network: Network, width: int, ascii_only: bool = False) -> list[str]:
    """Lines of at most `width` columns (at least one box wide); nodes on hosts that do not exist come last."""
    boxes = [_box(_title(host), network.on(name), ascii_only) for name, host in network.hosts.items()]
    lost = [node for node in network.nodes if node.host not in network.hosts]
    if lost:
        boxes.append(_box("unlisted hosts", lost, ascii_only))
    per_row = max(1, (width + 1) // (_INNER + 3))
    lines: list[str] = []
    for start in range(0, len(boxes), per_row):
        row = boxes[start : start + per_row]
        height = max(map(len, row))
        for at in range(height):
            lines.append(" ".join(box[at] if at < len(box) else " " * (_INNER + 2) for box in row).rstrip())
    channels = [
        f"channel {channel.name}: {', '.join(organization.name for organization in channel.organizations) or 'nobody'}"
        for channel in network.channels.values()
    ]
    return lines + [_fit(line, max(width, _INNER + 2)).rstrip() for line in channels]


def _box(title: str, nodes: Iterable[Node], ascii_only: bool) -> list[str]:
    corner, bar, side = ("++++", "-", "|") if ascii_only else ("┌┐└┘", "─", "│")
    inner = [_fit(_line(node), _INNER - 2) for node in nodes] or [_fit("nothing runs here", _INNER - 2)]
    top = f"{bar} {_fit(title, _INNER - 3).rstrip()} "
    return [
        f"{corner[0]}{top}{bar * (_INNER - len(top))}{corner[1]}",
        *(f"{side} {line} {side}" for line in inner),
        f"{corner[2]}{bar * _INNER}{corner[3]}",
    ]


def _title(host: Host) -> str:
    return f"{host.name} {host.address or ('this machine' if host.is_local else '')}".rstrip()


def _line(node: Node) -> str:
    port = next((str(number) for purpose, number in node.ports.items() if purpose in ("client", "broker", "grpc")), "")
    name = node.name if node.role in (Role.ZOOKEEPER, Role.KAFKA) else node.name.split(".")[0]
    if node.role in (Role.PEER, Role.COUCHDB, Role.TOOLS):
        name = f"{node.key} {node.organization}"
    return f"{_WORDS[node.role]:<6}{name}{f' :{port}' if port else ''}"


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 2]}.."
