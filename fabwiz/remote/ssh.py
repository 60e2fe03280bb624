"""A host over SSH, on paramiko's transport: one connection, opened with retries, watched, shared by threads."""

from __future__ import annotations

import base64
import logging
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fabwiz.remote.auth import authenticate
from fabwiz.remote.bounds import bounded
from fabwiz.remote.channel import ChannelProcess, Sessions
from fabwiz.remote.connection import CommandFailed, ConnectionLost, Forward, RemoteError, Unreachable
from fabwiz.remote.copy import scp_upload
from fabwiz.remote.forward import SshForward
from fabwiz.remote.hostkeys import HostKeys, fingerprint, known_hosts_name
from fabwiz.remote.keyring import Keyring
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.process import Running
from fabwiz.remote.secrets import SecretStore
from fabwiz.remote.shell import ShellConnection
from fabwiz.remote.watch import WatchedSocket, watch
from fabwiz.session.network import Host

if TYPE_CHECKING:
    import paramiko

_USER_TIMEOUT_MS = 15_000
"""Unacknowledged data for so long and the kernel gives up the connection (TCP_USER_TIMEOUT, tcp(7))."""
_LOGIN_SECONDS = 18.0
"""For each step of a login, at least: PAM and slow directories take their time; ssh.connect_timeout can give more."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all connections of a pool share."""

    options: RemoteOptions
    secrets: SecretStore
    keyring: Keyring
    host_keys: HostKeys


class SshConnection(ShellConnection):
    """Keeps `fabwiz.remote.connection.Connection` over SSH. Made by `open_ssh`."""

    def __init__(
        self, host: Host, tools: Tools, transport: paramiko.Transport, link: WatchedSocket, host_key: str
    ) -> None:
        super().__init__(host, tools.secrets)
        self._host_key = host_key
        self._transport = transport
        self._link = link
        self._closed = threading.Event()
        self._sessions = Sessions(host.name, transport, link)
        self._forwards: list[SshForward] = []
        self._forwards_lock = threading.Lock()
        watch(transport, link, tools.options, self._closed)

    @property
    def alive(self) -> bool:
        """Whether the transport still runs; a dead peer is noticed by the watch within its interval and patience."""
        return self._transport.is_active()

    @property
    def host_key(self) -> str | None:
        """Type and fingerprint of the key that it showed."""
        return self._host_key

    @contextmanager
    def start(self, line: str, timeout: float) -> Iterator[Running]:
        """Start a line in a session of its own."""
        with self.session(line, timeout) as channel:
            running = ChannelProcess(channel, self._link)
            try:
                yield running
            finally:
                running.end_input()

    @contextmanager
    def session(self, line: str, timeout: float) -> Iterator[paramiko.Channel]:
        """A session channel that runs a line; closed afterwards."""
        import paramiko

        with self._sessions.channel(timeout) as channel:
            channel.settimeout(timeout)
            try:
                channel.exec_command(line)
            except (paramiko.SSHException, EOFError, OSError):
                if self.alive:
                    raise CommandFailed(self.host.name, "sshd lets no command run", "see ForceCommand there") from None
                raise self.lost() from None
            yield channel

    def upload(self, data: bytes, prepare: Sequence[str], target: str, timeout: float) -> None:
        """Write a new file through scp; see `ShellConnection.upload`. Without scp on the host, through cat."""
        if not scp_upload(self, data, prepare, target, timeout):
            super().upload(data, prepare, target, timeout)

    def forward(self, port: int, address: str = "127.0.0.1") -> Forward:
        """A listener whose connections come out at `address:port` of the host; see `Connection.forward`."""
        forward = SshForward(lambda: self.tunnel(address, port, 15.0), f"{self.host.name}:{port}")
        with self._forwards_lock:
            self._forwards = [*(one for one in self._forwards if not one.closed), forward]
        return forward

    def tunnel(self, address: str, port: int, timeout: float) -> paramiko.Channel:
        """A channel to a port as the host sees it. Raises Unreachable, ConnectionLost."""
        import paramiko

        try:
            return self._transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout)
        except paramiko.ChannelException as refusal:
            forbidden = refusal.code == 1  # RFC 4254, 5.1: administratively prohibited
            raise Unreachable(
                self.host.name,
                f"no way to {address}:{port} from there: {refusal.text}",
                "look at AllowTcpForwarding and PermitOpen in its sshd_config"
                if forbidden
                else "is anything listening there?",
            ) from None
        except (paramiko.SSHException, EOFError, OSError):
            if self.alive:
                raise Unreachable(self.host.name, f"{address}:{port} does not answer from there") from None
            raise self.lost() from None

    def lost(self) -> ConnectionLost:
        """The error for a broken connection."""
        return self._sessions.lost()

    def close(self) -> None:
        """End it, its forwards and whatever runs through it."""
        self._closed.set()
        with self._forwards_lock:
            forwards = list(self._forwards)
        for forward in forwards:
            forward.close()
        self._transport.close()


def open_ssh(host: Host, tools: Tools, via: SshConnection | None = None) -> SshConnection:
    """Connect and log in, through the connection `via` if there is one.

    Raises Unreachable, HostKeyUnknown, HostKeyChanged, AuthenticationFailed. What an overloaded sshd cuts off
    (MaxStartups) is tried again, at random times so that many do not come back together.
    """
    import paramiko

    # without a handler, Python prints paramiko's tracebacks on standard error
    log = logging.getLogger("paramiko")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    if host.address is None:
        raise Unreachable(host.name, "it has no address", f"set hosts.{host.name}.address in the session")
    attempts = tools.options.connect_attempts
    patience = time.monotonic() + 2 * (host.ssh.connect_timeout or 15.0)
    for attempt in range(1, attempts + 1):
        try:
            return _connect(host, tools, via)
        except (paramiko.SSHException, EOFError, OSError) as error:
            if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
                raise Unreachable(
                    host.name, f"its sshd and this program have no algorithm in common: {error}", "update its sshd"
                ) from None
            if attempt == attempts or time.monotonic() > patience or (via is not None and not via.alive):
                raise Unreachable(
                    host.name,
                    f"{host.address}:{host.ssh.port} answers, but not as sshd does "
                    f"({str(error) or type(error).__name__}), {attempt} times",
                    "is that the port of sshd? look at its log; fail2ban, hosts.deny and MaxStartups do this",
                ) from None
            time.sleep(random.uniform(0.05, min(0.25 * 2**attempt, 6.0)))  # noqa: S311 - no secret
    raise AssertionError("unreachable")


def _connect(host: Host, tools: Tools, via: SshConnection | None) -> SshConnection:
    """One attempt. Raises RemoteError for what is final, paramiko's and the system's errors for what may pass."""
    import paramiko

    timeout = host.ssh.connect_timeout or 15.0
    link = WatchedSocket(_dial(host, timeout, via), tools.options.watch_patience)
    try:
        transport = paramiko.Transport(link)  # type: ignore[arg-type]
    except BaseException:
        link.close()
        raise
    try:
        bounded(transport, link)
        transport.name = f"ssh-{host.name}"
        transport.banner_timeout = transport.handshake_timeout = timeout + 5.0  # the limit for both together is below
        transport.auth_timeout = max(timeout, _LOGIN_SECONDS)
        name = known_hosts_name(host.address or "", host.ssh.port or 22)
        _prefer(transport, tools.host_keys.types(name))
        transport.start_client(timeout=timeout)
        if not transport.initial_kex_done:  # the time is over: no further try would find more patience
            raise Unreachable(
                host.name,
                f"{host.address}:{host.ssh.port} takes connections, but no sshd spoke within {timeout:g} s",
                "is the host overloaded, or its sshd stopped? ssh.connect_timeout gives it longer",
            )
        shown = transport.get_remote_server_key()
        key = base64.b64encode(shown.asbytes()).decode()
        tools.host_keys.check(host.name, name, shown.get_name(), key)
        authenticate(transport, host, tools.keyring, tools.secrets)
        return SshConnection(host, tools, transport, link, f"{shown.get_name()} {fingerprint(key)}")
    except BaseException:
        transport.close()
        link.close()
        raise


def _prefer(transport: paramiko.Transport, known: Sequence[str]) -> None:
    """Ask for a host key of a type that is known, so that a further key of the host is not taken for a changed one."""
    options = transport.get_security_options()
    wanted: set[str] = set()
    for key_type in known:
        wanted |= {"rsa-sha2-512", "rsa-sha2-256"} if key_type == "ssh-rsa" else {key_type}
    offered = list(options.key_types)
    options.key_types = [t for t in offered if t in wanted] + [t for t in offered if t not in wanted]


def _setting(host: Host) -> str:
    """Where the session says a host's address; a jump host that it does not list stands in `ssh.jump`."""
    return f"hosts.{host.name}.address" if host.path == ("hosts", host.name) else "ssh.jump"


def _dial(host: Host, timeout: float, via: SshConnection | None) -> Any:
    """A socket, or a channel through a jump host, to the host's sshd. Raises Unreachable, ConnectionLost."""
    address, port = host.address or "", host.ssh.port or 22
    if via is not None:
        try:
            return via.tunnel(address, port, timeout)
        except ConnectionLost:
            raise
        except RemoteError as error:
            raise Unreachable(
                host.name, f"not to be reached through the jump host {via.host.name}: {error.message}", error.remedy
            ) from None
    try:
        raw = socket.create_connection((address, port), timeout)
    except socket.gaierror as error:
        raise Unreachable(
            host.name, f"the name {address} cannot be resolved: {error.strerror}", f"check {_setting(host)}"
        ) from None
    except TimeoutError:
        raise Unreachable(
            host.name,
            f"{address}:{port} does not answer within {timeout:g} s",
            "is the host up, and does its firewall let SSH in?",
        ) from None
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreachable(
            host.name, f"{address}:{port}: {said}", f"is sshd running there? check {_setting(host)} and port"
        ) from None
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # saves 40 ms on many a round trip
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
    return raw
