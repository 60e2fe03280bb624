"""Ports that nobody gets through to, without a firewall."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def taking_nobody_in(address: str, port: int) -> Iterator[None]:
    """A listener whose queue is full: the kernel drops what comes, as a firewall does."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind((address, port))
        server.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex((address, server.getsockname()[1]))
        yield
