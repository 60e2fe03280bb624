"""Which program runs in which image. Imported when needed: not every host needs gRPC."""

from __future__ import annotations

from importlib import import_module

from fabwiz.remote.rehearsal.containers.context import Program

_MODULES = {
    "zookeeper": "zookeeper",
    "kafka": "kafka",
    "orderer": "orderer",
    "peer": "peer",
    "couchdb": "helpers",
    "tools": "helpers",
}


def program(kind: str) -> Program | None:
    """The program of an image kind; None for images that only build or carry other things."""
    if kind not in _MODULES:
        return None
    module = import_module(f"fabwiz.remote.rehearsal.containers.{_MODULES[kind]}")
    found: Program = getattr(module, kind)
    return found
