"""What connections over SSH and on this machine have in common: they start shell lines and talk to what runs."""

from __future__ import annotations

import secrets as tokens
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from fabwiz.remote import transfer
from fabwiz.remote.connection import (
    DEFAULT_LIMIT,
    DEFAULT_TIMEOUT,
    AuthenticationFailed,
    BundleFile,
    CommandFailed,
    ConnectionLost,
    PutReport,
    Result,
    TimedOut,
)
from fabwiz.remote.feed import Feed, feed
from fabwiz.remote.privilege import detect
from fabwiz.remote.process import LostError, OverdueError, Running, drive, end
from fabwiz.remote.quote import Elevation, supervised
from fabwiz.remote.sanitize import Lines, clean
from fabwiz.remote.secrets import Secret, SecretStore
from fabwiz.session.network import Host

START_TIMEOUT = 30.0
"""Seconds that a followed command gets for its session to open."""


class OverflowingError(Exception):
    """A command printed more than it may."""


class Preface:
    """Drops what login scripts print before the command: everything up to the line with the marker."""

    def __init__(self, marker: str, limit: int) -> None:
        self._marker = marker.encode() + b"\n"
        self._limit = limit
        self.held = b""
        self.passed = False

    def feed(self, data: bytes) -> bytes:
        """Take a piece; returns what of it is the command's."""
        if self.passed:
            return data
        self.held += data
        before, found, rest = self.held.partition(self._marker)
        if found:
            self.passed, self.held = True, before
            return rest
        if len(self.held) > self._limit:
            raise OverflowingError
        return b""


class ShellConnection(ABC):
    """Keeps `fabwiz.remote.connection.Connection`, given a way to start a shell line."""

    def __init__(self, host: Host, secrets: SecretStore) -> None:
        self._host = host
        self._secrets = secrets
        self._rights: tuple[Elevation, Secret | None] | None = None
        self._rights_lock = threading.Lock()

    @property
    def host(self) -> Host:
        """The host that this leads to."""
        return self._host

    @property
    def host_key(self) -> str | None:
        """None: this machine is no other."""
        return None

    @abstractmethod
    def start(self, line: str, timeout: float) -> AbstractContextManager[Running]:
        """Start a line that any shell reads; leaving the context lets go of it. `timeout` is for starting."""

    @abstractmethod
    def lost(self) -> ConnectionLost:
        """The error for a broken connection."""

    def rights(self) -> tuple[Elevation, Secret | None]:
        """How `root=True` is done here; found out once."""
        with self._rights_lock:
            if self._rights is None:
                self._rights = detect(
                    self._host,
                    lambda argv, data: self._run(argv, data, DEFAULT_TIMEOUT, (Elevation.PLAIN, None), None, 1 << 16),
                    self._secrets,
                )
            return self._rights

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes = b"",  # noqa: A002 - the contract's name
        timeout: float = DEFAULT_TIMEOUT,
        root: bool = False,
        env: Mapping[str, str] | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Result:
        """Run a command to its end; see `Connection.run`."""
        rights = self.rights() if root else (Elevation.PLAIN, None)
        return self._run(argv, input, timeout, rights, env, limit)

    def stream(
        self, argv: Sequence[str], on_line: Callable[[str], None], stop: threading.Event, *, root: bool = False
    ) -> int | None:
        """Follow a command line by line; see `Connection.stream`."""
        rights = self.rights() if root else (Elevation.PLAIN, None)
        marker = tokens.token_hex(12)
        line = supervised(argv, marker=marker, elevation=rights[0])
        out, err = ((Preface(marker, 1 << 20), Lines(only_feeds=True)) for _ in range(2))

        def deliver(stdout: bytes, stderr: bytes) -> None:
            for data, (preface, lines) in ((stdout, out), (stderr, err)):
                for text in lines.feed(preface.feed(data)) if data else ():
                    on_line(text)

        with self.start(line, START_TIMEOUT) as running:
            try:
                code = drive(running, preamble(rights[1], marker), deliver, stop=stop)
            except LostError:
                raise self.lost() from None
            except OverflowingError:
                end(running)
                raise self.not_started(argv, rights[0], -1, out[0], err[0]) from None
            except BaseException:
                end(running)
                raise
            if code is None:
                end(running)
            elif not out[0].passed:
                raise self.not_started(argv, rights[0], code, out[0], err[0])
        for _, lines in (out, err):
            for text in lines.flush():
                on_line(text)
        return code

    def feed(self, argv: Sequence[str], source: Feed, stop: threading.Event, *, root: bool = False) -> int | None:
        """Feed a command; see `Connection.feed`."""
        return feed(self, argv, source, stop, root)

    def put_bundle(
        self, folder: Path, manifest_files: Sequence[BundleFile], remote_dir: str, only_look: bool = False
    ) -> PutReport:
        """Place a bundle; see `Connection.put_bundle`."""
        return transfer.put_bundle(self, folder, manifest_files, remote_dir, only_look)

    def upload(self, data: bytes, prepare: Sequence[str], target: str, timeout: float) -> None:
        """Write a new file `target`, 0600, with the rights of `root=True`, after the command `prepare` has run.

        A partial file may be left under `target` when it fails. Raises RemoteError.
        """
        script = '"$@" || exit; umask 077; exec cat >"$0"'
        self.run(["sh", "-c", script, target, *prepare], input=data, timeout=timeout, root=True).check(
            f"writing {target}", "look at the disk space and the rights there"
        )

    def _run(
        self,
        argv: Sequence[str],
        data: bytes,
        timeout: float,
        rights: tuple[Elevation, Secret | None],
        env: Mapping[str, str] | None,
        limit: int,
    ) -> Result:
        deadline = time.monotonic() + timeout
        marker = tokens.token_hex(12)
        line = supervised(argv, marker=marker, input_size=len(data), env=env, elevation=rights[0])
        prefaces = Preface(marker, limit), Preface(marker, limit)
        output = bytearray(), bytearray()

        def deliver(*pieces: bytes) -> None:
            for piece, preface, collected in zip(pieces, prefaces, output, strict=True):
                if piece:
                    collected += preface.feed(piece)
            if len(output[0]) + len(output[1]) > limit:
                raise OverflowingError

        with self.start(line, timeout) as running:
            try:
                code = drive(running, preamble(rights[1], marker) + data, deliver, deadline=deadline)
            except LostError:
                raise self.lost() from None
            except OverdueError:
                gone = end(running)
                raise TimedOut(
                    self._host.name,
                    f"`{' '.join(argv)[:200]}` took longer than {timeout:g} s" + _last_words(output, gone),
                ) from None
            except OverflowingError:
                end(running)
                raise CommandFailed(
                    self._host.name, f"`{' '.join(argv)[:200]}` printed more than {limit} bytes and was stopped"
                ) from None
        assert code is not None  # no stop was given
        if not prefaces[0].passed:
            raise self.not_started(argv, rights[0], code, *prefaces)
        if not prefaces[1].passed:
            output[1].extend(prefaces[1].held)
        stdout, stderr = (clean(bytes(part).decode("utf-8", "replace")) for part in output)
        return Result(self._host.name, tuple(argv), code, stdout, stderr)

    def not_started(
        self, argv: Sequence[str], elevation: Elevation, code: int, out: Preface, err: Preface
    ) -> CommandFailed | AuthenticationFailed:
        """The error for a login shell or a sudo that did not get as far as the command."""
        said = " / ".join(clean((err.held + b"\n" + out.held).decode("utf-8", "replace")).split("\n")).strip(" /")[
            -400:
        ]
        said = said or "nothing"
        if elevation is not Elevation.PLAIN and not out.passed:
            return AuthenticationFailed(
                self._host.name, f"sudo did not run `{argv[0]}`; it said: {said}", "see ssh.sudo in the session"
            )
        return CommandFailed(
            self._host.name,
            f"the login shell ended with {code} before `{argv[0]}` was started; it said: {said}",
            "try `ssh HOST true` by hand: the shell, or a file that it reads at login, does not let commands run",
        )


def preamble(password: Secret | None, marker: str) -> bytes:
    """What goes before a supervised command's input; see `quote.supervised`."""
    first = password.reveal().encode("utf-8", "surrogateescape") + b"\n" if password else b""
    return first + marker.encode() + b"\n"


def _last_words(output: tuple[bytearray, bytearray], gone: bool) -> str:
    text = clean(bytes(output[1][-2000:] or output[0][-2000:]).decode("utf-8", "replace")).strip()
    words = f"; it last said: {text.splitlines()[-1][-300:]}" if text else "; it had printed nothing"
    return words if gone else words + "; whether it has ended there is not known"
