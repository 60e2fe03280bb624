"""Passwords that containers share and no person types: made here at random, kept on the workstation, 0600."""

from __future__ import annotations

import secrets

from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.files import make_private_dir, write_atomic
from fabwiz.session.workspace import Workspace


def new_password() -> str:
    """48 hexadecimal digits: no character means anything to a shell, sed, YAML, or an env file."""
    return secrets.token_hex(24)


def kept_password(workspace: Workspace, name: str) -> str:
    """The password in `artifacts/passwords/<name>`, made if there is none: a database keeps the first that it got.

    Raises GenerateError where the file holds something else, OSError where it cannot be read or written.
    """
    path = workspace.artifacts / "passwords" / name
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        text = new_password()
        make_private_dir(path.parent)
        write_atomic(path, text + "\n", durable=workspace.durable)
    except UnicodeDecodeError:
        text = ""
    if not (text.isascii() and text.isalnum()):
        raise GenerateError(
            f"{path} holds no password of letters and digits. Restore it from a backup; if the database that it "
            "belongs to was never started, remove it: a new one is made."
        )
    return text
