"""Host keys: whom to believe that it is the host that it says it is.

fabwiz keeps a known_hosts file of its own, in OpenSSH's format (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), and reads the
user's `~/.ssh/known_hosts` beside it without ever writing there. Each is parsed once. New keys are written by one
writer at a time, whole and by rename: parallel first connections lose no key.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from fabwiz.remote.connection import HostKeyChanged, HostKeyUnknown
from fabwiz.session.files import make_private_dir, write_atomic


def known_hosts_name(address: str, port: int = 22) -> str:
    """What known_hosts files call a server: its address, or `[address]:port` for another port than 22."""
    address = address.lower()
    return address if port == 22 else f"[{address}]:{port}"


def fingerprint(key: str) -> str:
    """`SHA256:...` of a key's base64 text, as ssh-keygen prints it."""
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of a known_hosts file: for whom it speaks, and the key."""

    hosts: str
    key_type: str
    key: str
    revoked: bool
    where: str

    def speaks_for(self, name: str) -> bool:
        if self.hosts.startswith("|1|"):
            return _hashed_match(self.hosts, name)
        matched = False
        for pattern in self.hosts.lower().split(","):
            if pattern.startswith("!"):
                if _match(pattern[1:], name):
                    return False
            elif _match(pattern, name):
                matched = True
        return matched


def _match(pattern: str, name: str) -> bool:
    if pattern == name:
        return True
    # brackets are literal in known_hosts: only * and ? are wildcards
    return ("*" in pattern or "?" in pattern) and fnmatchcase(name, pattern.replace("[", "[[]"))


def _hashed_match(hashed: str, name: str) -> bool:
    try:
        _, _, salt, digest = hashed.split("|")
        expected = base64.b64decode(digest)
        found = hmac.digest(base64.b64decode(salt), name.encode(), "sha1")
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(found, expected)


def _parse(path: Path) -> list[_Entry]:
    """The entries of a file; none if it is not there. What is no entry is passed over, as ssh does."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return []
    entries = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        marker = fields.pop(0) if fields[0].startswith("@") else ""
        if len(fields) < 3 or marker not in ("", "@revoked"):
            continue  # certificate authorities say nothing about plain keys
        hosts, key_type, key = fields[:3]
        entries.append(_Entry(hosts, key_type, key, bool(marker), f"{path}:{number}"))
    return entries


class HostKeys:
    """The keys that are known. Thread-safe."""

    def __init__(self, own: Path, users: Path | None = None) -> None:
        """`own` is fabwiz's file, made when the first key is accepted; `users` is only read."""
        self._own = own
        self._users = users
        self._lock = threading.Lock()
        self._parsed: list[list[_Entry]] | None = None
        self._by_name: dict[str, list[_Entry]] = {}

    def types(self, name: str) -> list[str]:
        """The key types that are known of a server, those of fabwiz's own file first: ask for one of these."""
        return list(dict.fromkeys(entry.key_type for entry in self._entries(name) if not entry.revoked))

    def check(self, host: str, name: str, key_type: str, key: str) -> None:
        """Accept the key that a server shows, or raise HostKeyUnknown or HostKeyChanged.

        `host` is the host's name in the session, `name` that of `known_hosts_name`, `key` base64 text. A server of
        which only keys of other types are known counts as changed: it was asked for one of those.
        """
        entries = self._entries(name)
        for entry in entries:
            if entry.revoked and entry.key == key:
                raise HostKeyChanged(host, name, f"a revoked key {fingerprint(key)}", entry.where)
        trusted = [entry for entry in entries if not entry.revoked]
        if any(entry.key_type == key_type and entry.key == key for entry in trusted):
            return
        if trusted:
            raise HostKeyChanged(host, name, fingerprint(key), trusted[0].where)
        raise HostKeyUnknown(host, name, key_type, key, fingerprint(key))

    def accept(self, unknown: Iterable[HostKeyUnknown]) -> None:
        """Write keys that somebody vouched for to fabwiz's own file. Raises OSError if that cannot be done."""
        lines = [f"{key.name} {key.key_type} {key.key}" for key in unknown]
        with self._lock:
            if not self._own.parent.is_dir():
                make_private_dir(self._own.parent)
            with _locked(self._own):
                try:
                    text = self._own.read_text("utf-8", "surrogateescape")
                except FileNotFoundError:
                    text = ""
                if text and not text.endswith("\n"):
                    text += "\n"
                present = set(text.split("\n"))
                text += "".join(f"{line}\n" for line in dict.fromkeys(lines) if line not in present)
                write_atomic(self._own, text.encode("utf-8", "surrogateescape"))
            self._parsed = None
            self._by_name.clear()

    def _entries(self, name: str) -> list[_Entry]:
        with self._lock:
            if self._parsed is None:
                self._parsed = [_parse(path) for path in (self._own, self._users) if path]
            if name not in self._by_name:
                # the own file decides where it knows the server; revocations always count
                found = [[entry for entry in entries if entry.speaks_for(name)] for entries in self._parsed]
                first = next((part for part in found if any(not entry.revoked for entry in part)), [])
                revoked = [entry for part in found for entry in part if entry.revoked and entry not in first]
                self._by_name[name] = first + revoked
            return self._by_name[name]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes from writing the same file."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
