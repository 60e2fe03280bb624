"""`user:password@address:port` and its parts; the password is dropped where it is found."""

from __future__ import annotations

import re
from typing import NamedTuple

# no others: `root://...` is a login with an odd password
_SCHEME = re.compile(r"(ssh|sftp|scp|https?|tcp|grpcs?)://", re.IGNORECASE)


class Login(NamedTuple):
    """The parts of a login as they stand; empty where nothing stands. `port` may be no number."""

    address: str
    user: str = ""
    port: str = ""
    scheme: str = ""
    had_password: bool = False


def login_of(text: str) -> Login:
    """Take a login apart: `ssh://root@[2001:db8::1]:2222/` too. Never raises."""
    text = text.strip()
    scheme = ""
    if match := _SCHEME.match(text):
        scheme = match[1].lower()
        text = text[match.end() :]
        login, at, host = text.rpartition("@")  # the last one: a password may have signs of any kind
        text = login + at + host.split("/")[0]
    user, _, rest = text.rpartition("@")
    user, colon, _ = user.partition(":")
    address, port = rest, ""
    if rest.startswith("[") and "]" in rest:
        address, _, after = rest[1:].partition("]")
        port = after.removeprefix(":")
    elif rest.count(":") == 1 and "://" not in rest:
        address, _, port = rest.partition(":")
    return Login(address, user, port, scheme, bool(colon))
