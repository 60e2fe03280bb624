"""Which host, id and ports every node had when the network was last started: `assigned.json` in the workspace.

A session names few of them, the rest follows from the order of its nodes; this tells when a change of the session
would give nodes that run another id or other ports. Rules read it; it decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fabwiz.session.files import remove_leftovers, write_atomic
from fabwiz.session.network import Network


@dataclass(frozen=True, slots=True)
class Assigned:
    """What a node had."""

    host: str
    id: int = 0
    ports: Mapping[str, int] = field(default_factory=dict)
    """By purpose, as in `Node.ports`."""


def remember(path: Path, network: Network) -> None:
    """Write down what the nodes have that are about to be started, in place of what was there. Raises OSError."""
    nodes = {node.name: asdict(Assigned(node.host, node.id, dict(node.ports))) for node in network.nodes if node.ports}
    text = json.dumps({"network": network.name, "nodes": nodes}, ensure_ascii=False, indent=1) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
        remove_leftovers(path.parent, path.name)
        write_atomic(path, text)


def forget(path: Path) -> None:
    """The network and its data are gone: nothing is left to agree with. Raises OSError."""
    path.unlink(missing_ok=True)


def recall(path: Path, network: str) -> Mapping[str, Assigned]:
    """What nodes of the network of that name had, by their full names; empty where nothing is known.

    Never raises for what the file holds.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        nodes = record["nodes"] if record["network"] == network else {}
        return {
            str(name): Assigned(
                str(node["host"]), int(node["id"]), {str(key): int(port) for key, port in node["ports"].items()}
            )
            for name, node in nodes.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
