"""The topology as an SVG picture: hosts with their nodes, and below the channels with who is on them."""

from __future__ import annotations

from math import ceil, sqrt
from xml.sax.saxutils import escape

from fabwiz.session.network import Network, Node, Role

_WIDTH = 280
_ROW = 22
_HEAD = 34
_GAP = 16
_COLOURS = {
    Role.ZOOKEEPER: "#b7791f",
    Role.KAFKA: "#805ad5",
    Role.ORDERER: "#2b6cb0",
    Role.PEER: "#2f855a",
    Role.COUCHDB: "#718096",
    Role.TOOLS: "#718096",
}
_NAMES = {
    Role.ZOOKEEPER: "ZooKeeper",
    Role.KAFKA: "Kafka",
    Role.ORDERER: "orderer",
    Role.PEER: "peer",
    Role.COUCHDB: "CouchDB",
    Role.TOOLS: "tools",
}
_MOST_LETTERS = 34
_STYLE = (
    "text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:12px;fill:#1a202c}"
    ".title{font-size:18px;font-weight:600}.host{font-weight:600}.dim{fill:#4a5568}.node{fill:#fff}"
    ".box{fill:#f7fafc;stroke:#cbd5e0}"
)


def topology_svg(network: Network, rehearsal: bool = False) -> str:
    """A picture that stands alone: no scripts, no fonts and no images from elsewhere."""
    hosts = list(network.hosts.values())
    columns = min(6, max(1, ceil(sqrt(len(hosts)))))
    width = max(_GAP + columns * (_WIDTH + _GAP), 640)
    parts: list[str] = []
    label = f"{network.name}: Hyperledger Fabric {network.session.fabric}" + (" (rehearsal)" if rehearsal else "")
    parts.append(_say(_GAP, 30, label, "title"))
    parts += _legend(network, 52)
    y = 72
    for begin in range(0, len(hosts), columns):
        row = hosts[begin : begin + columns]
        tallest = max(len(network.on(host.name)) for host in row)
        height = _HEAD + tallest * _ROW + 8
        for at, host in enumerate(row):
            x = _GAP + at * (_WIDTH + _GAP)
            parts.append(f'<rect class="box" x="{x}" y="{y}" width="{_WIDTH}" height="{height}" rx="6"/>')
            parts.append(_say(x + 10, y + 21, host.name, "host"))
            parts.append(_say(x + _WIDTH - 10, y + 21, host.address or "this workstation", "dim", "end"))
            for number, node in enumerate(network.on(host.name)):
                parts += _node(node, x + 8, y + _HEAD + number * _ROW)
        y += height + _GAP
    for channel in network.channels.values():
        members = "; ".join(
            f"{organization.name}: {', '.join(peer.key for peer in organization.nodes) or 'no peer'}"
            for organization in channel.organizations
        )
        codes = [one.name for one in network.chaincodes.values() if channel in one.channels]
        parts.append(_say(_GAP, y + 14, f"channel {channel.name}", "host"))
        said = members + (f"; chaincode {', '.join(codes)}" if codes else "")
        parts.append(_say(_GAP + 160, y + 14, said, "dim", most=200))
        y += _ROW
    height = y + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img"><title>{escape(label)}</title><style>{_STYLE}</style>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>' + "".join(parts) + "</svg>\n"
    )


def _node(node: Node, x: int, y: int) -> list[str]:
    port = next(iter(node.ports.values()), None)
    return [
        f'<rect x="{x}" y="{y}" width="{_WIDTH - 16}" height="{_ROW - 4}" rx="4" fill="{_COLOURS[node.role]}"/>',
        _say(x + 8, y + 13, node.name, "node"),
        _say(x + _WIDTH - 24, y + 13, str(port) if port else "", "node", "end"),
    ]


def _legend(network: Network, y: int) -> list[str]:
    parts, x = [], _GAP
    for role in (role for role in Role if any(node.role is role for node in network.nodes)):
        parts.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" rx="3" fill="{_COLOURS[role]}"/>')
        parts.append(_say(x + 18, y, _NAMES[role], "dim"))
        x += 96
    return parts


def _say(x: int, y: int, text: str, kind: str, anchor: str = "start", most: int = _MOST_LETTERS) -> str:
    cut = text if len(text) <= most else text[: most - 1] + "…"
    whole = f"<title>{escape(text)}</title>" if cut != text else ""
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{whole}{escape(cut)}</text>'
