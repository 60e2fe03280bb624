"""A command whose connection breaks at the very moment in which something is sent, read or closed."""

from __future__ import annotations

import socket
from typing import Any, cast

import pytest

from fabwiz.remote.channel import ChannelProcess
from fabwiz.remote.watch import WatchedSocket


class Broken:
    """paramiko's Channel between the end of its socket and its transport's notice: Packetizer raises EOFError."""

    def __init__(self) -> None:
        self._socket = socket.socket()

    def settimeout(self, _: float) -> None:
        pass

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, _: bytes) -> int:
        raise EOFError

    def recv(self, _: int) -> bytes:
        raise EOFError

    recv_stderr = recv

    def close(self) -> None:
        self._socket.close()
        raise EOFError


def test_the_break_is_told_as_the_end_of_a_stream_and_as_nothing_else() -> None:
    channel: Any = Broken()
    process = ChannelProcess(channel, cast("WatchedSocket", None))

    with pytest.raises(BrokenPipeError):
        process.send(b"more")
    assert process.read() == (b"", b"")
    assert process.drained
    process.close()
