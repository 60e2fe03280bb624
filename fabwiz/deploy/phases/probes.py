"""Asking many nodes the same question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fabwiz.deploy.run import Seen
from fabwiz.fabric.errors import FabricError
from fabwiz.remote.connection import RemoteError
from fabwiz.session.network import Node


def every(nodes: Sequence[Node], probe: Callable[[Node], Seen], said: str = "") -> Seen:
    """Enough when every node's answer is (then it says `said`); else it says what each of the others answered."""
    behind = []
    for node in nodes:
        try:
            seen = probe(node)
        except (FabricError, RemoteError, OSError) as error:
            text = str(error)
            seen = Seen(False, text.removeprefix(f"{node.name}: "))
        if not seen.enough:
            behind.append(f"{node.name}: {seen.text}")
    return Seen(False, "; ".join(behind)) if behind else Seen(True, said)
