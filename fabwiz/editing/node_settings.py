"""What can be said of one node beside where it runs: its id, its ports, and what its kind has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabwiz.editing.placing import mapping
from fabwiz.editing.policies import release_of
from fabwiz.editing.values import text_of
from fabwiz.rules.ports import SETTINGS
from fabwiz.session.findings import SessionPath
from fabwiz.session.network import Node
from fabwiz.session.shape import shape_at


@dataclass(frozen=True, slots=True)
class NodeSetting:
    """A setting of a node. `said` is empty where `given` holds, which fabwiz gives by itself."""

    path: SessionPath
    said: str
    given: str
    about: str

    @property
    def name(self) -> str:
        """`client_port`."""
        return str(self.path[-1])


def node_settings(data: Any, path: SessionPath, node: Node | None) -> tuple[NodeSetting, ...]:
    """All settings but its host of the node at a path, in the order of the model; `node` knows what is given.

    A port that the session's release does not have is left out, unless the session says it.
    """
    shape = shape_at(path)
    said = mapping(data, *map(str, path))
    release = release_of(data)
    listed = []
    for name in shape.settings if shape else ():
        if name == "host" or (name == "events_port" and name not in said and release and not release.has_events_port):
            continue
        child = shape_at((*path, name))
        assert child
        about = (child.field.description if child.field else None) or name
        listed.append(NodeSetting((*path, name), text_of(said.get(name), child), _given(node, name), about))
    return tuple(listed)


def _given(node: Node | None, name: str) -> str:
    if node is None:
        return ""
    if name == "id":
        return str(node.id)
    ports = {SETTINGS.get((node.role, purpose)): port for purpose, port in node.ports.items()}
    return str(ports.get(name, ""))
