"""/etc/hosts lines, and lists of addresses with little else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.editing.hosts_table.guess import LOGINS, is_dns_login, is_ip_login
from fabwiz.editing.hosts_table.headers import is_secret
from fabwiz.editing.hosts_table.login import login_of
from fabwiz.editing.hosts_table.ranges import TooMany, expanded
from fabwiz.editing.hosts_table.raw import MAX_LINE, MAX_ROWS, Column, Found, Raw
from fabwiz.rules.addresses import ip_of
from fabwiz.rules.naming import LABEL

Line = tuple[int, str]

_PAIR = re.compile(r"[\"']?([A-Za-z0-9_][\w.-]{0,80})[\"']?\s*(?:=|:\s)\s*[\"']?(\S+?)[\"']?,?")
_LAST_NUMBER = re.compile(r"((?:[0-9]{1,3}\.){3})([0-9]{1,3})-(?:\1)?([0-9]{1,3})")
_OPTION = {"-p": Column.PORT, "-i": Column.KEY, "-J": Column.JUMP, "-l": Column.USER}
_SAMPLE = 60


def is_etc_hosts(lines: list[Line]) -> bool:
    """Whether most lines are an address and names, and not logins under a single user."""
    words = [line.split("#")[0].split() for _, line in lines[:_SAMPLE] if not line.lstrip().startswith("#")]
    named = [row for row in words if len(row) > 1 and ip_of(row[0]) is not None]
    if not named or len(named) < 0.6 * len([row for row in words if row]):
        return False
    seconds = {row[1].lower() for row in named}
    return not (seconds & LOGINS) and (len(seconds) > 1 or len(named) == 1)


def etc_hosts(lines: list[Line]) -> Found:
    """Hosts by the lines of /etc/hosts; what a system has there of itself is left out."""
    found = Found([])
    own = 0
    for number, line in lines:
        words = line[:MAX_LINE].split("#")[0].split()
        if not words:
            continue
        if len(found.rows) > MAX_ROWS:
            break
        address, *names = words
        ip = ip_of(address)
        if ip is not None and (ip.is_loopback or ip.is_multicast or ip.is_unspecified or address == "fe00::0"):
            own += 1
            continue
        if ip is None or not names:
            found.rows.append(Raw(number, {}, problem="the line is not an address followed by names"))
            continue
        full = next((name for name in names if "." in name), names[0])
        short = next((name for name in names if "." not in name), names[0])
        cells = {Column.ADDRESS: address, Column.NAME: short, Column.HOSTNAME: full}
        found.rows.append(Raw(number, cells))
    if own:
        found.notes.append(f"left out: {own} line{'' if own == 1 else 's'} that every machine has about itself")
    return found


def is_list(lines: list[Line]) -> bool:
    """Whether at least every second line has an address in it, or each is a single word."""
    rows = [_raw(number, line) for number, line in _entries(lines[:_SAMPLE])]
    good = sum(_is_address(row.cells.get(Column.ADDRESS, "")) for row in rows)
    return good > 0 and good * 2 >= len(rows)


def _is_address(word: str) -> bool:
    return (
        is_ip_login(word)
        or is_dns_login(word)
        or LABEL.fullmatch(word) is not None
        or (len(word) < 300 and "[" in word and ":" in word)
        or _LAST_NUMBER.fullmatch(word) is not None
    )


def addresses(lines: list[Line]) -> Found:
    """Hosts by lines such as `198.51.100.11`, `root@a.example.com:2222`, `kafka1: 198.51.100.11`, `ssh -p 22 a@b`."""
    found = Found([])
    for number, entry in _entries(lines):
        if len(found.rows) > MAX_ROWS:
            break
        row = _raw(number, entry)
        address = row.cells.get(Column.ADDRESS, "")
        try:
            several = expanded(_bracketed(address))
        except TooMany as error:
            found.rows.append(Raw(number, {}, problem=str(error)))
            continue
        found.rows += [Raw(number, {**row.cells, Column.ADDRESS: one}) for one in several] if len(several) > 1 else []
        if len(several) == 1 and (row.cells or row.problem or row.had_password):
            found.rows.append(row)
    _distrust(found.rows)
    secrets = [row for row in found.rows if row.had_password and not row.cells and not row.problem]
    found.rows = [row for row in found.rows if row.cells or row.problem]
    if secrets:
        found.notes.append("a password stood there; it was not taken")
        for row in found.rows:
            row.had_password = True
    return found


def _distrust(rows: list[Raw]) -> None:
    """Among IP addresses and full names, a bare word is as likely a password as the name of a machine."""
    written = [row.cells.get(Column.ADDRESS, "") for row in rows]
    if any(is_ip_login(one) or is_dns_login(one) for one in written):
        for row, one in zip(rows, written, strict=True):
            if one and "." not in one and ":" not in one:
                row.cells, row.problem = {}, "a single word, and no address: it was not taken"


def _entries(lines: list[Line]) -> Iterator[Line]:
    """Lines, or what stands between commas where each of it is an address."""
    for number, line in lines:
        text = line.strip()
        if text.startswith(("#", "//", "```")) or (text.endswith(":") and " " not in text):
            continue  # comments, and headings such as `hosts:`
        parts = [part.strip() for part in re.split(r"[,;]", text[:MAX_LINE])]
        if len(parts) > 1 and all(not part or is_ip_login(part) or is_dns_login(part) for part in parts):
            yield from ((number, part) for part in parts if part)
        else:
            yield number, text


def _raw(number: int, text: str) -> Raw:
    if len(text) > MAX_LINE:
        return Raw(number, {}, problem=f"the line has {len(text)} characters; {MAX_LINE} are read")
    text = re.sub(r"^[-*+•]\s+|^\d{1,4}[.)]\s+", "", text.split(" #")[0].strip())
    words = text.split()
    if words and words[0] in ("ssh", "sshpass", "scp"):
        return _command(number, words)
    if match := _PAIR.fullmatch(text):
        if is_secret(match[1]):
            return Raw(number, {}, had_password=True)
        if is_ip_login(match[2]) or is_dns_login(match[2]):
            return Raw(number, {Column.NAME: match[1], Column.ADDRESS: match[2]})
    if len(words) == 1:
        word = words[0].strip("\"'`,;")
        login = login_of(word)
        cells = {Column.ADDRESS: word} if login.address else {}
        return Raw(number, cells, problem=None if cells else "there is no address")
    # of several words only those are taken that are an address and the name before it
    at = next((n for n, word in enumerate(words) if is_ip_login(word)), None)
    if at is None:
        at = next((n for n, word in enumerate(words) if is_dns_login(word)), None)
    if at is None or at > 1 or ":" in words[0].rstrip(":") * at:  # `root:two words@address` is a login
        return Raw(number, {}, problem="there is no address, or too much before it: nothing of the line was taken")
    cells = {Column.ADDRESS: words[at]}
    if at == 1 and not is_secret(words[0]):
        cells[Column.NAME] = words[0].rstrip(":=")
    if at == 0 and words[1].lower() in LOGINS:
        cells[Column.USER] = words[1]
    return Raw(number, cells)


def _command(number: int, words: list[str]) -> Raw:
    row = Raw(number, {})
    while words:
        word = words.pop(0)
        if word == "sshpass":
            row.had_password = True
            while words and words[0] not in ("ssh", "scp"):
                words.pop(0)
        elif word in _OPTION and words:
            row.cells[_OPTION[word]] = words.pop(0)
        elif word == "-o" and words:
            words.pop(0)
        elif word not in ("ssh", "scp") and not word.startswith("-"):
            row.cells[Column.ADDRESS] = word
            return row
    return Raw(number, {}, had_password=row.had_password, problem="the command names no host")


def _bracketed(address: str) -> str:
    """`198.51.100.11-14` as the range `198.51.100.[11:14]`."""
    match = _LAST_NUMBER.fullmatch(address)
    return f"{match[1]}[{match[2]}:{match[3]}]" if match else address
