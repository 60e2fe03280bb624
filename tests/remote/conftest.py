"""Real SSH servers on loopback, and what is needed to reach them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fabwiz.remote.connection import Connection, HostKeyUnknown
from fabwiz.remote.local import LocalConnection
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.secrets import Question, Secret, SecretStore
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from tests.sshd import Sshd, free_port, make_key


def network_of(hosts: dict[str, Any], **ssh: Any) -> Network:
    """A network of bare hosts."""
    nothing: dict[str, Any] = {"zookeeper": {}, "kafka": {}, "orderers": {}, "organizations": {}}
    data = {"fabwiz": 1, "name": "net", "fabric": "1.4.12", "ssh": ssh, "hosts": hosts, **nothing}
    return Network(Session.model_validate(data))


@dataclass
class Person:
    """Somebody who answers, and remembers what was asked."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    trusts: bool = True
    questions: list[str] = field(default_factory=list)
    reviews: list[list[HostKeyUnknown]] = field(default_factory=list)

    def secret(self, question: Question) -> Secret | None:
        self.questions.append(str(question))
        left = self.answers.get(question.kind.value, [])
        return Secret(left.pop(0)) if left else None

    def accept_host_keys(self, unknown: Any) -> bool:
        self.reviews.append(list(unknown))
        return self.trusts


@pytest.fixture(scope="session")
def sshd(start_sshd: Callable[..., Sshd]) -> Sshd:
    """A server as Debian sets it up: MaxSessions 10, MaxStartups 10:30:100."""
    return start_sshd()


@pytest.fixture
def options(tmp_path: Path) -> RemoteOptions:
    """New host keys are accepted, into a file of the test's own."""
    return RemoteOptions(
        accept_new_host_keys=True,
        known_hosts=tmp_path / "known_hosts",
        user_known_hosts=None,
        default_keys=False,
        connect_attempts=12,
    )


@pytest.fixture
def pools() -> Iterator[Callable[..., Pool]]:
    """Make pools that are closed after the test."""
    made: list[Pool] = []

    def make(*args: Any, **kwargs: Any) -> Pool:
        made.append(Pool(*args, **kwargs))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture
def over_ssh(sshd: Sshd, options: RemoteOptions, pools: Callable[..., Pool]) -> Connection:
    """A connection to the ordinary server."""
    return pools(network_of({"a": "127.0.0.1"}, **sshd.ssh), options).connection("a")


@pytest.fixture
def locally() -> Iterator[Connection]:
    """This machine."""
    host = network_of({"me": {"address": "192.0.2.1", "transport": "local"}}).hosts["me"]
    connection = LocalConnection(host, SecretStore(lambda _: None, environment={}))
    yield connection
    connection.close()


@pytest.fixture(params=["over_ssh", "locally"])
def connection(request: pytest.FixtureRequest) -> Connection:
    """Both kinds, which behave alike."""
    found: Connection = request.getfixturevalue(request.param)
    return found


@dataclass
class Proxy:
    """A TCP relay to a port that can fall silent, as a pulled cable does."""

    target: int
    silent: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=pair, daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if self.silent.is_set():
                    continue
                sink.sendall(data)
        except OSError:
            pass
        if not self.silent.is_set():
            sink.close()


@pytest.fixture
def proxy_to() -> Iterator[Callable[[int], Proxy]]:
    made: list[Proxy] = []

    def make(port: int) -> Proxy:
        made.append(Proxy(port))
        return made[-1]

    yield make
    for proxy in made:
        proxy.listener.close()


@pytest.fixture(name="network_of")
def fixture_network_of() -> Callable[..., Network]:
    return network_of


@pytest.fixture(name="make_key")
def fixture_make_key() -> Callable[..., Path]:
    return make_key


@pytest.fixture(name="free_port")
def fixture_free_port() -> int:
    return free_port()


@pytest.fixture(name="person")
def fixture_person() -> type[Person]:
    return Person
