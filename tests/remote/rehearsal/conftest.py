"""Rehearsal hosts with a plain SSH client: nothing of fabwiz's own remote code, so that each is tested alone."""

from __future__ import annotations

import json
import shlex
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import paramiko
import pytest
import yaml

from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.model import Session

T = TypeVar("T")


def session(hosts: int = 1, fabric: str = "1.4.0", **more: Any) -> Session:
    names = [f"h{n}" for n in range(1, hosts + 1)]
    data: dict[str, Any] = {
        "fabwiz": 1,
        "name": "small",
        "fabric": fabric,
        "hosts": {name: f"192.0.2.{n}" for n, name in enumerate(names, 1)},
        "zookeeper": {},
        "kafka": {},
        "orderers": {},
        "organizations": {},
        **more,
    }
    return Session.model_validate(data)


def eventually(look: Callable[[], T], within: float = 10.0) -> T:
    """Wait for something true. Fails with what was last seen."""
    end = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < end, f"not within {within} s; last seen: {seen!r}"
        time.sleep(0.05)


@dataclass
class Answer:
    code: int
    out: str
    err: str


class Shell:
    """One host, seen from outside."""

    def __init__(self, rehearsal: Rehearsal, host: str) -> None:
        self.rehearsal = rehearsal
        self.host = host
        spec = rehearsal.session.hosts[host]
        self.client = paramiko.SSHClient()
        self.client.load_host_keys(str(rehearsal.known_hosts))
        assert spec.address
        self.client.connect(
            spec.address, spec.ssh.port or 22, spec.ssh.user, key_filename=spec.ssh.key,
            allow_agent=False, look_for_keys=False,
        )  # fmt: skip
        self.folder = Path(spec.remote_dir or "")

    def run(self, *argv: str, stdin: bytes = b"") -> Answer:
        _in, out, err = self.client.exec_command(shlex.join(argv))
        _in.write(stdin)
        _in.channel.shutdown_write()
        text, complaint = out.read().decode(), err.read().decode()
        return Answer(out.channel.recv_exit_status(), text, complaint)

    def sh(self, line: str) -> Answer:
        return self.run("sh", "-c", line)

    def compose(self, services: dict[str, Any], *argv: str, **top: Any) -> Answer:
        """Write a compose file into the remote folder and run docker-compose on it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "docker-compose.yaml"
        file.write_text(yaml.safe_dump({"version": "2.1", "services": services, **top}))
        return self.run("docker-compose", "-p", "small", "-f", str(file), *argv)

    def inspect(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(self.run("docker", "inspect", name).out)
        return found[0]

    def dial(self, port: int) -> socket.socket:
        return socket.create_connection((self.rehearsal.address(self.host), port), 5)

    def word(self, word: str, port: int = 2181) -> str:
        """Ask a ZooKeeper server one of its four-letter words; empty while nobody listens."""
        try:
            with self.dial(port) as sock:
                sock.sendall(word.encode())
                return sock.makefile("rb").read().decode()
        except OSError:
            return ""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Rehearsal]]:
    """Start a rehearsal; it ends with the test."""
    running: list[Rehearsal] = []

    def begin(given: Session, **options: Any) -> Rehearsal:
        rehearsal = Rehearsal(given, tmp_path / f"rehearsal{len(running)}", **options)
        running.append(rehearsal)
        return rehearsal.__enter__()

    yield begin
    for rehearsal in running:
        rehearsal.stop()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """One host without containers, for the tests of a module."""
    with Rehearsal(session(), tmp_path_factory.mktemp("host")) as rehearsal:
        shell = Shell(rehearsal, "h1")
        yield shell
        shell.client.close()


@pytest.fixture
def small() -> Callable[..., Session]:
    """Make a session with bare hosts `h1`, `h2`, ..."""
    return session


@pytest.fixture
def shell_on() -> Callable[[Rehearsal, str], Shell]:
    """Log in to a host."""
    return Shell


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    """Wait until something is seen."""
    return eventually
