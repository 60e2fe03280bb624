"""A login's password goes to the server's login and nowhere else: not into a command, a process, or a file."""

from __future__ import annotations

import dataclasses
import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko

from fabwiz.remote.connection import CommandFailed
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.secrets import SecretKind


class Server(paramiko.ServerInterface):
    """Takes one password, and notes what it is told."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.passwords: list[str] = []
        self.commands: list[bytes] = []
        self.others: list[Any] = []
        self.asked = threading.Event()

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        self.passwords.append(password)
        right = password == self.password
        return paramiko.common.AUTH_SUCCESSFUL if right else paramiko.common.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_env_request(self, channel: paramiko.Channel, name: bytes, value: bytes) -> bool:
        self.others.append((name, value))
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command)
        self.asked.set()
        return True


def test_a_password_is_in_the_login_alone(
    tmp_path: Path, network_of: Any, options: RemoteOptions, pools: Callable[..., Pool]
) -> None:
    canary = f"canary-{secrets.token_hex(12)}"
    server = Server(canary)
    key = paramiko.ECDSAKey.generate()
    heard = bytearray()
    seen: list[str] = []

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):  # until the listener is closed
            while True:
                near, _ = listener.accept()
                threading.Thread(target=attend, args=(near,), daemon=True).start()

    def attend(near: socket.socket) -> None:
        transport = paramiko.Transport(near)
        transport.add_server_key(key)
        try:
            transport.start_server(server=server)
        except (OSError, EOFError, paramiko.SSHException):
            return  # a client that only looks at the host key may hang up at any moment
        channel = None
        while channel is None and transport.is_active():
            channel = transport.accept(0.5)  # the client may have gone before this thread could wait for that
        if channel is None:
            return
        server.asked.wait(60)
        while not heard.endswith(b"\n"):
            heard.extend(channel.recv(4096))
        for entry in Path("/proc").iterdir():
            for name in ("cmdline", "environ") if entry.name.isdigit() else ():
                with suppress(OSError):
                    if canary.encode() in (entry / name).read_bytes():
                        seen.append(f"{entry.name} {name}")
        channel.send_exit_status(1)
        channel.close()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    reading, writing = os.pipe()
    os.write(writing, f"{canary}\n".encode())
    os.close(writing)
    try:
        given = dataclasses.replace(options, secret_fds={SecretKind.PASSWORD: reading})
        ssh = {"port": listener.getsockname()[1], "agent": False, "password": "ask", "user": "deploy"}
        try:
            pools(network_of({"a": "127.0.0.1"}, **ssh), given).connection("a").run(["true"])
        except CommandFailed as error:
            assert canary not in str(error)  # noqa: PT017 - the server ends the command, and that is told
    finally:
        os.close(reading)
        listener.close()
    assert server.passwords == [canary]
    assert server.commands
    assert canary.encode() not in b"".join(server.commands) + bytes(heard)
    assert (server.others, seen) == ([], [])
    assert [path for path in tmp_path.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()] == []
