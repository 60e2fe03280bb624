"""Loopback addresses: every rehearsal has a block of its own, every host a /24 of it."""

from __future__ import annotations

import contextlib
import secrets
import socket

from fabwiz.remote.rehearsal.errors import RehearsalError
from fabwiz.session.network import Network

SSH_PORT = 2222
MOST_HOSTS = 250
_TRIES = 40


class Block:
    """`127.A`: host n is 127.A.n.1, its containers 127.A.n.2 and up. A bound socket holds the claim.

    Raises RehearsalError when no block is free, when a session has too many hosts, or when a program of this machine
    listens on every address at a port that a node needs.
    """

    def __init__(self, network: Network) -> None:
        if len(network.hosts) > MOST_HOSTS:
            raise RehearsalError(f"a rehearsal has room for {MOST_HOSTS} hosts; this session has {len(network.hosts)}")
        self._claim, self._prefix = _claim()
        try:
            self._check_ports(network)
        except RehearsalError:
            self.release()
            raise

    def host(self, number: int) -> str:
        """The address of the `number`-th host, from 1."""
        return f"{self._prefix}.{number}.1"

    def _check_ports(self, network: Network) -> None:
        for number, name in enumerate(network.hosts, 1):
            wanted = [(SSH_PORT, "sshd")]
            wanted += [(port, n.name) for n in network.nodes if n.host == name for port in n.ports.values()]
            for port, owner in wanted:
                with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((self.host(number), port))
                    except OSError as error:
                        raise RehearsalError(
                            f"port {port}, which {owner} needs, is taken on every address of this machine "
                            f"({error.strerror}): end the program that listens there, or give {owner} another port"
                        ) from error

    def release(self) -> None:
        """Let others have it."""
        self._claim.close()


def _claim() -> tuple[socket.socket, str]:
    for second in secrets.SystemRandom().sample(range(16, 250), _TRIES):
        claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            claim.bind((f"127.{second}.255.1", SSH_PORT - 1))
        except OSError:
            claim.close()
            continue
        return claim, f"127.{second}"
    raise RehearsalError("no free block of loopback addresses: too many rehearsals run at once")
