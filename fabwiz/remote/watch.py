"""Noticing that a peer is dead, though its TCP connection says nothing.

A pulled cable, a host that was switched off or a stopped sshd leave a connection that looks alive for many minutes.
Every few seconds the peer is asked something that it must answer (`keepalive@openssh.com`, as ssh's own
ServerAliveInterval does); if nothing at all is heard for a while after the question, the connection is given up.
"""

from __future__ import annotations

import errno
import threading
import time
from typing import TYPE_CHECKING, Any

from fabwiz.remote.options import RemoteOptions

if TYPE_CHECKING:
    import paramiko


class WatchedSocket:
    """A socket (or a channel of a jump host) that knows when it was last heard, for paramiko's transport.

    The transport's thread calls `recv` many times a second even when nothing comes: that is where silence is
    noticed, without a thread for it.
    """

    def __init__(self, raw: Any, patience: float) -> None:
        self._raw = raw
        self._patience = patience
        self._asked: float | None = None
        self.heard = time.monotonic()
        self.verdict: str | None = None
        """Why it is of no more use: None while it is."""

    def ask(self) -> None:
        """A question goes out now."""
        self._asked = time.monotonic()

    def answered(self) -> None:
        """The question was answered."""
        self._asked = None

    def recv(self, size: int) -> bytes:
        """As a socket's. Raises ConnectionResetError once the peer counts as dead."""
        try:
            data: bytes = self._raw.recv(size)
        except TimeoutError:
            self._judge()
            raise
        except OSError as error:
            self.verdict = self.verdict or str(error)
            raise
        if data:
            self.heard = time.monotonic()
        else:
            self.verdict = self.verdict or "it closed the connection"
        return data

    def send(self, data: bytes) -> int:
        """As a socket's; a dead peer's full buffer would otherwise be tried for ever."""
        try:
            sent: int = self._raw.send(data)
        except TimeoutError:
            self._judge()
            raise
        return sent

    @property
    def _closed(self) -> bool:
        """What paramiko reads when it ends its thread; channels call it differently."""
        return bool(getattr(self._raw, "_closed", False) or getattr(self._raw, "closed", False))

    def _judge(self) -> None:
        asked, now = self._asked, time.monotonic()
        if asked is not None and now - max(asked, self.heard) > self._patience:
            self.verdict = f"it has not answered for {now - self.heard:.0f} s"
            raise ConnectionResetError(errno.ECONNRESET, self.verdict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def watch(transport: paramiko.Transport, link: WatchedSocket, options: RemoteOptions, closed: threading.Event) -> None:
    """Ask the peer for signs of life until `closed` is set or the transport ends. Starts a daemon thread."""
    import paramiko

    def questions() -> None:
        while not closed.wait(options.watch_interval) and transport.is_active():
            link.ask()
            try:
                transport.global_request("keepalive@openssh.com", wait=True)
            except (paramiko.SSHException, EOFError, OSError):
                return
            link.answered()

    threading.Thread(target=questions, name=f"{transport.name}-watch", daemon=True).start()
