"""Rehearsal hosts with a plain SSH client: nothing of fabwiz's own remote code, so that each is tested alone."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import paramiko
import pytest
import yaml

from fabwiz.artifacts.configtx import creation_for_orderers
from fabwiz.artifacts.generate import generate
from fabwiz.fabric import lifecycle
from fabwiz.fabric.channel import create_channel
from fabwiz.fabric.endpoint import Endpoint, tls_roots
from fabwiz.fabric.errors import Invalid, Unreachable
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.package import build_package
from fabwiz.fabric.peer import PeerClient
from fabwiz.fabric.policy_proto import policy_bytes
from fabwiz.fabric.transaction import invoke
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.model import Session
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace

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


def eventually(look: Callable[[], T], within: float = 60.0) -> T:
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


SMALL_LAN: dict[str, Any] = {
    "zookeeper": {"zk1": "h1"},
    "kafka": {"kafka1": "h1", "kafka2": "h2"},
    "orderers": {"orderer1": "h1", "orderer2": "h2"},
    "organizations": {
        "Org1": {"domain": "org1.example.com", "peers": {"peer0": "h1"}, "anchors": ["peer0"]},
        "Org2": {"domain": "org2.example.com", "peers": {"peer0": "h2"}, "anchors": ["peer0"]},
        "Org3": {"domain": "org3.example.com", "peers": {"peer0": "h2"}},
    },
    "channels": {"mychannel": {"organizations": ["Org1", "Org2"]}},
    "ordering": {
        "batch_timeout": "200ms",
        "kafka": {
            "min_insync_replicas": 1,
            "replication_factor": 2,
            "retry": {"short_interval": "300ms"},
        },
    },
}
"""Two hosts, one ZooKeeper, two brokers, two orderers, three organizations of which two are on the channel."""


class Lan:
    """A whole network brought up by hand: artifacts generated, folders copied, `docker-compose up`.

    Deployment's own steps are not used here, so that a fault shows on the side that has it.
    """

    def __init__(self, rehearsal: Rehearsal, workspace: Workspace) -> None:
        self.rehearsal = rehearsal
        self.network = Network(rehearsal.session)
        self.workspace = workspace
        self.shells = {name: Shell(rehearsal, name) for name in self.network.hosts}
        self._open: list[Endpoint] = []

    def distribute(self) -> None:
        generate(self.network, self.workspace)
        for name, host in self.network.hosts.items():
            shutil.copytree(self.workspace.host(name), host.remote_dir, dirs_exist_ok=True)

    def compose(self, host: str, *argv: str) -> Answer:
        file = f"{self.network.hosts[host].remote_dir}/docker-compose.yaml"
        return self.shells[host].run("docker-compose", "-p", self.network.name, "-f", file, *argv)

    def up(self) -> None:
        """Everything, in an order in which nothing has to wait."""
        for kind in ("zookeeper", "kafka", "orderers", "peers"):
            for node in getattr(self.network, kind):
                answer = self.compose(node.host, "up", "-d", "--no-deps", node.name)
                assert answer.code == 0, answer.err
            if kind == "kafka":
                first = self.network.zookeeper[0]
                want = len(self.network.kafka)
                eventually(lambda: self.shells[first.host].word("dump").count("/brokers/ids/") == want)  # noqa: B023

    def _endpoint(self, node: Node) -> Endpoint:
        owner = (
            self.network.organizations[node.organization] if node.organization else self.network.orderer_organization
        )
        roots = tls_roots(self.workspace.crypto_config / owner.directory / "msp")
        endpoint = Endpoint(node.name, f"{self.rehearsal.address(node.host)}:{node.ports['grpc']}", roots)
        self._open.append(endpoint)
        return endpoint

    def orderer(self, number: int = 1) -> OrdererClient:
        return OrdererClient(self._endpoint(self.network.orderers[number - 1]), timeout=60)

    def peer(self, organization: str) -> PeerClient:
        node = self.network.organizations[organization].nodes[0]
        return PeerClient(self._endpoint(node), observer=self.user(organization), timeout=20)

    def user(self, organization: str, name: str = "Admin") -> SigningIdentity:
        found = self.network.organizations.get(organization, self.network.orderer_organization)
        return SigningIdentity.load(self.workspace.crypto_config / found.user_directory(name) / "msp", found.msp_id)

    def creation(self) -> bytes:
        return creation_for_orderers(self.workspace.channel_tx("mychannel").read_bytes())

    def create(self) -> None:
        """The channel, with both peers on it."""
        admin = self.user("Org1")
        assert create_channel(self.orderer(), self.creation(), [admin], admin, timeout=20)
        block = self.orderer().block("mychannel", admin, 0)
        for organization in ("Org1", "Org2"):
            self.peer(organization).join(self.user(organization), block)

    def package(self, version: str = "1.0") -> bytes:
        source = Path(str(resources.files("assets").joinpath("chaincode", "chaincode_example02")))
        assert self.network.release
        return build_package(source, "mycc", version, "golang", self.network.release)

    def instantiate(self, policy: str = "AND ('Org1MSP.member','Org2MSP.member')") -> None:
        for organization in ("Org1", "Org2"):
            self.peer(organization).install(self.user(organization), self.package())
        args = [b"init", b"a", b"100", b"b", b"200"]
        lifecycle.instantiate(
            "mychannel", [self.peer("Org1")], self.orderer(), self.user("Org1"), "mycc", "1.0", args,
            policy=policy_bytes(policy, self.network.release), committers=[self.peer("Org1"), self.peer("Org2")],
        )  # fmt: skip

    def invoke(self, *args: str, endorsers: tuple[str, ...] = ("Org1", "Org2")) -> str:
        """Returns the validation code."""
        peers = [self.peer(organization) for organization in endorsers]
        everybody = [self.peer("Org1"), self.peer("Org2")]
        try:
            return invoke(self.user("Org1"), peers, self.orderer(), "mychannel", "mycc", [a.encode() for a in args],
                          committers=everybody).code  # fmt: skip
        except Invalid as error:
            return error.status

    def query(self, account: str, organization: str = "Org1") -> str:
        args = [b"query", account.encode()]
        return self.peer(organization).call(self.user(organization), "mychannel", "mycc", args).decode()

    def serves(self, number: int = 1, channel: str = "system-channel") -> bool:
        try:
            return self.orderer(number).serves(channel, self.user("orderers" if channel.startswith("sys") else "Org1"))
        except Unreachable:
            return False

    def logs(self, host: str, name: str) -> str:
        return self.shells[host].run("docker", "logs", name).err

    def close(self) -> None:
        for endpoint in self._open:
            endpoint.close()
        for shell in self.shells.values():
            shell.client.close()


@contextmanager
def running(scratch: Path, fabric: str, **more: Any) -> Iterator[Lan]:
    with Rehearsal(session(2, fabric, **{**SMALL_LAN, **more}), scratch / "rehearsal") as rehearsal:
        lan = Lan(rehearsal, Workspace(scratch / "session.yaml"))
        try:
            lan.distribute()
            lan.up()
            for number in (1, 2):
                eventually(lambda number=number: lan.serves(number), 20)  # type: ignore[misc]
            yield lan
        finally:
            lan.close()


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lan]:
    """A network of 1.4.12 with its channel and chaincode, for the tests of a module that leave it usable."""
    with running(tmp_path_factory.mktemp("lan"), "1.4.12") as network:
        network.create()
        network.instantiate()
        yield network


@pytest.fixture
def own_lan(tmp_path: Path) -> Iterator[Callable[..., Lan]]:
    """Start a network of one's own: `own_lan("1.0.0")`."""
    with ExitStack() as stack:
        yield lambda fabric="1.4.12", **more: stack.enter_context(running(tmp_path, fabric, **more))
