"""Nothing is said to a channel that was said farewell to: paramiko alone does, and sshd hangs up on whoever does.

paramiko makes a message while it holds the channel's lock and sends it afterwards. Where two threads end a channel at
once (its user's, and the transport's own when the server closes it), data or EOF can leave behind CLOSE. By then sshd
may have forgotten the channel: it disconnects, and all else that goes through the connection is lost (OpenSSH,
`channels.c`, `channel_from_packet_id`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fabwiz.remote.sanitize import clean

if TYPE_CHECKING:
    import paramiko

DISCONNECT = 1
"""SSH_MSG_DISCONNECT."""
_MOST_WORDS = 200
CONFIRMATION = 91
"""SSH_MSG_CHANNEL_OPEN_CONFIRMATION."""
_CLOSE = 97
_OF_CHANNELS = range(93, 101)
"""SSH_MSG_CHANNEL_WINDOW_ADJUST to SSH_MSG_CHANNEL_FAILURE (RFC 4254, 9): each begins with the channel's number."""


class Farewells:
    """The server's numbers of the channels that we have closed. `order` is held while a message is sent."""

    def __init__(self) -> None:
        self.order = threading.RLock()
        self._closed: set[int] = set()

    def may_go(self, message: bytes) -> bool:
        """Whether a message to the server may still be sent. Notes those that close."""
        if message[0] not in _OF_CHANNELS:
            return True
        number = int.from_bytes(message[1:5], "big")
        if number in self._closed:
            return False
        if message[0] == _CLOSE:
            self._closed.add(number)
        return True

    def opened(self, confirmation: bytes) -> None:
        """Note that the server gives a number anew: our number stands first in what it says (RFC 4254, 5.1)."""
        with self.order:
            self._closed.discard(int.from_bytes(confirmation[4:8], "big"))


def parting_words(message: paramiko.Message) -> str:
    """Why the server hangs up, in its own words (RFC 4253, 11.1)."""
    message.get_int()
    said = clean(message.get_string().decode(errors="replace")).replace("\n", " ")[:_MOST_WORDS]
    message.rewind()
    return f"its sshd hung up: {said}" if said else "its sshd hung up"
