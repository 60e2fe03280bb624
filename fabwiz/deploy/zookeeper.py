"""ZooKeeper's four-letter words: enough to see a leader and the registered brokers.

Source: ZooKeeper 3.4 administrator's guide, "The Four Letter Words"; `dump` answers in full only on the leader.
"""

from __future__ import annotations

import re
import socket

_MODE = re.compile(r"^Mode: (leader|follower|standalone)\b", re.MULTILINE)
_BROKER = re.compile(r"^\s*/brokers/ids/(\d+)\s*$", re.MULTILINE)
_MOST = 4 << 20


def ask(address: str, port: int, word: str, timeout: float = 5.0) -> str:
    """Send a four-letter word and return the answer. Raises OSError when there is none."""
    with socket.create_connection((address, port), timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(word.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
            if len(answer) > _MOST:
                raise OSError(f"{word} answers without end")
    if not answer:
        raise OSError(f"{word} answers nothing")
    return answer.decode(errors="replace")


def mode(answer: str) -> str | None:
    """`leader`, `follower` or `standalone` from the answer to `srvr`; `None` from a server that does not serve."""
    match = _MODE.search(answer)
    return match[1] if match else None


def brokers(answer: str) -> set[int]:
    """Ids of the registered brokers from the leader's answer to `dump`."""
    return {int(number) for number in _BROKER.findall(answer)}
