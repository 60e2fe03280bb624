"""Knocking at a broker's port from the station: with TLS or without, with a client certificate or without one."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 10.0
_AT_ONCE = 400
_ASK = struct.pack("!hhihi", 3, 0, 7, -1, 0)
"""Kafka's Metadata request in its first version, which 0.9 to 3 answer: correlation id 7, no client id, no topics."""


def with_tls(
    address: str, port: int, name: str, roots: Path, certificate: Path | None = None, key: Path | None = None
) -> str:
    """`answered`, or the error. The broker must have a certificate of `roots` for this name."""
    context = ssl.create_default_context(cafile=str(roots))
    if certificate:
        context.load_cert_chain(certificate, key)
    try:
        plain = socket.create_connection((address, port), _SECONDS)
        with plain, context.wrap_socket(plain, server_hostname=name) as secure:
            return _ask(secure)
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def without_tls(address: str, port: int) -> str:
    """`answered`, or the error."""
    try:
        with socket.create_connection((address, port), _SECONDS) as plain:
            return _ask(plain)
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def _ask(connection: socket.socket) -> str:
    connection.settimeout(_SECONDS)
    connection.sendall(struct.pack("!i", len(_ASK)) + _ASK)
    answer = b""
    while len(answer) < 8 and (piece := connection.recv(8 - len(answer))):
        answer += piece
    return "answered" if answer[4:] == struct.pack("!i", 7) else f"hung up after {answer!r}"


def open_ports(address: str, ports: Sequence[int] = range(1, 65536)) -> set[int]:
    """Every port of a host at which something takes connections."""

    async def scan() -> set[int]:
        waiting, found = iter(ports), set[int]()

        async def knock() -> None:
            loop = asyncio.get_running_loop()
            for port in waiting:
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
                    one.setblocking(False)
                    try:
                        await asyncio.wait_for(loop.sock_connect(one, (address, port)), _SECONDS)
                    except OSError:
                        continue
                    found.add(port)

        await asyncio.gather(*(knock() for _ in range(_AT_ONCE)))
        return found

    return asyncio.run(scan())
