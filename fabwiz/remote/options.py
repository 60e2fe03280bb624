"""What a run says about reaching its hosts, beside what the session file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fabwiz.remote.connection import HostKeyUnknown
from fabwiz.remote.secrets import Question, Secret, SecretKind


def default_known_hosts() -> Path:
    """fabwiz's own known_hosts file, one for all networks of a user."""
    from platformdirs import user_data_path

    return user_data_path("fabwiz") / "known_hosts"


@dataclass(frozen=True, slots=True)
class RemoteOptions:
    """Settings of one run. Seconds everywhere."""

    accept_new_host_keys: bool = False
    """Keys of hosts that were never seen are accepted; changed keys never are."""
    known_hosts: Path = field(default_factory=default_known_hosts)
    user_known_hosts: Path | None = field(default_factory=lambda: Path("~/.ssh/known_hosts").expanduser())
    """Only read; None: not consulted."""
    secret_fds: Mapping[SecretKind, int] = field(default_factory=dict)
    """Open file descriptors that secrets are read from; they go before the environment (`secrets.ENVIRONMENT`)."""
    base: Path = field(default_factory=Path)
    """The folder that relative key files start from: that of the session file."""
    default_keys: bool = True
    """Try `~/.ssh/id_*` where the session names no key."""
    watch_interval: float = 5.0
    """Between two questions whether the peer still lives."""
    watch_patience: float = 10.0
    """Silence after such a question that counts as death: with the interval at most 15 s in all."""
    connect_attempts: int = 8
    """Tries of a connection that the server cuts off before it has begun, as MaxStartups makes it do."""
    connect_parallel: int = 32
    """Hosts that are connected to at the same time."""


class Asker(Protocol):
    """Whoever can be asked while connections open. Methods are called one at a time, from any thread."""

    def secret(self, question: Question) -> Secret | None:
        """Ask for a password or passphrase; None: there is no answer."""

    def accept_host_keys(self, unknown: Sequence[HostKeyUnknown]) -> bool:
        """Show the fingerprints of new hosts together; whether somebody vouches for all of them."""


class HeadlessAsker:
    """Nobody is there: nothing is answered, nothing new is trusted."""

    def secret(self, question: Question) -> Secret | None:
        """No answer."""
        del question
        return None

    def accept_host_keys(self, unknown: Sequence[HostKeyUnknown]) -> bool:
        """No."""
        del unknown
        return False
