"""Private keys to log in with: the session's key file, those of the agent, and those in `~/.ssh`."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from fabwiz.remote.connection import AuthenticationFailed
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.secrets import Secret, SecretKind, SecretStore
from fabwiz.session.network import Host

if TYPE_CHECKING:
    import paramiko

_DEFAULT_NAMES = ("id_ed25519", "id_ecdsa", "id_rsa")
_PASSPHRASE_TRIES = 3


class _NeedsPassphraseError(Exception):
    """The key file is encrypted, or another passphrase is needed."""


class Keyring:
    """Loads each key file once a run, whatever number of hosts it opens. Thread-safe."""

    def __init__(self, options: RemoteOptions, secrets: SecretStore) -> None:
        self._options = options
        self._secrets = secrets
        self._loaded: dict[Path, paramiko.PKey | None] = {}
        self._lock = threading.RLock()

    def keys(self, host: Host) -> Generator[tuple[str, paramiko.PKey], None, None]:
        """Keys in the order to try them, each with what to call it.

        First the session's own key, then the agent's, then those in `~/.ssh` (only where the session names no key),
        last those in `~/.ssh` that need a passphrase. Raises AuthenticationFailed for a key file of the session that
        cannot be used.
        """
        seen: set[bytes] = set()
        for name, key in self._all(host):
            public = key.asbytes()
            if public not in seen:
                seen.add(public)
                yield name, key

    def _all(self, host: Host) -> Iterator[tuple[str, paramiko.PKey]]:
        import paramiko

        agent_connection = None
        try:
            if host.ssh.agent:
                # one a login: its keys are not to be shared by threads
                with suppress(paramiko.SSHException, OSError):  # an agent that does not answer is as good as none
                    agent_connection = paramiko.Agent()
            yield from self._ordered(host, list(agent_connection.get_keys()) if agent_connection else [])
        finally:
            if agent_connection:
                agent_connection.close()

    def _ordered(self, host: Host, agent: Sequence[paramiko.PKey]) -> Iterator[tuple[str, paramiko.PKey]]:
        if host.ssh.key:
            path = self._options.base / Path(host.ssh.key).expanduser()
            public = _public_part(path)
            # an agent that holds it spares its passphrase
            held = [key for key in agent if key.asbytes() == public]
            yield from ((f"{path} (agent)", key) for key in held)
            if not held:
                yield str(path), self._session_key(host, path)
        yield from (("a key of the agent", key) for key in agent)
        if host.ssh.key or not self._options.default_keys:
            return
        encrypted = []
        for path in (Path("~/.ssh").expanduser() / name for name in _DEFAULT_NAMES):
            if not path.is_file():
                continue
            try:
                plain = self._load(path, None)
            except _NeedsPassphraseError:
                encrypted.append(path)
            except (OSError, ValueError):
                continue
            else:
                yield str(path), plain
        if host.ssh.password == "ask":  # noqa: S105 - not a password
            return  # a question for a passphrase would only be in the way of that for the password
        for path in encrypted:
            key = self._with_passphrase(path)
            if key:
                yield str(path), key

    def _session_key(self, host: Host, path: Path) -> paramiko.PKey:
        try:
            key = self._with_passphrase(path)
        except OSError as error:
            raise AuthenticationFailed(
                host.name,
                f"the key file {path} cannot be read: {error.strerror or error}",
                f"put it there, or change ssh.key (hosts.{host.name}.ssh.key) in the session",
            ) from None
        except ValueError as error:
            raise AuthenticationFailed(
                host.name,
                f"{path} is no private key that can be used: {error}",
                f"name the private key, not the .pub (hosts.{host.name}.ssh.key in the session); "
                f"`ssh-keygen -y -f {path}` tells whether OpenSSH can read it",
            ) from None
        if key is None:
            raise AuthenticationFailed(
                host.name,
                f"the key file {path} needs a passphrase, and none that was given opens it",
                "add it to your ssh-agent, or give the passphrase through FABWIZ_KEY_PASSPHRASE or a file descriptor",
            )
        return key

    def _with_passphrase(self, path: Path) -> paramiko.PKey | None:
        """The key of a file, its passphrase asked for if need be; None if there is none that opens it."""
        with self._lock:
            if path in self._loaded:
                return self._loaded[path]
            passphrase: Secret | None = None
            key = None
            for _ in range(_PASSPHRASE_TRIES + 1):
                try:
                    key = self._load(path, passphrase)
                    break
                except _NeedsPassphraseError:
                    passphrase = self._secrets.get(SecretKind.PASSPHRASE, str(path), refused=passphrase)
                if passphrase is None:
                    break
            self._loaded[path] = key
            return key

    def _load(self, path: Path, passphrase: Secret | None) -> paramiko.PKey:
        """Raises _NeedsPassphraseError, ValueError (no such key), OSError."""
        from cryptography.exceptions import UnsupportedAlgorithm

        with self._lock:
            if (known := self._loaded.get(path)) is not None:
                return known
            data = path.read_bytes()
            try:
                key = _parse(data, passphrase.reveal().encode("utf-8", "surrogateescape") if passphrase else None)
            except (ValueError, UnsupportedAlgorithm):
                # what the library says of it is for programmers
                raise ValueError(_what_it_is(data)) from None
            certificate = path.with_name(path.name + "-cert.pub")
            if certificate.is_file():
                try:
                    key.load_certificate(str(certificate))
                except ValueError:
                    raise ValueError(f"{certificate}, which lies beside it, is no certificate for it") from None
            self._loaded[path] = key
            return key


def _parse(data: bytes, passphrase: bytes | None) -> paramiko.PKey:
    """paramiko's key object of a private key in OpenSSH's, PKCS#1, PKCS#8 or SEC1 form."""
    import paramiko
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    openssh = b"BEGIN OPENSSH PRIVATE KEY" in data
    encrypted = openssh or b"ENCRYPTED" in data
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        key = load(data, passphrase)
    except TypeError:  # a passphrase where none is needed, or none where one is
        if passphrase is None:
            raise _NeedsPassphraseError from None
        key = load(data, None)
    except ValueError:
        if passphrase is not None and encrypted:
            raise _NeedsPassphraseError from None
        raise
    kinds: list[tuple[type, type[paramiko.PKey]]] = [
        (ed25519.Ed25519PrivateKey, paramiko.Ed25519Key),
        (ec.EllipticCurvePrivateKey, paramiko.ECDSAKey),
        (rsa.RSAPrivateKey, paramiko.RSAKey),
    ]
    for kind, wrapper in kinds:
        if isinstance(key, kind):
            text = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            ).decode()
            return wrapper.from_private_key(StringIO(text))
    raise ValueError("neither an Ed25519 nor an ECDSA nor an RSA key")


def _what_it_is(data: bytes) -> str:
    """What lies in a file that holds no key that can be used."""
    head = data.lstrip()[:4096]
    if not head:
        return "the file is empty"
    if head.startswith((b"ssh-", b"ecdsa-sha2-", b"sk-", b"---- BEGIN SSH2 PUBLIC KEY")) or b"PUBLIC KEY-----" in head:
        return "it holds a public key"
    if head.startswith(b"PuTTY-User-Key-File"):
        return "it is in PuTTY's own form; `puttygen FILE -O private-openssh -o NEW` changes that"
    if b"BEGIN CERTIFICATE" in head:
        return "it holds a certificate"
    if b"PRIVATE KEY-----" in head:
        return "it is damaged, or of a kind that is not known here (Ed25519, ECDSA and RSA are)"
    return "it holds something else"


def _public_part(path: Path) -> bytes | None:
    """The public key that lies beside a private one, as the agent lists it."""
    import base64
    import binascii

    try:
        fields = path.with_name(path.name + ".pub").read_text().split()
        return base64.b64decode(fields[1])
    except (OSError, IndexError, ValueError, binascii.Error):
        return None
