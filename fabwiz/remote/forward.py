"""Ports of this machine's loopback that lead to ports that a host sees."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fabwiz.remote.connection import RemoteError

if TYPE_CHECKING:
    import paramiko

_PIECE = 65536
_TURN = 0.5
"""Seconds after which a thread that waits for the far end looks whether it is still wanted."""


@dataclass(frozen=True, slots=True)
class DirectForward:
    """Where nothing needs forwarding: the port itself, on this machine."""

    address: str
    port: int
    error: RemoteError | None = None

    def close(self) -> None:
        """Nothing is to be closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SshForward:
    """A listener whose connections go through channels of an SSH connection. Threads are daemons.

    Forwards do not count against the connection's sessions: sshd limits only sessions.
    """

    def __init__(self, connect: Callable[[], paramiko.Channel], name: str) -> None:
        """`connect` opens a channel to the far port or raises RemoteError; `name` names the threads."""
        self._connect = connect
        self._name = name
        self._error: RemoteError | None = None
        self._open: set[socket.socket] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name=f"{name}-accept", daemon=True).start()

    @property
    def address(self) -> str:
        """`127.0.0.1`."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The port of this machine that leads there."""
        return self._port

    @property
    def error(self) -> RemoteError | None:
        """Why the latest connection could not be made, if it could not."""
        return self._error

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Stop listening and end all connections."""
        with self._lock:
            self._closed = True
            ends = list(self._open)
        # threads that wait in accept or recv notice shutdown, not close; the far ends are their own threads' to close
        for end in (self._listener, *ends):
            _shut(end)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), name=f"{self._name}-in", daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        far: paramiko.Channel | None = None
        try:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far = self._connect()
            far.settimeout(_TURN)
            self._error = None
            with self._lock:
                if self._closed:
                    return
                self._open.add(near)
            back = threading.Thread(target=self._back, args=(far, near), name=f"{self._name}-out", daemon=True)
            back.start()
            self._there(near, far)
            while back.is_alive() and not self._closed:
                back.join(_TURN)
        except RemoteError as error:
            self._error = error
        except (OSError, EOFError):  # paramiko tells a connection that ends meanwhile by either
            return
        finally:
            with self._lock:
                self._open.discard(near)
            for end in (near, far):
                if end is not None:
                    _shut(end)
                    with suppress(OSError, EOFError):  # paramiko writes to the server, which may be gone
                        end.close()

    def _there(self, near: socket.socket, far: paramiko.Channel) -> None:
        """Carry bytes to the host until there are no more; those that come back may go on.

        Whatever is said to the far end is said in this thread: two that end it at once would say it in any order.
        Raises OSError, EOFError where either end is gone.
        """
        while data := near.recv(_PIECE):
            while data and not self._closed:
                with suppress(TimeoutError):
                    sent = far.send(data)
                    if not sent:
                        raise EOFError
                    data = data[sent:]
        far.shutdown(1)

    def _back(self, far: paramiko.Channel, near: socket.socket) -> None:
        """Carry bytes from the host until there are no more. A failure ends the other way, too."""
        try:
            while not self._closed:
                with suppress(TimeoutError):
                    data = far.recv(_PIECE)
                    if not data:
                        near.shutdown(1)
                        return
                    near.sendall(data)
        except (OSError, EOFError):
            pass
        _shut(near)


def _shut(end: socket.socket | paramiko.Channel) -> None:
    with suppress(OSError, EOFError):
        end.shutdown(2)
