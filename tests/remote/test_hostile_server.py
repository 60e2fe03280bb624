"""Servers that flood, lie about lengths, ignore windows, or speak in escape sequences: a clear end, in little memory.

The client runs in a process of its own and tells how much its memory grew. `FABWIZ_FLOOD=1000000000` has a real sshd
print that many bytes; without it, it is a tenth of that.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest

from fabwiz.remote.sanitize import clean
from tests.outcomes import Outcomes
from tests.sshd import make_key

FLOOD = int(os.environ.get("FABWIZ_FLOOD", "100000000"))
MOST_GROWTH = 80
"""MB: two full windows of 2 MB, a megabyte of pieces, and what Python takes anyway; far from what is sent."""
SIZE = f"{FLOOD // 1_000_000} MB"
CLIENT = Path(__file__).with_name("hostile_client.py")


def attack(port: int, key: Path, *words: str) -> dict[str, Any]:
    """What comes of a connection."""
    argv = [sys.executable, str(CLIENT), str(port), str(key), *words]
    environment = {**os.environ, "PYTHONPATH": str(CLIENT.parents[2])}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=600, env=environment, check=False)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["grown"] < MOST_GROWTH, found
    return found


Note = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def note(outcomes: Outcomes) -> Note:
    """Note what came of an attack."""

    def note(fault: str, found: dict[str, Any]) -> None:
        did = f"{found['error']}: {found['message']}" if found["error"] else f"{found['lines']} lines came through"
        end = f"memory grew by {max(found['grown'], 0):.0f} MB"
        did = "".join(letter if letter.isascii() else "·" for letter in did)  # garbage makes no table
        outcomes.note(fault, did, found["seconds"] if found["error"] else None, end)

    return note


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "id_login")


Serve = Callable[[socket.socket], None]


@pytest.fixture
def serving() -> Iterator[Callable[[Serve], int]]:
    """Start a server of one's own; gives its port."""
    listeners: list[socket.socket] = []

    def begin(serve: Serve) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    near, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=guarded, args=(near,), daemon=True).start()

        def guarded(near: socket.socket) -> None:
            with suppress(OSError, EOFError, paramiko.SSHException), near:
                serve(near)

        threading.Thread(target=accept, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield begin
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def flood(near: socket.socket, piece: bytes) -> None:
    for _ in range(FLOOD // len(piece)):
        near.sendall(piece)


def test_a_greeting_without_end_is_hung_up_on(serving: Any, key: Path, note: Note) -> None:
    found = attack(serving(lambda near: flood(near, b"x" * 65536)), key, "stream")
    assert found["error"] == "Unreachable"
    assert "answers, but not as sshd does" in found["message"]
    assert "says too much" in found["message"]
    note(f"a greeting of {SIZE} without a line end", found)


def test_greeting_lines_without_end_are_hung_up_on(serving: Any, key: Path, note: Note) -> None:
    found = attack(serving(lambda near: flood(near, b"welcome\r\n" * 4096)), key, "stream")
    assert found["error"] == "Unreachable"
    note(f"{SIZE} of greeting lines", found)


def test_a_packet_of_a_gigabyte_is_not_waited_for(serving: Any, key: Path, note: Note) -> None:
    def serve(near: socket.socket) -> None:
        near.sendall(b"SSH-2.0-liar\r\n" + struct.pack(">IB", (1 << 30) + 4, 4))
        flood(near, b"x" * 65536)

    found = attack(serving(serve), key, "stream")
    assert found["error"] == "Unreachable"
    assert "announces a packet of 10737418" in found["message"]
    note("a packet that says it has 1 GB", found)


def test_a_version_line_cannot_steer_the_terminal(serving: Any, key: Path, note: Note) -> None:
    port = serving(lambda near: near.sendall(b"SSH-9.\x1b]0;owned\x07\x1b[2J\x9b31m\xe2\x80\xaeevil\r\n"))
    found = attack(port, key, "stream")
    assert found["error"] == "Unreachable"
    assert found["message"].isprintable()
    assert "owned" not in found["message"]
    note("escape sequences in the server's version", found)


class Login(paramiko.ServerInterface):
    """Lets everybody in, and knows when a command is asked for."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []
        self.asked = threading.Event()

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command)
        self.asked.set()
        return True


def server(near: socket.socket, host_key: paramiko.PKey) -> tuple[paramiko.Transport, paramiko.Channel, bytes]:
    """Let a client in up to its first command; the marker for its output, too."""
    transport = paramiko.Transport(near)
    transport.add_server_key(host_key)
    login = Login()
    transport.start_server(server=login)
    channel = transport.accept(60)
    if not channel:  # it only looked at the host key
        raise EOFError
    assert login.asked.wait(60)
    marker = b""
    while not marker.endswith(b"\n"):
        marker += channel.recv(1)
    return transport, channel, marker


def test_a_server_that_ignores_the_window_is_hung_up_on(serving: Any, key: Path, note: Note) -> None:
    host_key = paramiko.ECDSAKey.generate()

    def serve(near: socket.socket) -> None:
        _, channel, marker = server(near, host_key)
        channel.sendall(marker)
        channel.sendall_stderr(marker)
        channel.send_exit_status(0)
        channel.shutdown_write()
        channel.close()
        transport = channel.get_transport()
        channel = transport.accept(60)  # type: ignore[assignment]
        marker = b""
        while not marker.endswith(b"\n"):
            marker += channel.recv(1)
        channel.sendall(marker + b"line\n")
        for _ in range(FLOOD // 32768):
            message = paramiko.Message()
            message.add_byte(b"\x5e")  # SSH_MSG_CHANNEL_DATA
            message.add_int(channel.remote_chanid)
            message.add_string(b"x" * 32767 + b"\n")
            transport._send_user_message(message)  # type: ignore[attr-defined]

    found = attack(serving(serve), key, "slow")
    assert found["error"] == "ConnectionLost"
    assert "it sends more than it may" in found["message"]
    note(f"{SIZE} past the window, at a slow reader", found)


def test_a_server_that_answers_commands_with_garbage_is_told_of(serving: Any, key: Path, note: Note) -> None:
    host_key = paramiko.ECDSAKey.generate()

    def serve(near: socket.socket) -> None:
        transport, channel, _ = server(near, host_key)
        channel.sendall(os.urandom(3000).replace(b"\n", b"") + b"\x1b]0;owned\x07")
        channel.send_exit_status(0)
        channel.close()
        transport.join(10)

    found = attack(serving(serve), key, "run", "true")
    assert found["error"] == "CommandFailed"
    assert "the login shell ended with 0 before `true` was started" in found["message"]
    assert clean(found["message"]) == found["message"]
    note("garbage for an answer to a command", found)


def test_a_command_that_floods_is_stopped(sshd: Any, note: Note) -> None:
    found = attack(sshd.port, sshd.key, "run", f"head -c {FLOOD} /dev/zero")
    assert found["error"] == "CommandFailed"
    assert "printed more than 8388608 bytes and was stopped" in found["message"]
    note(f"a command prints {SIZE}", found)


@pytest.mark.timeout(600)
def test_followed_lines_pass_through_in_little_memory(
    sshd: Any, note: Note, record_property: Callable[[str, object], None]
) -> None:
    line = "x" * 199
    found = attack(sshd.port, sshd.key, "stream", f"yes {line} | head -c {FLOOD}")
    print(f"{found['lines']} lines in {found['seconds']:.0f} s, {found['grown']:.0f} MB")
    assert found["error"] == ""
    assert (found["lines"], found["longest"]) == (FLOOD // 200, 199)
    note(f"a log of {SIZE} in lines of 200", found)
    record_property("lines flooded", found["lines"])


@pytest.mark.timeout(600)
def test_a_line_without_end_is_cut(sshd: Any, note: Note) -> None:
    found = attack(sshd.port, sshd.key, "stream", f"head -c {FLOOD} /dev/zero | tr '\\0' x; echo; echo next")
    assert found["error"] == ""
    assert found["lines"] == 2
    assert found["longest"] < 20_000
    note(f"a line of {SIZE} in a log", found)
