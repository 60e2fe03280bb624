"""The keys that never leave the workstation: where they are, and putting all of them under a passphrase, or back."""

from __future__ import annotations

from pathlib import Path

from fabwiz.artifacts.crypto.folders import read_key, tidy
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.files import write_atomic
from fabwiz.session.guard import KeysLocked, is_encrypted
from fabwiz.session.workspace import Workspace

_PATTERNS = (
    "crypto-config/*/*/ca/*_sk",
    "crypto-config/*/*/tlsca/*_sk",
    "crypto-config/*/*/users/*/msp/keystore/*_sk",
    "crypto-config/*/*/users/*/tls/*.key",
    "kafka-tls/ca/ca.key",
)


def home_keys(workspace: Workspace) -> list[Path]:
    """Keys of CAs and people that are there, sorted."""
    return sorted(path for pattern in _PATTERNS for path in workspace.artifacts.glob(pattern) if path.is_file())


def prove(workspace: Workspace) -> None:
    """Open one key that is under a passphrase, if there is any, so that new ones get the same passphrase.

    Raises GenerateError.
    """
    for path in home_keys(workspace):
        if is_encrypted(path.read_bytes()):
            read_key(path, workspace.guard)
            return


def rewrite(workspace: Workspace, encrypt: bool) -> tuple[list[Path], list[Path]]:
    """Put all such keys under the guard's passphrase, or take it off: which were written, and which were so already.

    All are opened before the first is changed, so that a wrong passphrase changes nothing. Each is replaced by a
    rename: a kill leaves some of both kinds, which every command reads, and a second call completes it. Raises
    GenerateError, OSError.
    """
    if not workspace.artifacts.exists():
        raise GenerateError(
            f"{workspace.artifacts} does not exist: there are no keys yet; `fabwiz generate` makes them"
        )
    tidy(workspace.artifacts)
    guard = workspace.guard
    prove(workspace)
    opened = {path: read_key(path, guard) for path in home_keys(workspace)}
    changed, kept = [], []
    for path, key in opened.items():
        if is_encrypted(path.read_bytes()) == encrypt or key is None:
            kept.append(path)
            continue
        try:
            data = guard.pem(key, encrypt)
        except KeysLocked as error:
            raise GenerateError(f"{error}.") from None
        write_atomic(path, data, durable=workspace.durable)
        changed.append(path)
    return changed, kept
