"""The bytes of a direct-tcpip channel."""

from __future__ import annotations

import contextlib
import socket
import threading

import paramiko

from fabwiz.remote.rehearsal.wire import shut


def pump(channel: paramiko.Channel, sock: socket.socket) -> None:
    """Copy both ways in two threads until both ends are done; half-closed connections keep their other half."""
    left = threading.Semaphore(0)

    def outward() -> None:
        with contextlib.suppress(OSError, EOFError):
            while data := channel.recv(1 << 16):
                sock.sendall(data)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        left.release()

    def inward() -> None:
        with contextlib.suppress(OSError, EOFError):
            while data := sock.recv(1 << 16):
                channel.sendall(data)
        with contextlib.suppress(OSError, EOFError):
            channel.shutdown_write()
        left.release()
        left.acquire()
        left.acquire()
        channel.close()
        shut(sock)

    threading.Thread(target=outward, daemon=True).start()
    threading.Thread(target=inward, daemon=True).start()
