"""What a host offers to the rest of fabwiz: run a command, follow one, place a bundle of files, forward a port.

`Connection` is the contract; `fabwiz.remote.ssh` and `fabwiz.remote.local` keep it, and `fabwiz.remote.pool` hands
them out. Everything that can go wrong between this machine and a host is a `RemoteError` that names the host and
the way out; a command that merely exits with another code than 0 is not an error here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from fabwiz.remote.sanitize import clean
from fabwiz.session.network import Host

if TYPE_CHECKING:
    from fabwiz.remote.feed import Feed

DEFAULT_TIMEOUT = 60.0
"""Seconds that a command gets when nothing else is said."""

DEFAULT_LIMIT = 8 << 20
"""Bytes that a command may print, both streams together, when nothing else is said."""


class RemoteError(Exception):
    """Something between this machine and a host failed. `host` is its name in the session.

    `message` says what happened, `remedy` (may be empty) what to do about it. Both are safe to show: what a host
    said in them is stripped of control sequences here.
    """

    def __init__(self, host: str, message: str, remedy: str = "") -> None:
        message = clean(message)
        super().__init__(f"host {host}: {message}" + (f"; {remedy}" if remedy else ""))
        self.host = host
        self.message = message
        self.remedy = remedy


class Unreachable(RemoteError):
    """No connection came about: name, route, port, jump host, or an sshd that hangs up."""


class AuthenticationFailed(RemoteError):
    """The host was reached and refused every key and password that was offered, or sudo refused its password."""


class HostKeyUnknown(RemoteError):
    """The host's key was never seen before and nobody vouched for it.

    `name` is what known_hosts files call the host (`192.0.2.7`, `[192.0.2.7]:2222`), `key_type` such as
    `ssh-ed25519`, `key` its base64 text, `fingerprint` such as `SHA256:...`, as `ssh-keygen -l` prints it.
    """

    def __init__(self, host: str, name: str, key_type: str, key: str, fingerprint: str) -> None:
        super().__init__(
            host,
            f"the key of {name} is not known: {key_type} {fingerprint}",
            "compare it with `ssh-keygen -lf` on the host's console, "
            "then accept it (--accept-new-host-keys accepts all new ones)",
        )
        self.name = name
        self.key_type = key_type
        self.key = key
        self.fingerprint = fingerprint


class HostKeyChanged(RemoteError):
    """The host shows another key than the known one. Never accepted: it may be another machine that listens in."""

    def __init__(self, host: str, name: str, fingerprint: str, where: str) -> None:
        super().__init__(
            host,
            f"the key of {name} has changed: it now shows {fingerprint}, but {where} has another",
            "if the host was installed anew, remove that line yourself; if not, somebody may be listening in",
        )
        self.name = name
        self.fingerprint = fingerprint
        self.where = where


class CommandFailed(RemoteError):
    """A command could not be run to its end, or `Result.check` found a code other than 0. `result` is then set."""

    def __init__(self, host: str, message: str, remedy: str = "", result: Result | None = None) -> None:
        super().__init__(host, message, remedy)
        self.result = result


class ConnectionLost(RemoteError):
    """The connection broke or its peer fell silent. Ask the pool for the connection again to reconnect."""


class TimedOut(RemoteError):
    """A command took longer than its time limit; it was stopped on the host."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished command left: its exit code (-1: ended by a signal) and what it printed.

    `stdout` and `stderr` are decoded as UTF-8 and free of control sequences (`sanitize.clean`).
    """

    host: str
    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the exit code is 0."""
        return self.code == 0

    def check(self, what: str = "", remedy: str = "") -> Self:
        """Return itself if the exit code is 0, else raise `CommandFailed` with the last lines that were printed.

        `what` names the purpose in words, such as `"starting kafka1"`.
        """
        if self.ok:
            return self
        said = (self.stderr.strip() or self.stdout.strip()).splitlines()[-5:]
        command = what or f"`{' '.join(self.argv)[:200]}`"
        ending = "was ended by a signal" if self.code < 0 else f"exited with {self.code}"
        raise CommandFailed(self.host, f"{command} {ending}: {' / '.join(said) or 'it printed nothing'}", remedy, self)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of a bundle: `path` relative to the bundle's folder with `/`, mode bits such as 0o600, sha256 in hex."""

    path: str
    mode: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PutReport:
    """What `put_bundle` did: bytes of the archive that was sent (0: nothing was), and files by what became of them."""

    sent_bytes: int
    changed: tuple[str, ...]
    """Paths whose content or mode was put in place, sorted; of folders around files, too."""
    unchanged: int
    """How many files were as they should be."""
    removed: tuple[str, ...] = ()
    """Paths that an earlier manifest put there and that are no longer wanted, sorted."""


class Forward(Protocol):
    """A listener on this machine's loopback whose connections come out on the host. A context manager."""

    @property
    def address(self) -> str:
        """Where to connect to: `127.0.0.1`."""

    @property
    def port(self) -> int:
        """The port to connect to."""

    @property
    def error(self) -> RemoteError | None:
        """Why the latest connection through it could not be made, if it could not."""

    def close(self) -> None:
        """Stop listening and end all its connections."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Connection(Protocol):
    """A host that commands can be run on. Thread-safe: threads share one connection."""

    @property
    def host(self) -> Host:
        """The host that this leads to."""

    @property
    def alive(self) -> bool:
        """Whether it can still be used, as far as is known."""

    @property
    def host_key(self) -> str | None:
        """The host's key as `ssh-ed25519 SHA256:...`, as ssh-keygen prints it; None where none is needed."""

    def run(
        self,
        argv: Sequence[str],
        *,
        input: bytes = b"",  # noqa: A002 - the name that subprocess.run gave it
        timeout: float = DEFAULT_TIMEOUT,
        root: bool = False,
        env: Mapping[str, str] | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Result:
        """Run a command to its end, with `input` as its standard input.

        `timeout` is in seconds and includes waiting for a free session; `root` means: with the privileges that
        Docker and `remote_dir` need, as the host's `ssh.sudo` says; `env` is set on top of the host's environment
        (it shows in the process list: no secrets); `limit` is the bytes that both streams may hold together.
        Never raises for an exit code. Raises TimedOut (the remote process is stopped), CommandFailed (more than
        `limit` bytes; the remote process is stopped), AuthenticationFailed (sudo's password), ConnectionLost.
        """

    def stream(
        self, argv: Sequence[str], on_line: Callable[[str], None], stop: threading.Event, *, root: bool = False
    ) -> int | None:
        """Run a command and hand over every line of both streams as it comes, free of control sequences.

        Returns the exit code, or None when `stop` was set; the remote process is gone in both cases. Raises
        ConnectionLost when the connection breaks; following on from there is the caller's business.
        `on_line` is called in this thread; what it raises ends the command and is passed on.
        """

    def feed(self, argv: Sequence[str], source: Feed, stop: threading.Event, *, root: bool = False) -> int | None:
        """Run a command whose standard input comes piece by piece, and hand over every line that it prints.

        Its input stays open until it ends by itself: it must see from what it is given when that is all. Returns the
        exit code, or None when `stop` was set; the remote process is gone in both cases. Raises TimedOut when
        nothing moves for as long as `source` has patience, ConnectionLost, and what `source` raises.
        """

    def put_bundle(
        self, folder: Path, manifest_files: Sequence[BundleFile], remote_dir: str, only_look: bool = False
    ) -> PutReport:
        """Make `remote_dir` on the host hold the given files of `folder`, with their modes.

        Content that is there already is not sent again. What an earlier bundle put there and this one does not
        have is removed; everything else is left alone. Every file appears under its name complete or not at all.
        With `only_look` nothing is changed, and the report says what would be.
        Raises CommandFailed, TimedOut, ConnectionLost; ValueError for a path that leads out of the folder.
        """

    def forward(self, port: int, address: str = "127.0.0.1") -> Forward:
        """Listen on this machine's loopback, on a free port, for connections to `address:port` as the host sees it."""

    def close(self) -> None:
        """End it; whatever runs through it ends too. May be called twice."""
