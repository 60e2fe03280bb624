"""ZooKeeper's four-letter words: enough to see a leader, the registered brokers, and who is connected.

Source: ZooKeeper 3.4 administrator's guide, "The Four Letter Words"; `dump` answers in full only on the leader, `cons`
tells only the connections of the server that is asked (DataTree.dumpEphemerals, ServerCnxn.dumpConnectionInfo).
"""

from __future__ import annotations

import re
import socket

_MODE = re.compile(r"^Mode: (leader|follower|standalone)\b", re.MULTILINE)
_OWNED = re.compile(r"^0x([0-9a-f]{1,16}):\s*$|^\s*/brokers/ids/(\d{1,10})\s*$", re.MULTILINE)
_CONNECTED = re.compile(r"\bsid=0x([0-9a-f]{1,16})\b")
_NOT_ALLOWED = "is not executed because it is not in the whitelist"
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
    text = answer.decode(errors="replace")
    if _NOT_ALLOWED in text:  # 3.5 and later, in images of one's own
        raise OSError(f"{word} is not among its 4lw.commands.whitelist")
    return text


def mode(answer: str) -> str | None:
    """`leader`, `follower` or `standalone` from the answer to `srvr`; `None` from a server that does not serve."""
    match = _MODE.search(answer)
    return match[1] if match else None


def brokers(answer: str) -> dict[int, str]:
    """Registered broker ids, each with the session that holds it, from the leader's answer to `dump`.

    A session outlives its client, and so does the registration: until nothing was heard for the session's timeout.
    """
    found: dict[int, str] = {}
    session = ""
    for owner, broker in _OWNED.findall(answer):
        if owner:
            session = owner
        else:
            found[int(broker)] = session
    return found


def connected(answer: str) -> set[str]:
    """Sessions whose clients are connected to a server, from its answer to `cons`."""
    return set(_CONNECTED.findall(answer))
