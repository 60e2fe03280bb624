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
        self._open: set[socket.socket | paramiko.Channel] = set()
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
            self._open.clear()
        # a thread that waits in accept notices shutdown, not close
        for end in (self._listener, *ends):
            _end(end)

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
            self._error = None
            with self._lock:
                if self._closed:
                    return
                self._open |= {near, far}
            back = threading.Thread(target=_pump, args=(far, near), name=f"{self._name}-out", daemon=True)
            back.start()
            _pump(near, far)
            back.join()
        except RemoteError as error:
            self._error = error
        except (OSError, EOFError):  # paramiko tells a connection that ends meanwhile by either
            return
        finally:
            with self._lock:
                self._open -= {near, far}
            for end in (near, far):
                if end is not None:
                    _end(end)


def _pump(source: socket.socket | paramiko.Channel, sink: socket.socket | paramiko.Channel) -> None:
    """Carry bytes one way until there are no more; the other way may go on. A failure ends both."""
    try:
        while data := source.recv(_PIECE):
            sink.sendall(data)
        sink.shutdown(1)
    except (OSError, EOFError):
        _end(source)
        _end(sink)


def _end(end: socket.socket | paramiko.Channel) -> None:
    with suppress(OSError, EOFError):  # for both paramiko writes to the server, which may be gone
        end.shutdown(2)
    with suppress(OSError, EOFError):
        end.close()
