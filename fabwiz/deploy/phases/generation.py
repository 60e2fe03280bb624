"""Whether a host holds data of keys that this workspace has never made.

Two workspaces for one session, say of two operators, or one that was lost, would put new keys beside old ledgers:
the running network would end, and the new one would not begin.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import PurePosixPath

from fabwiz.session.workspace import Workspace


def made_elsewhere(manifest: str, volumes: Sequence[str], workspace: Workspace) -> bool:
    """Whether the host has volumes with data, and in its manifest a CA certificate that is none of the workspace's.

    `manifest` is the text of the host's manifest.json, whatever it holds; where it tells nothing, the answer is no.
    """
    if not volumes:
        return False
    try:
        there = {
            (PurePosixPath(entry["path"]).name, str(entry["sha256"]))
            for entry in json.loads(manifest)["files"]
            if "/msp/cacerts/" in entry["path"]
        }
    except (ValueError, TypeError, KeyError, RecursionError):  # a host may hold anything there
        return False
    ours = {
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in workspace.crypto_config.glob("*/*/ca/*-cert.pem")
    }
    return not there <= ours
