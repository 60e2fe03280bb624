"""A real SSH server on a loopback address: public key login, commands, forwards.

It keeps sshd's limits where they shape the client (`facts`: 10 sessions a connection), and says 'rehearsal' in its
version and its banner.
"""

from __future__ import annotations

import contextlib
import hmac
import socket
import threading

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from fabwiz.remote.rehearsal.config import HostConfig
from fabwiz.remote.rehearsal.sshd.command import Command, Shell
from fabwiz.remote.rehearsal.sshd.forward import pump
from fabwiz.remote.rehearsal.wire import bind, shut

MAX_SESSIONS = 10
_LOCALHOST = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104


class SshServer:
    """Serves until `close()`. Raises OSError when its address is taken."""

    def __init__(self, config: HostConfig) -> None:
        self._config = config
        self._key = paramiko.Ed25519Key.from_private_key_file(str(config.host_key))
        self._shell = Shell(config)
        self._listening = bind(config.address, config.ssh_port)
        self._transports: set[paramiko.Transport] = set()
        threading.Thread(target=self._accept, name="sshd", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(sock)
        transport.local_version = "SSH-2.0-fabwiz_rehearsal"
        transport.add_server_key(self._key)
        login = Login(self._config, self._shell)
        self._transports.add(transport)
        try:
            transport.start_server(server=login)
            while transport.is_active():
                channel = transport.accept(60)
                if channel is not None:
                    login.accepted(channel)
        except (paramiko.SSHException, EOFError, OSError):
            pass  # clients that only look at the banner, or leave midway
        finally:
            self._transports.discard(transport)
            transport.close()
            login.end()

    def close(self) -> None:
        """End every connection and every command."""
        shut(self._listening)
        for transport in list(self._transports):
            transport.close()
        self._shell.end()


class Login(paramiko.ServerInterface):
    """One connection."""

    def __init__(self, config: HostConfig, shell: Shell) -> None:
        self._config = config
        self._shell = shell
        self._sessions: dict[int, paramiko.Channel | None] = {}
        self._commands: list[Command] = []
        self._forwards: dict[int, socket.socket] = {}
        self._lock = threading.Lock()

    def get_banner(self) -> tuple[str, str]:
        """Say what this is before anybody logs in."""
        return f"fabwiz rehearsal host {self._config.name}: a process on this machine, no real server\r\n", "en-US"

    def get_allowed_auths(self, username: str) -> str:
        """Keys only."""
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Only the rehearsal's own key, for the one user."""
        offered = f"{key.get_name()} {key.get_base64()}"
        known = username == self._config.user and hmac.compare_digest(offered, self._config.authorized_key)
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Sessions, 10 at most, as sshd's MaxSessions has it."""
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        with self._lock:
            self._sessions = {n: c for n, c in self._sessions.items() if c is None or not c.closed}
            if len(self._sessions) >= MAX_SESSIONS:
                return OPEN_FAILED_CONNECT_FAILED
            self._sessions[chanid] = None
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Run a command through the shell."""
        chanid = channel.get_id()
        running = Command(self._shell, channel, command.decode("utf-8", "surrogateescape"))
        with self._lock:
            self._commands = [c for c in self._commands if not c.ended] + [running]
        running.start(on_end=lambda: self._ended(chanid))
        return True

    def _ended(self, chanid: int) -> None:
        with self._lock:
            self._sessions.pop(chanid, None)

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        """Forward to a loopback address; localhost is this host, not the machine that it runs on."""
        host, port = destination
        if host in _LOCALHOST:
            host = self._config.address
        if not host.startswith("127."):
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            sock = socket.create_connection((host, port), timeout=5)
        except OSError:
            return OPEN_FAILED_CONNECT_FAILED
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._forwards[chanid] = sock
        return OPEN_SUCCEEDED

    def accepted(self, channel: paramiko.Channel) -> None:
        """A channel is open: forwards begin to flow, sessions wait for their command."""
        with self._lock:
            sock = self._forwards.pop(channel.get_id(), None)
            if channel.get_id() in self._sessions:
                self._sessions[channel.get_id()] = channel
        if sock is not None:
            pump(channel, sock)

    def end(self) -> None:
        """The connection is gone: so are its commands and forwards."""
        with self._lock:
            commands, forwards = self._commands, list(self._forwards.values())
        for command in commands:
            command.part()
        for sock in forwards:
            with contextlib.suppress(OSError):
                sock.close()
