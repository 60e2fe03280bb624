"""The engine's door: a unix socket where the tiny `docker` and `docker-compose` hand in their command lines."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Call:
    """One command line that runs."""

    program: str
    argv: list[str]
    cwd: Path
    environment: Mapping[str, str]
    _socket: socket.socket
    _lock: threading.Lock

    def out(self, text: str) -> None:
        """Print a line on standard output. Raises OSError when nobody listens any more."""
        self._send(1, text.encode("utf-8", "surrogateescape") + b"\n")

    def err(self, text: str) -> None:
        """Print a line on standard error. Raises OSError when nobody listens any more."""
        self._send(2, text.encode("utf-8", "surrogateescape") + b"\n")

    def end(self, code: int) -> None:
        """Say how it ended."""
        self._send(0, str(code).encode())

    def gone(self) -> bool:
        """Whether the client has left."""
        readable, _, _ = select.select([self._socket], [], [], 0)
        return bool(readable) and not self._peek()

    def _peek(self) -> bytes:
        try:
            return self._socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return b""

    def _send(self, kind: int, body: bytes) -> None:
        with self._lock:
            self._socket.sendall(bytes([kind]) + len(body).to_bytes(4, "big") + body)


class Gate:
    """Listens on the socket; `handle` runs a call and returns its exit code."""

    def __init__(self, path: Path, handle: Callable[[Call], int]) -> None:
        self._handle = handle
        path.unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # by way of the folder's descriptor: the path of a unix socket may have 107 bytes only
        folder = os.open(path.parent, os.O_PATH)
        try:
            self._listening.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
        path.chmod(0o600)
        self._listening.listen(64)
        threading.Thread(target=self._accept, name="docker", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, EOFError, ValueError):
            stream = sock.makefile("rb")
            size = int.from_bytes(stream.read(4), "big")
            program, cwd, count, *words = stream.read(size).decode(errors="surrogateescape").split("\0")[:-1]
            argv, environment = words[: int(count)], words[int(count) :]
            pairs = {name: value for name, _, value in (entry.partition("=") for entry in environment)}
            call = Call(program, argv, Path(cwd), pairs, sock, threading.Lock())
            call.end(self._handle(call))

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()
