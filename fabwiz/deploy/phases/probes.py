"""Asking many nodes the same question, at once: one that is slow, or silent, holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fabwiz.deploy.run import Seen
from fabwiz.fabric.errors import FabricError
from fabwiz.remote.connection import RemoteError
from fabwiz.session.network import Node

T = TypeVar("T")

_MOST_THREADS = 32


def every(nodes: Sequence[Node], probe: Callable[[Node], Seen], said: str = "") -> Seen:
    """Enough when every node's answer is (then it says `said`); else it says what each of the others answered."""

    def look(node: Node) -> Seen:
        try:
            return probe(node)
        except (FabricError, RemoteError, OSError) as error:
            return Seen(False, str(error).removeprefix(f"{node.name}: "))

    behind = [
        f"{node.name}: {seen.text}" for node, seen in zip(nodes, at_once(nodes, look), strict=True) if not seen.enough
    ]
    return Seen(False, "; ".join(behind)) if behind else Seen(True, said)


def at_once(nodes: Sequence[Node], ask: Callable[[Node], T]) -> list[T]:
    """What `ask` gives for each node, in their order. Raises what it raises."""
    if len(nodes) < 2:
        return [ask(node) for node in nodes]
    with ThreadPoolExecutor(min(len(nodes), _MOST_THREADS), thread_name_prefix="probe") as pool:
        return list(pool.map(ask, nodes))
