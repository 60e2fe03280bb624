"""What a server may make this program hold in memory: paramiko alone trusts the lengths and windows that peers claim.

A server speaks long before it is known to be the right one. Its greeting, the length of each packet and what it sends
beyond a channel's window are bounded here; whoever goes beyond is no SSH server, or means harm, and is hung up on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabwiz.remote.farewells import CONFIRMATION, DISCONNECT, Farewells, parting_words

if TYPE_CHECKING:
    import paramiko

    from fabwiz.remote.watch import WatchedSocket

MOST_PACKET = 1 << 20
"""Bytes of a packet. RFC 4253, 6.1, asks for 35000; OpenSSH takes 256 KiB, and sends no more than it is told."""
MOST_GREETING = 64 << 10
"""Bytes before the version line ends. RFC 4253, 4.2, lets servers say something first."""
_DATA = (94, 95)
"""SSH_MSG_CHANNEL_DATA and SSH_MSG_CHANNEL_EXTENDED_DATA (RFC 4254, 5.2)."""


def bounded(transport: paramiko.Transport, link: WatchedSocket) -> None:
    """Have a transport that has not begun yet use a packetizer that is bounded, and heeds farewells of either side.

    `link` is its socket.
    """
    import paramiko
    from paramiko.packet import Packetizer

    class Bounded(Packetizer):
        """Raises SSHException in the transport's thread, which ends the connection."""

        _greeting = 0
        _farewells = Farewells()

        def read_all(self, n: int, check_rekey: bool = False) -> bytes:
            if n > MOST_PACKET:
                raise paramiko.SSHException(f"the server announces a packet of {n} bytes")
            return bytes(super().read_all(n, check_rekey))

        def _read_timeout(self, timeout: float) -> bytes:
            data = bytes(super()._read_timeout(timeout))  # type: ignore[misc]
            self._greeting += len(data)
            if self._greeting > MOST_GREETING:
                raise paramiko.SSHException("the server says too much before it names its version")
            return data

        def read_message(self) -> tuple[int, paramiko.Message]:
            kind, message = super().read_message()
            if kind in _DATA:
                _within_window(transport, link, message)
            elif kind == DISCONNECT:
                link.verdict = parting_words(message)
            elif kind == CONFIRMATION:
                self._farewells.opened(message.asbytes())
            return kind, message

        def send_message(self, data: paramiko.Message) -> None:
            with self._farewells.order:
                if self._farewells.may_go(data.asbytes()):
                    super().send_message(data)

    transport.packetizer = Bounded(link)  # type: ignore[arg-type]


def _within_window(transport: paramiko.Transport, link: WatchedSocket, message: paramiko.Message) -> None:
    import paramiko

    number = message.get_int()
    message.rewind()
    channel = transport._channels.get(number)  # type: ignore[attr-defined]
    if channel is None:
        return
    held = len(channel.in_buffer) + len(channel.in_stderr_buffer)
    if held + len(message.asbytes()) > channel.in_window_size + MOST_PACKET:
        link.verdict = "it sends more than it may before that is read"
        raise paramiko.SSHException(link.verdict)
