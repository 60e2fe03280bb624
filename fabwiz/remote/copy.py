"""Sending one file through scp, by a session that also passes sudo and whatever login scripts print."""

from __future__ import annotations

import io
import secrets as tokens
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from fabwiz.remote.connection import CommandFailed
from fabwiz.remote.quote import supervised
from fabwiz.remote.sanitize import clean
from fabwiz.remote.shell import Preface, preamble

if TYPE_CHECKING:
    import paramiko

    from fabwiz.remote.ssh import SshConnection

_NO_SCP = 91
_IDLE = 120.0
"""Seconds without progress after which a copy is given up: a slow line may hold so much in its buffers."""

# TARGET COMMAND...: run the command, then receive a file as TARGET
_RECEIVE = f"""\
"$@" || exit; umask 077; command -v scp >/dev/null || exit {_NO_SCP}; exec scp -t -- "$0"
"""


def scp_upload(connection: SshConnection, data: bytes, prepare: Sequence[str], target: str, timeout: float) -> bool:
    """Run `prepare`, then write `target`, 0600, with the rights of `root=True`; False if the host has no scp.

    A partial file may be left under `target` when it fails. Raises CommandFailed, ConnectionLost, TimedOut.
    """
    import paramiko
    from scp import SCPClient, SCPException

    del timeout  # progress counts, not the whole
    with ExitStack() as stack:
        way = _ScpWay(connection, ["sh", "-c", _RECEIVE, target, *prepare], stack)
        client = SCPClient(way, socket_timeout=_IDLE)
        try:
            client.putfo(io.BytesIO(data), target, mode="0600", size=len(data))
        except (SCPException, paramiko.SSHException, EOFError, OSError) as error:
            if not connection.alive:
                raise connection.lost() from None
            code, said = way.last_words()
            if code == _NO_SCP:
                return False
            text = clean(" ".join(str(part) for part in error.args if isinstance(part, str))).strip()
            raise CommandFailed(
                connection.host.name,
                f"copying to {target} failed: {said or text or type(error).__name__}",
                "look at the disk space and the rights there",
            ) from None
        finally:
            client.close()
    return True


class _ScpWay:
    """What scp's client takes for a transport: its one session runs the receiving command under supervision."""

    def __init__(self, connection: SshConnection, argv: Sequence[str], stack: ExitStack) -> None:
        self._connection = connection
        self._argv = argv
        self._stack = stack
        self._channel: paramiko.Channel | None = None
        self._marker = tokens.token_hex(12)

    def getpeername(self) -> tuple[str, int]:
        return self._connection.host.address or "", self._connection.host.ssh.port or 22

    def open_session(self) -> _ScpChannel:
        elevation, password = self._connection.rights()
        marker = self._marker
        line = supervised(self._argv, marker=marker, input_size=None, elevation=elevation)
        self._channel = self._stack.enter_context(self._connection.session(line, _IDLE))
        self._channel.settimeout(_IDLE)
        self._channel.sendall(preamble(password, marker))
        return _ScpChannel(self._channel, marker)

    def last_words(self) -> tuple[int | None, str]:
        """The exit code, if it has ended, and what it said on standard error."""
        channel = self._channel
        if channel is None:
            return None, ""
        deadline = time.monotonic() + 2.0
        while not channel.exit_status_ready() and time.monotonic() < deadline:
            channel.status_event.wait(0.1)
        preface, said = Preface(self._marker, 1 << 20), b""
        while channel.recv_stderr_ready() and len(said) < 65536:
            said += preface.feed(channel.recv_stderr(4096))
        said = said if preface.passed else preface.held
        lines = clean(said.decode("utf-8", "replace")).strip().splitlines()
        return (channel.exit_status if channel.exit_status_ready() else None), " / ".join(lines[-3:])


class _ScpChannel:
    """A channel that begins where the command begins; everything else is the channel's."""

    def __init__(self, channel: paramiko.Channel, marker: str) -> None:
        self._channel = channel
        self._preface = Preface(marker, 1 << 20)

    def exec_command(self, command: bytes) -> None:
        """The command was started already: see `_ScpWay.open_session`."""

    def recv(self, size: int) -> bytes:
        while True:
            data = self._channel.recv(size)
            rest = self._preface.feed(data)
            if rest or not data:
                return rest

    def recv_stderr_ready(self) -> bool:
        return False  # it is read once, with the exit code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)
