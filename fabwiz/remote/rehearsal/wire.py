"""Sockets shared by the stand-ins: TCP services with a thread a connection, and frames of a header and a body."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

_LIMIT = 128 << 20


def send_frame(sock: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    """Send a JSON header and a body. Raises OSError when the other end is gone."""
    head = json.dumps(header).encode()
    sock.sendall(len(head).to_bytes(4, "big") + len(body).to_bytes(4, "big") + head + body)


def receive_frame(sock: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Receive what `send_frame` sent. Raises EOFError at the end, OSError (TimeoutError too) from the socket."""
    lengths = _exactly(sock, 8)
    head, body = int.from_bytes(lengths[:4], "big"), int.from_bytes(lengths[4:], "big")
    if head > 1 << 20 or body > _LIMIT:
        raise EOFError("not a frame")
    return json.loads(_exactly(sock, head)), _exactly(sock, body)


def _exactly(sock: socket.socket, count: int) -> bytes:
    pieces = []
    while count:
        piece = sock.recv(min(count, 1 << 20))
        if not piece:
            raise EOFError("connection closed")
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def shut(sock: socket.socket) -> None:
    """Close at once, waking whoever waits on it."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def bind(address: str, port: int) -> socket.socket:
    """Listen on one address. Raises OSError (EADDRINUSE among others)."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


class TcpService:
    """Listens on several addresses; every connection gets `handler(socket)` in a thread of its own."""

    def __init__(self, addresses: Iterable[tuple[str, int]], handler: Callable[[socket.socket], None]) -> None:
        self._handler = handler
        self._listening: list[socket.socket] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        try:
            for address, port in addresses:
                self._listening.append(bind(address, port))
        except OSError:
            self.close()
            raise
        for sock in self._listening:
            threading.Thread(target=self._accept, args=(sock,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if self._closed:
                    sock.close()
                    return
                self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError, EOFError, ValueError):
                self._handler(sock)
        finally:
            with self._lock:
                self._open.discard(sock)
            shut(sock)

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._lock:
            return len(self._open)

    def close(self) -> None:
        """Stop listening, end every connection."""
        with self._lock:
            self._closed = True
            open_now = list(self._open)
        for sock in self._listening + open_now:
            shut(sock)
