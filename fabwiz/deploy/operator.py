"""Who works here: what leases and journals name."""

from __future__ import annotations

import getpass
import socket

from fabwiz.remote.sanitize import clean

_LONGEST = 100


def operator() -> str:
    """`user@workstation`; names that the system does not tell are left out."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id that nothing gives a name to
        user = "somebody"
    return f"{_word(user)}@{_word(socket.gethostname()) or 'unnamed'}"


def _word(text: str) -> str:
    return "".join(clean(text).split())[:_LONGEST]
