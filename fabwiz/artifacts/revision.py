"""Which revision of a container a host should run."""

from __future__ import annotations

from fabwiz.artifacts.manifest import read_manifest
from fabwiz.session.network import Node
from fabwiz.session.workspace import Workspace


def revision(workspace: Workspace, host: str, node: Node) -> str | None:
    """What a container's label `fabwiz.revision` says if it is up to date; `None` where the bundle lacks the node.

    It changes with the container's definition and with the files that it mounts. Raises ArtifactError for a
    manifest that cannot be read.
    """
    manifest = read_manifest(workspace.host(host))
    return manifest.revisions.get(node.name) if manifest else None
