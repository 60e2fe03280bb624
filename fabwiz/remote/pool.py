"""The connections of a run: one a host, opened when first needed, shared, opened anew when lost."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fabwiz.remote.connection import Connection, HostKeyChanged, HostKeyUnknown, RemoteError, Unreachable
from fabwiz.remote.hostkeys import HostKeys
from fabwiz.remote.keyring import Keyring
from fabwiz.remote.local import LocalConnection
from fabwiz.remote.options import Asker, HeadlessAsker, RemoteOptions
from fabwiz.remote.parallel import as_they_come
from fabwiz.remote.secrets import Question, Secret, SecretStore
from fabwiz.remote.ssh import SshConnection, Tools, open_ssh
from fabwiz.session.network import Host, Network

__all__ = ["Asker", "HeadlessAsker", "Pool", "RemoteOptions"]

_JUMP = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<address>\[[^\]]+\]|[^:\s]+)(?::(?P<port>\d{1,5}))?\Z")


@dataclass
class _Slot:
    """A host's place in the pool."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    connection: LocalConnection | SshConnection | None = None


class Pool:
    """Connections to the hosts of a network, by name. Thread-safe. A context manager that closes all of them."""

    def __init__(self, network: Network, options: RemoteOptions | None = None, asker: Asker | None = None) -> None:
        """`asker` answers questions about secrets and new host keys; without one nobody does."""
        self._hosts: Mapping[str, Host] = network.hosts
        self._options = options or RemoteOptions()
        self._asker: Asker = asker or HeadlessAsker()
        self._asking = threading.RLock()
        secrets = SecretStore(self._ask, self._options.secret_fds)
        self._tools = Tools(
            self._options,
            secrets,
            Keyring(self._options, secrets),
            HostKeys(self._options.known_hosts, self._options.user_known_hosts),
        )
        self._slots: dict[str, _Slot] = {}
        self._slots_lock = threading.Lock()
        self._closed = False

    @property
    def secrets(self) -> SecretStore:
        """The secrets of this run."""
        return self._tools.secrets

    def connection(self, host_name: str) -> Connection:
        """The connection to a host, opened if there is none or if it was lost.

        Raises KeyError for a host that the session does not have, else RemoteError. A new host key is put to the
        asker at once; `open_all` collects those of all hosts first.
        """
        host = self._hosts[host_name]
        while True:
            try:
                return self._open(host)
            except HostKeyUnknown as unknown:
                if not self._vouched([unknown]):
                    raise

    def opened(self, host_name: str) -> Connection | None:
        """The connection to a host if it is open; nothing is dialled."""
        with self._slots_lock:
            slot = self._slots.get(host_name)
        connection = slot.connection if slot and not self._closed else None
        return connection if connection is not None and connection.alive else None

    def open_all(
        self,
        host_names: Iterable[str] | None = None,
        on_outcome: Callable[[str, Connection | RemoteError], None] | None = None,
    ) -> dict[str, Connection | RemoteError]:
        """Connect to many hosts (all, if nothing is said) in parallel; each gives a connection or its error.

        The unknown host keys of all of them are put to the asker together; hosts behind jump hosts may make for
        another round. `on_outcome` is told of each host as soon as it is known what came of it, in this thread.
        """
        names = list(dict.fromkeys(self._hosts if host_names is None else host_names))
        found: dict[str, Connection | RemoteError] = {}
        missing = names
        while missing:
            unknown: dict[str, HostKeyUnknown] = {}
            keys: dict[str, HostKeyUnknown] = {}
            for name, outcome in as_they_come(self._try, missing, self._options.connect_parallel, "connect"):
                if isinstance(outcome, HostKeyUnknown):
                    unknown[name], keys[outcome.name] = outcome, outcome
                    continue
                found[name] = outcome
                if on_outcome:
                    on_outcome(name, outcome)
            missing = [name for name in missing if name in unknown]
            if missing and not self._vouched(list(keys.values())):
                for name in missing:
                    found[name] = unknown[name]
                    if on_outcome:
                        on_outcome(name, unknown[name])
                break
        return {name: found[name] for name in names}

    def close(self) -> None:
        """Close all connections; whatever runs through them ends. Nothing can be opened any more."""
        with self._slots_lock:
            self._closed = True
            slots = list(self._slots.values())
        for slot in slots:
            # not under the slot's lock: a connection that is just being opened is closed by whoever opens it
            if slot.connection is not None:
                slot.connection.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _try(self, host_name: str) -> Connection | RemoteError:
        try:
            return self._open(self._hosts[host_name])
        except RemoteError as error:
            return error

    def _open(self, host: Host) -> LocalConnection | SshConnection:
        self._refuse_circles(host)  # before any lock is taken: two that wait for each other would wait for ever
        with self._slots_lock:
            slot = self._slots.setdefault(host.name, _Slot())
        with slot.lock:
            if self._closed:
                raise Unreachable(host.name, "the run is over, no connection is opened any more")
            if slot.connection is None or not slot.connection.alive:
                if slot.connection is not None:
                    slot.connection.close()
                slot.connection = self._connect(host)
                if self._closed:
                    slot.connection.close()
            return slot.connection

    def _connect(self, host: Host) -> LocalConnection | SshConnection:
        if host.is_local:
            return LocalConnection(host, self._tools.secrets)
        jump = self._jump_host(host)
        via = self._open(jump) if jump else None
        # a jump host that is this machine is no detour
        return open_ssh(host, self._tools, via if isinstance(via, SshConnection) else None)

    def _refuse_circles(self, host: Host) -> None:
        chain = [host.name]
        current = host
        while not current.is_local and (following := self._jump_host(current)):
            chain.append(following.name)
            if following.name in chain[:-1]:
                raise Unreachable(
                    host.name, f"its jump hosts lead in a circle: {' -> '.join(chain)}", "change ssh.jump"
                )
            current = following

    def _jump_host(self, host: Host) -> Host | None:
        """The host to go through, if any: a jump host that is set for all hosts is itself reached directly."""
        jump = host.ssh.jump or "none"
        if jump in ("none", host.name):
            return None
        if jump in self._hosts:
            return self._hosts[jump]
        match = _JUMP.match(jump)
        if not match or not 0 < int(match["port"] or 22) < 65536:
            raise Unreachable(
                host.name,
                f"its jump host {jump!r} is neither a listed host nor user@address:port",
                f"change hosts.{host.name}.ssh.jump",
            )
        user = match["user"] or host.ssh.user
        ssh = host.ssh.model_copy(update={"user": user, "port": int(match["port"] or 22), "jump": None})
        return Host(jump, match["address"].strip("[]"), "ssh", ssh, host.remote_dir, host.path)

    def _ask(self, question: Question) -> Secret | None:
        with self._asking:
            return self._asker.secret(question)

    def _vouched(self, unknown: list[HostKeyUnknown]) -> bool:
        """Whether somebody vouches for new keys, which are written down then."""
        with self._asking:
            unknown = [key for key in unknown if not self._known(key)]
            if not unknown:
                return True  # another thread has asked meanwhile
            if not self._options.accept_new_host_keys and not self._asker.accept_host_keys(unknown):
                return False
            try:
                self._tools.host_keys.accept(unknown)
            except OSError as error:
                raise Unreachable(
                    unknown[0].host, f"its key cannot be written to {self._options.known_hosts}: {error.strerror}"
                ) from None
            return True

    def _known(self, key: HostKeyUnknown) -> bool:
        try:
            self._tools.host_keys.check(key.host, key.name, key.key_type, key.key)
        except HostKeyUnknown:
            return False
        except HostKeyChanged:
            pass  # the next attempt says so
        return True
