"""delay.py QUEUE MS: holds each packet of a netfilter queue for MS ms, then lets it go.

For kernels without netem. The messages are those of linux/netfilter/nfnetlink_queue.h.
"""

from __future__ import annotations

import collections
import select
import socket
import struct
import sys
import time

_NETFILTER = 12
_SO_RCVBUFFORCE = 33
_PACKET, _VERDICT, _CONFIG = 0, 1, 2
_SUBSYSTEM = 3
_LONGEST_QUEUE = 20000


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


class Queue:
    """A netfilter queue of this network namespace."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        self.socket.bind((0, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 8 << 20)
        self._send(_CONFIG, attribute(1, struct.pack("!BxH", 1, 0)))  # bind
        self._send(_CONFIG, attribute(2, struct.pack("!IB", 0, 1)))  # no more of a packet than its id
        self._send(_CONFIG, attribute(3, struct.pack("!I", _LONGEST_QUEUE)))

    def _send(self, kind: int, body: bytes) -> None:
        payload = struct.pack("!BBH", 0, 0, self._number) + body
        self.socket.send(struct.pack("IHHII", 16 + len(payload), _SUBSYSTEM << 8 | kind, 1, 0, 0) + payload)

    def accept(self, packet: int) -> None:
        self._send(_VERDICT, attribute(2, struct.pack("!II", 1, packet)))

    def arrived(self) -> list[int]:
        """Ids of the packets in the next datagram."""
        data, at, found = self.socket.recv(1 << 16), 0, []
        while at + 16 <= len(data):
            size, kind = struct.unpack_from("IH", data, at)
            inner = at + 20
            while kind == _SUBSYSTEM << 8 | _PACKET and inner + 4 <= at + size:
                length, attribute_kind = struct.unpack_from("HH", data, inner)
                if attribute_kind & 0x7FFF == 1:
                    found.append(struct.unpack_from("!I", data, inner + 4)[0])
                inner += (length + 3) & ~3 or 4
            at += (size + 3) & ~3 or 16
        return found


def main(number: int, milliseconds: float) -> None:
    queue, wait = Queue(number), milliseconds / 1000
    held: collections.deque[tuple[float, int]] = collections.deque()
    while True:
        now = time.monotonic()
        while held and held[0][0] <= now:
            queue.accept(held.popleft()[1])
        pause = max(0.0, held[0][0] - now) if held else None
        if select.select([queue.socket], [], [], pause)[0]:
            held.extend((time.monotonic() + wait, packet) for packet in queue.arrived())


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
