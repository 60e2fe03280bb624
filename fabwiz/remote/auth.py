"""Logging in: every key and, where the session says so, the password, in an order that wastes no try.

Servers count failed tries (MaxAuthTries, 6 by default) and hang up, so the likely ones go first.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from fabwiz.remote.connection import AuthenticationFailed, Unreachable
from fabwiz.remote.keyring import Keyring
from fabwiz.remote.sanitize import clean
from fabwiz.remote.secrets import ENVIRONMENT, Secret, SecretKind, SecretStore
from fabwiz.session.network import Host

if TYPE_CHECKING:
    import paramiko

_PASSWORD_TRIES = 3


def login_name(host: Host) -> str:
    """The user to log in as: the session's, else whoever runs this."""
    return host.ssh.user or getpass.getuser()


def authenticate(transport: paramiko.Transport, host: Host, keyring: Keyring, secrets: SecretStore) -> None:
    """Log in on a transport that has its keys exchanged. Raises AuthenticationFailed, Unreachable."""
    import paramiko

    attempt = _Attempt(transport, host, keyring, secrets)
    try:
        attempt.run()
    except _SilentError:
        raise Unreachable(
            host.name,
            f"its sshd does not answer the login of {attempt.user}: it said nothing for {transport.auth_timeout:g} s",
            "is the host overloaded, or stopped? ssh.connect_timeout gives it longer",
        ) from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise attempt.failed(f"the server ended the login ({clean(str(error)) or type(error).__name__})") from None


class _SilentError(Exception):
    """The server does not answer: what comes next would not be answered either."""


@contextmanager
def _answered(transport: paramiko.Transport) -> Iterator[None]:
    """Tell a server that says nothing from one that refuses: paramiko has one error for both."""
    import paramiko

    began = time.monotonic()
    try:
        yield
    except paramiko.AuthenticationException:
        if transport.is_active() and time.monotonic() - began >= transport.auth_timeout:
            raise _SilentError from None
        raise


class _Attempt:
    """One login. `tried` holds what was offered, for the message."""

    def __init__(self, transport: paramiko.Transport, host: Host, keyring: Keyring, secrets: SecretStore) -> None:
        self.transport = transport
        self.host = host
        self.user = login_name(host)
        self.keyring = keyring
        self.secrets = secrets
        self.tried: list[str] = []
        self.lacks_password = False
        self.allowed: list[str] = []

    def run(self) -> None:
        import paramiko

        try:
            with _answered(self.transport):
                self.transport.auth_none(self.user)
        except paramiko.BadAuthenticationType as refusal:
            self.allowed = list(refusal.allowed_types)
        else:
            return  # the server wants no proof
        if "publickey" in self.allowed and self._keys():
            return
        if self.host.ssh.password == "ask" and self._password():  # noqa: S105
            return
        refused = f"the server refused {', '.join(self.tried)}" if self.tried else ""
        lacks = "a password is to be used, and none was given" if self.lacks_password else ""
        raise self.failed("; ".join(filter(None, [refused, lacks])) or "the server refused to go on")

    def failed(self, why: str) -> AuthenticationFailed:
        remedies = []
        if "Too many" in why or len(self.tried) > 5:
            remedies.append("name the right key as ssh.key, and set ssh.agent: false if the agent holds many")
        elif self.allowed and "publickey" not in self.allowed and self.host.ssh.password != "ask":  # noqa: S105
            remedies.append("it takes passwords only: set ssh.password: ask")
        elif not self.tried and not self.lacks_password:
            remedies.append("there was no key to offer: set ssh.key, start an ssh-agent, or set ssh.password: ask")
        elif self.tried:
            remedies.append(
                f"check ssh.user, and that the public key stands in ~{self.user}/.ssh/authorized_keys on the host"
            )
        if self.host.ssh.password == "ask":  # noqa: S105
            remedies.append(
                f"in a headless run the password comes from {ENVIRONMENT[SecretKind.PASSWORD]} or a file descriptor"
            )
        return AuthenticationFailed(self.host.name, f"login as {self.user} failed: {why}", "; ".join(remedies))

    def _keys(self) -> bool:
        """Offer every key; whether that was enough. A server may accept one and want a password on top."""
        import paramiko

        with closing(self.keyring.keys(self.host)) as keys:
            for name, key in keys:
                self.tried.append(name)
                try:
                    with _answered(self.transport):
                        further = self.transport.auth_publickey(self.user, key)
                except paramiko.AuthenticationException as refusal:
                    if not self.transport.is_active():
                        raise paramiko.SSHException(f"Too many tries, it seems: {refusal}") from None
                    continue
                self.allowed = list(further)
                return not further
        return False

    def _password(self) -> bool:
        import paramiko

        secret: Secret | None = None
        for _ in range(_PASSWORD_TRIES):
            previous, secret = secret, self.secrets.get(SecretKind.PASSWORD, self.user, refused=secret)
            if secret is None:
                self.lacks_password = previous is None
                break
            self.tried.append("the password")
            try:
                with _answered(self.transport):
                    further = self.transport.auth_password(self.user, secret.reveal())
            except paramiko.AuthenticationException:
                if not self.transport.is_active():
                    raise paramiko.SSHException("Too many wrong passwords") from None
                continue
            return not further
        self.tried = list(dict.fromkeys(filter(None, self.tried)))
        return False
