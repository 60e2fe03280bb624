"""A command behind an SSH channel, and the limit on how many run at once."""

from __future__ import annotations

import random
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fabwiz.remote.connection import CommandFailed, ConnectionLost, TimedOut
from fabwiz.remote.watch import WatchedSocket

if TYPE_CHECKING:
    import paramiko

MAX_SESSIONS = 4
"""Sessions of one connection at the same time. sshd allows 10 (MaxSessions) and frees them late."""

_OPEN_SECONDS = 20.0


class ChannelProcess:
    """A command that sshd runs: keeps `fabwiz.remote.process.Running`."""

    def __init__(self, channel: paramiko.Channel, link: WatchedSocket) -> None:
        self._channel = channel
        self._link = link
        self._input_ended = False
        self._ended = [False, False]
        channel.settimeout(0.0)
        self._poll = select.poll()
        self._poll.register(channel.fileno(), select.POLLIN)

    def send(self, data: bytes) -> int:
        """Give it input, as far as the channel takes it now."""
        try:
            return self._channel.send(data)
        except TimeoutError:
            return 0
        except EOFError:  # the connection broke in this very moment
            raise BrokenPipeError("the connection is lost") from None

    def end_input(self) -> None:
        """End its standard input."""
        if not self._input_ended:
            self._input_ended = True
            try:
                self._channel.shutdown_write()
            except (OSError, EOFError):
                return  # it is gone already

    def read(self) -> tuple[bytes, bytes]:
        """What it has printed by now on both streams."""
        return self._receive(0), self._receive(1)

    def _receive(self, stream: int) -> bytes:
        if self._ended[stream]:
            return b""
        try:
            data = self._channel.recv_stderr(65536) if stream else self._channel.recv(65536)
        except TimeoutError:
            return b""
        except EOFError:  # what was read cannot be acknowledged any more
            data = b""
        self._ended[stream] = not data
        return data

    def wait(self, seconds: float) -> None:
        """Until there may be something to read, or it may have ended."""
        if self.drained:  # its descriptor stays readable from then on
            self._channel.status_event.wait(seconds)
        else:
            self._poll.poll(seconds * 1000)
            if any(self._ended):  # one stream has ended and keeps the descriptor readable
                self._channel.status_event.wait(min(seconds, 0.02))

    @property
    def drained(self) -> bool:
        """Whether both streams have ended."""
        return all(self._ended)

    @property
    def exit_code(self) -> int | None:
        """Its exit code, -1 if sshd sent none; None while it runs."""
        return self._channel.exit_status if self._channel.exit_status_ready() else None

    @property
    def lost(self) -> bool:
        """Whether the connection broke before the exit code came."""
        if not self._channel.closed or self._channel.exit_status != -1:
            return False
        return self._link.verdict is not None or not self._channel.get_transport().is_active()

    def close(self) -> None:
        """Close the channel."""
        _close(self._channel)


class Sessions:
    """Hands out session channels of a transport: a few at a time, and again if the server has none free yet."""

    def __init__(self, host: str, transport: paramiko.Transport, link: WatchedSocket) -> None:
        self._host = host
        self._transport = transport
        self._link = link
        self._slots = threading.BoundedSemaphore(MAX_SESSIONS)

    @contextmanager
    def channel(self, timeout: float) -> Iterator[paramiko.Channel]:
        """A fresh session, closed afterwards. Raises TimedOut, ConnectionLost, CommandFailed."""
        if not self._slots.acquire(timeout=timeout):
            raise TimedOut(
                self._host,
                f"all {MAX_SESSIONS} sessions of its connection were busy for {timeout:.0f} s",
                "commands that hang on this host would explain it",
            )
        try:
            channel = self._open(timeout)
            try:
                yield channel
            finally:
                _close(channel)
        finally:
            self._slots.release()

    def _open(self, timeout: float) -> paramiko.Channel:
        import paramiko

        deadline = time.monotonic() + min(timeout, _OPEN_SECONDS)
        for attempt in range(1000):
            if not self._transport.is_active():
                break
            try:
                return self._transport.open_session(timeout=max(deadline - time.monotonic(), 1.0))
            except paramiko.ChannelException as refusal:
                # full jitter: slots of closed sessions come free within moments
                pause = random.uniform(0, min(0.05 * 2**attempt, 2.0))  # noqa: S311 - no secret
                if time.monotonic() + pause > deadline:
                    raise CommandFailed(
                        self._host,
                        f"sshd opens no further session ({refusal})",
                        "look at MaxSessions in its sshd_config",
                    ) from None
                time.sleep(pause)
            except (paramiko.SSHException, EOFError, OSError):
                if self._transport.is_active():
                    raise TimedOut(self._host, "sshd did not open a session in time") from None
                break
        raise self.lost()

    def lost(self) -> ConnectionLost:
        """The error for a broken connection, with what is known about it."""
        why = self._link.verdict or "it was closed on this side"
        return ConnectionLost(self._host, f"the connection is lost: {why}", "look whether the host is up")


def _close(channel: paramiko.Channel) -> None:
    """Say farewell, where there is still somebody to hear it."""
    with suppress(EOFError, OSError):
        channel.close()
