"""Furnishing a rehearsal host before it starts: keys, and the commands in its `bin`."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fabwiz.remote.rehearsal import tools
from fabwiz.remote.rehearsal.config import HostConfig


def user() -> str:
    """The name that logs in: that of whoever rehearses."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "rehearsal"


def key_pair(path: Path) -> str:
    """Make an ed25519 key unless it is there; returns the public half as `ssh-ed25519 AAAA...`."""
    if path.exists():
        key = serialization.load_ssh_private_key(path.read_bytes(), None)
    else:
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    kind, _, body = public.decode().partition(" ")
    return f"{kind} {body}"


def install_tools(config: HostConfig) -> None:
    """Write the host's `bin`: docker, docker-compose, scp and sudo, first on the PATH of its commands."""
    here = Path(tools.__file__).parent
    python = _quoted(sys.executable)
    client = f"exec {python} -I -S {_quoted(str(here / 'docker_client.py'))} {_quoted(str(config.socket))}"
    scripts = {
        "scp": f'exec {python} -I -S {_quoted(str(here / "scp.py"))} "$@"',
        "sudo": f'exec /bin/sh {_quoted(str(here / "sudo.sh"))} "$@"',
    }
    if config.docker:
        scripts["docker"] = f'{client} docker "$@"'
        if config.compose in ("v1", "both"):
            scripts["docker-compose"] = f'{client} docker-compose "$@"'
    for name in ("docker", "docker-compose"):
        # never the machine's own: a rehearsal host without docker says so itself
        scripts.setdefault(name, f"echo 'sh: 1: {name}: not found (rehearsal)' >&2; exit 127")
    for name, line in scripts.items():
        path = config.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
