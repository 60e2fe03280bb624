"""ZooKeeper's answers, word for word as 3.4 gives them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from fabwiz.deploy import zookeeper

Address = tuple[str, int]

SRVR = """Zookeeper version: 3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf, built on 03/06/2019 16:18 GMT
Latency min/avg/max: 0/0/42
Received: 118
Sent: 117
Connections: 2
Outstanding: 0
Zxid: 0x100000043
Mode: leader
Node count: 30
Proposal sizes last/min/max: 32/32/360
"""
DUMP = """SessionTracker dump:
Session Sets (3):
0 expire at Thu Jan 01 01:00:03 UTC 1970:
2 expire at Thu Jan 01 01:00:06 UTC 1970:
\t0x10000043b9f0000
\t0x20000043b9f0001
ephemeral nodes dump:
Sessions with Ephemerals (2):
0x10000043b9f0000:
\t/controller
\t/brokers/ids/1
0x20000043b9f0001:
\t/brokers/ids/12
"""
CONS = """ /198.51.100.12:42346[1](queued=0,recved=118,sent=118,sid=0x10000043b9f0000,lop=PING,est=1551916200321,\
to=6000,lcxid=0x34,lzxid=0x100000043,lresp=1551916242108,llat=0,minlat=0,avglat=0,maxlat=42)
 /127.0.0.1:37456[0](queued=0,recved=1,sent=0)

"""


def test_the_leader_says_so() -> None:
    assert zookeeper.mode(SRVR) == "leader"


def test_a_server_without_a_quorum_has_no_mode() -> None:
    assert zookeeper.mode("This ZooKeeper instance is not currently serving requests\n") is None


def test_registered_brokers() -> None:
    assert zookeeper.brokers(DUMP) == {1: "10000043b9f0000", 12: "20000043b9f0001"}


def test_connected_clients() -> None:
    assert zookeeper.connected(CONS) == {"10000043b9f0000"}


@pytest.fixture
def server() -> Iterator[Address]:
    """A server that answers one word and hangs up, as ZooKeeper does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # nobody may come
            answer(listener.accept()[0])

    def answer(connection: socket.socket) -> None:
        with connection:
            answers = {b"srvr": SRVR, b"cons": "cons is not executed because it is not in the whitelist.\n"}
            connection.sendall(answers.get(connection.recv(4), "").encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()
    listener.close()
    thread.join(5)


def test_asking(server: Address) -> None:
    assert zookeeper.ask(*server, "srvr") == SRVR


def test_no_answer_is_an_error(server: Address) -> None:
    with pytest.raises(OSError, match="nothing"):
        zookeeper.ask(*server, "nope")


def test_a_word_that_a_server_does_not_allow_is_an_error(server: Address) -> None:
    with pytest.raises(OSError, match="4lw"):
        zookeeper.ask(*server, "cons")
