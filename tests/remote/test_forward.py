"""Ports of this machine that come out on a host."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import paramiko
import pytest

from fabwiz.remote.connection import Connection, ConnectionLost, Unreachable
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool

END_OF_FILE = 96
"""SSH_MSG_CHANNEL_EOF."""


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets until it gets no more."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            while data := client.recv(65536):
                client.sendall(data)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def talk(address: tuple[str, int], data: bytes) -> bytes:
    """Send, say that it is all, and read to the end."""
    with socket.create_connection(address, 10) as client:

        def send() -> None:
            with suppress(OSError):  # what is lost shows in the answer
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)

        threading.Thread(target=send, daemon=True).start()
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


def test_bytes_go_there_and_back(connection: Connection, echo: int) -> None:
    with connection.forward(echo) as forward:
        assert forward.address == "127.0.0.1"
        data = bytes(range(256)) * 4000
        assert talk((forward.address, forward.port), data) == data
        assert forward.error is None


def test_many_connections_share_a_forward_beside_commands(connection: Connection, echo: int) -> None:
    with connection.forward(echo) as forward, ThreadPoolExecutor(24) as executor:
        commands = [executor.submit(connection.run, ["sleep", "0.5"]) for _ in range(4)]
        answers = list(executor.map(lambda i: talk((forward.address, forward.port), b"%d" % i * 1000), range(20)))
        assert answers == [b"%d" % i * 1000 for i in range(20)]
        assert all(command.result().ok for command in commands)


def test_a_port_where_nothing_listens_closes_and_says_why(over_ssh: Connection, free_port: int) -> None:
    with over_ssh.forward(free_port) as forward:
        with socket.create_connection((forward.address, forward.port), 10) as client:
            assert client.recv(1) == b""
        assert isinstance(forward.error, Unreachable)
        assert f"no way to 127.0.0.1:{free_port} from there" in str(forward.error)


def test_a_server_that_forbids_forwarding_is_named(
    start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Callable[..., Pool], echo: int
) -> None:
    server = start_sshd("AllowTcpForwarding no")
    connection = pools(network_of({"a": "127.0.0.1"}, **server.ssh), options).connection("a")
    with connection.forward(echo) as forward:
        with socket.create_connection((forward.address, forward.port), 10) as client:
            assert client.recv(1) == b""
        assert "AllowTcpForwarding" in str(forward.error)


def test_closing_ends_the_listener_and_its_connections(over_ssh: Connection, echo: int) -> None:
    forward = over_ssh.forward(echo)
    with socket.create_connection((forward.address, forward.port), 10) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        forward.close()
        assert client.recv(1) == b""
    with pytest.raises(OSError):
        socket.create_connection((forward.address, forward.port), 1).close()
    forward.close()


def test_connections_that_end_from_both_sides_at_once_leave_the_others_alone(over_ssh: Any, echo: int) -> None:
    """Where sshd hears of a channel that it has forgotten, it hangs up. Slow messages: as on a busy machine."""
    transport = over_ssh._transport
    send = transport._send_user_message

    def busy(message: Any) -> None:
        if message.asbytes()[0] == END_OF_FILE:
            time.sleep(0.05)
        send(message)

    transport._send_user_message = busy
    for _ in range(20):
        with over_ssh.forward(echo) as forward:
            assert talk((forward.address, forward.port), b"x") == b"x"
            with socket.create_connection((forward.address, forward.port), 10) as client:
                client.sendall(b"x")
                assert client.recv(1) == b"x"

    assert over_ssh.run(["echo", "there"]).stdout == "there\n"
    assert over_ssh.alive


def test_why_a_server_hangs_up_is_told_in_its_words(over_ssh: Any) -> None:
    stray = paramiko.Message()
    stray.add_byte(bytes([END_OF_FILE]))
    stray.add_int(4711)
    over_ssh._transport._send_message(stray)
    with pytest.raises(ConnectionLost, match=r"its sshd hung up: .*4711"):
        over_ssh.run(["sleep", "10"])


def test_closing_the_connection_ends_its_forwards(over_ssh: Connection, echo: int) -> None:
    forward = over_ssh.forward(echo)
    with socket.create_connection((forward.address, forward.port), 10) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        over_ssh.close()
        assert client.recv(1) == b""
