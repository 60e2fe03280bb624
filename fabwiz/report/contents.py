"""What a report says beside what was seen: the commands for later, and where keys lie."""

from __future__ import annotations

import shlex
from pathlib import Path

from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


def commands(session_file: Path) -> list[tuple[str, str]]:
    """Commands that an operator will want, each with what it does. To be run where the session file lies."""
    name = shlex.quote(session_file.name)
    workspace = Workspace(session_file)
    crypto = workspace.crypto_config.relative_to(session_file.parent)
    backup = shlex.quote(f"{session_file.stem}-keys.tar.gz")
    return [
        (f"fabwiz status {name}", "what runs, and how high the channels are"),
        (f"fabwiz logs {name}", "follow the containers' logs"),
        (f"fabwiz replay {name}", "bring everything to what the session says, after a change or a failure"),
        (f"fabwiz report {name}", "write this report anew"),
        (f"(umask 077; tar -czf {backup} {shlex.quote(str(crypto))})", "back up the keys: nothing can replace them"),
        (f"fabwiz down {name}", "take the containers away; data and keys stay"),
        (f"fabwiz down --data {name}", "take the ledgers away, too"),
    ]


def keys(network: Network, workspace: Workspace) -> list[tuple[str, Path]]:
    """What keys there are on the workstation, and the folders that they lie in."""
    found = []
    for organization in network.all_organizations:
        folder = workspace.crypto_config / organization.directory
        found += [
            (f"{organization.msp_id}: certificate authority", folder / "ca"),
            (f"{organization.msp_id}: admin", workspace.crypto_config / organization.user_directory("Admin") / "msp"),
        ]
        if network.session.tls:
            found.append((f"{organization.msp_id}: TLS certificate authority", folder / "tlsca"))
    return found
