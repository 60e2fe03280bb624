"""Cells -> valid values, or what is wrong with them. A cell that may hold a secret is never repeated."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from fabwiz.editing.hosts_table.login import Login, login_of
from fabwiz.editing.hosts_table.raw import Column, Raw
from fabwiz.editing.hosts_table.rows import Problem
from fabwiz.rules.access import can_log_in
from fabwiz.rules.addresses import flaw, ip_of, is_loopback
from fabwiz.session.scalars import shown

_NUMERIC = re.compile(r"[0-9a-fA-F.:%/]{1,60}")
_KEY = re.compile(r"[~.]?/.*|[~.].*|id_.*|.*(?:/|\\).*|.*(?:\.(?:pem|key|ppk)|_(?:rsa|ed25519|ecdsa|dsa))", re.DOTALL)
_BETWEEN = re.compile(r"[\s,;()<>]+")
_SUDO = {
    **dict.fromkeys(("auto", "yes", "y", "true", "1", "on", "sudo", "+", "✓", "✔", "да", "是", "有"), "auto"),
    **dict.fromkeys(("passwordless", "nopasswd", "nopassword", "no password", "без пароля", "免密"), "passwordless"),
    **dict.fromkeys(("ask", "password", "with password", "с паролем"), "ask"),
    **dict.fromkeys(("never", "no", "n", "false", "0", "off", "-", "✗", "нет", "否", "无"), "never"),
}


@dataclass(slots=True)
class Cells:
    """The values of a row while it is being read."""

    address: str | None = None
    user: str | None = None
    port: int | None = None
    key: str | None = None
    jump: str | None = None
    sudo: str | None = None
    had_password: bool = False
    problems: list[Problem] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def warn(self, message: str, column: Column) -> None:
        """Something was left out; the row is usable without."""
        self.problems.append(Problem(message, column, blocks=False))

    def block(self, message: str, column: Column) -> None:
        """The row cannot be taken over."""
        self.problems.append(Problem(message, column))


def read(raw: Raw) -> Cells:
    """The values of a row, its names aside."""
    cells = Cells(had_password=raw.had_password)
    given = raw.cells
    user, port = given.get(Column.USER, ""), given.get(Column.PORT, "")
    written = given.get(Column.ADDRESS) or ""
    login = _address(cells, written)
    cells.had_password |= login.had_password
    _user(cells, user or login.user)
    _port(cells, port or login.port)
    if key := given.get(Column.KEY):
        _key(cells, key)
    if jump := given.get(Column.JUMP):
        _jump(cells, jump)
    if sudo := given.get(Column.SUDO):
        cells.sudo = _SUDO.get(sudo.strip().lower())
        if cells.sudo is None:
            cells.warn("what stands for sudo is not understood: write auto, never, passwordless or ask", Column.SUDO)
    return cells


def _address(cells: Cells, written: str) -> Login:
    if not written:
        cells.block("there is no address", Column.ADDRESS)
        return Login("")
    login = login_of(_one_of(cells, written))
    address = login.address
    if login.scheme and login.scheme != "ssh":
        # its port is that of a web server, or the like, and its user may be a token
        login = login._replace(port="", user="")
        cells.warn(f"a URL stood there; taken as {shown(address)}", Column.ADDRESS)
    if wrong := flaw(address):
        if "://" in address:
            wrong = wrong._replace(message="is a URL of a kind that is not known")
        if _is_whole_network(address):
            says = f"{address} is a network, not a machine: write the machine's own address"
            cells.block(says, Column.ADDRESS)
        elif wrong.address and len(wrong.address) < 254:
            cells.warn(f"the address {wrong.message}; taken as {wrong.address}", Column.ADDRESS)
            cells.address = wrong.address
        else:
            what = f"the address {address}" if _NUMERIC.fullmatch(address) else "the address"
            cells.block(f"{what} {wrong.message}", Column.ADDRESS)
    else:
        cells.address = address
        if is_loopback(address):
            cells.warn(f"{shown(address)} means another machine to every machine", Column.ADDRESS)
    return login


def _one_of(cells: Cells, written: str) -> str:
    """The first address where several stand in a cell."""
    words = [word for word in _BETWEEN.split(written) if word]
    if len(words) < 2 or login_of(written).had_password:  # a password may have such signs in it
        return written
    known = [word for word in words if ip_of(login_of(word).address) is not None]
    if not known:
        return written
    more = f"{len(known)} addresses stand there" if len(known) > 1 else "there is more than an address"
    cells.warn(f"{more}; taken is {login_of(known[0]).address}", Column.ADDRESS)
    return known[0]


def _is_whole_network(address: str) -> bool:
    """Whether it is `198.51.100.0/24`, the address of no machine."""
    try:
        interface = ipaddress.ip_interface(address) if "/" in address else None
    except ValueError:
        return False
    return (
        interface is not None
        and interface.network.num_addresses > 2
        and interface.ip == interface.network.network_address
    )


def _user(cells: Cells, text: str) -> None:
    user, colon, _ = text.partition(":")
    cells.had_password |= bool(colon)
    if not user:
        return
    if can_log_in(user) and len(user) <= 64 and "{{" not in user:
        cells.user = user
    else:
        cells.warn("the user cannot be a login name: these have no blanks or slashes, and no templates", Column.USER)


def _port(cells: Cells, text: str) -> None:
    if not text:
        return
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535:
        cells.port = int(text)
        return
    named = f"{text} is no port" if text.isascii() and text.isdecimal() and len(text) < 12 else "the port is no number"
    cells.block(f"{named}: ports are 1 to 65535", Column.PORT)


def _key(cells: Cells, text: str) -> None:
    if "PRIVATE KEY" in text or "PuTTY-User-Key" in text:
        cells.had_password = True
        cells.warn("a private key stood there; it was not taken. Give the name of its file", Column.KEY)
    elif _KEY.fullmatch(text) and text.isprintable() and len(text) < 300 and "{{" not in text:
        cells.key = text
    else:
        cells.warn("the key is no name of a file, such as ~/.ssh/id_ed25519; it was not taken", Column.KEY)


def _jump(cells: Cells, text: str) -> None:
    login = login_of(text)
    cells.had_password |= login.had_password
    port = login.port
    good = not flaw(login.address) and (not login.user or can_log_in(login.user))
    if not good or (port and not (port.isascii() and port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536)):
        cells.warn("the jump host is neither a name nor user@address:port; it was not taken", Column.JUMP)
        return
    address = f"[{login.address}]" if ":" in login.address else login.address
    user = f"{login.user}@" if login.user else ""
    cells.jump = f"{user}{address}{f':{port}' if port else ''}"
