"""Bundles on real hosts: four OpenSSH servers, or this machine itself; only Docker is a stand-in, for the preflight."""

from __future__ import annotations

import getpass
import hashlib
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fabwiz.artifacts.manifest import read_manifest
from fabwiz.deploy import host_probe
from fabwiz.deploy.events import Emitter, Event, Kind, Status
from fabwiz.deploy.executor import Outcome
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.replay import prepare, replay
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.model import HostSpec, Session, Ssh
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace
from tests.deploy.sites import changed, errors, session_of
from tests.sshd import Sshd

DOCKER = """\
#!/bin/sh
echo "$0 $*" >>"$(dirname "$0")/calls"
case "$*" in
"version --format {{.Server.Version}}") echo 26.1.5 ;;
"compose version --short") echo 2.27.1 ;;
"ps -a "* | "volume ls "*) ;;
*) echo "not expected here: $*" >&2; exit 1 ;;
esac
"""


@dataclass
class Machines:
    """Hosts whose files a test can look at, and the operator's workspace."""

    session: Session
    folder: Path
    events: list[Event]

    def distribute(self, session: Session | None = None) -> Outcome:
        self.events.clear()
        network = Network(session or self.session)
        options = RemoteOptions(
            accept_new_host_keys=True,
            known_hosts=self.folder / "known_hosts",
            user_known_hosts=None,
            default_keys=False,
            connect_attempts=12,
        )
        pool = Pool(network, options, HeadlessAsker())
        run = prepare(network, self.folder / "session.yaml", pool, Emitter(self.events.append))
        try:
            return replay(run, Phase.DISTRIBUTE)
        finally:
            run.close()

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "session.yaml")

    def remote_dir(self, host: str) -> Path:
        return Path(Network(self.session).hosts[host].remote_dir)

    def placed(self, host: str) -> dict[str, tuple[int, str]]:
        """Mode and SHA-256 of every file on a host, the manifest aside."""
        folder = self.remote_dir(host)
        found = {
            path.relative_to(folder).as_posix(): (
                stat.S_IMODE(path.stat().st_mode),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            for path in folder.rglob("*")
            if path.is_file()
        }
        found.pop("manifest.json")
        return found

    def promised(self, host: str) -> dict[str, tuple[int, str]]:
        """The same, as the workspace's manifest says."""
        manifest = read_manifest(self.workspace.host(host))
        assert manifest
        return {entry.path: (entry.mode, entry.sha256) for entry in manifest.files}

    def changed_hosts(self) -> set[str | None]:
        """Hosts that something was put on or taken from in the last run."""
        steps = [event for event in self.events if event.event is Kind.STEP and event.phase == Phase.DISTRIBUTE]
        return {event.host for event in steps if event.status is Status.DONE}


def with_hosts(session: Session, hosts: dict[str, HostSpec]) -> Session:
    return session.model_copy(update={"hosts": hosts, "ssh": Ssh()})


def install_docker(folder: Path) -> Path:
    folder.mkdir()
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    return folder


def four_ssh_hosts(tmp_path: Path, start_sshd: Callable[..., Sshd]) -> Machines:
    """The four-host session, each host an SSH server of its own."""
    session = session_of("four-lan-hosts")
    hosts = {}
    for name in session.hosts:
        binaries = install_docker(tmp_path / f"bin-{name}")
        server = start_sshd(f'SetEnv "PATH={binaries}:/usr/bin:/bin"')
        hosts[name] = HostSpec(
            address="127.0.0.1",
            ssh=Ssh(user=getpass.getuser(), port=server.port, key=str(server.key), agent=False, sudo="never"),
            remote_dir=str(tmp_path / f"host-{name}/opt/fabwiz/lan4"),
        )
    return Machines(with_hosts(session, hosts), tmp_path, [])


def this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    """Three organizations on the operator's own machine, without SSH."""
    session = session_of("three-orgs-one-host")
    binaries = install_docker(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    here = HostSpec(transport="local", ssh=Ssh(sudo="never"), remote_dir=str(tmp_path / "host/opt/fabwiz/threeorgs"))
    return Machines(with_hosts(session, {"here": here}), tmp_path, [])


@pytest.fixture(params=["four SSH hosts", "this machine"])
def machines(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Machines:
    """Hosts that have just got their bundles."""
    # whoever runs the tests may have a Fabric network of their own on this machine
    monkeypatch.setattr(host_probe, "taken_ports", lambda listening, rehearsal: set())
    if request.param == "four SSH hosts":
        machines = four_ssh_hosts(tmp_path, request.getfixturevalue("start_sshd"))
    else:
        machines = this_machine(tmp_path, monkeypatch)
    assert errors(machines.distribute()) == []
    return machines


def test_every_host_has_exactly_what_its_manifest_says_and_no_other_nodes_key(machines: Machines) -> None:
    crypto_config = machines.workspace.crypto_config
    owners = {path.read_bytes(): path for path in crypto_config.rglob("*") if path.is_file() and is_key(path)}
    network = Network(machines.session)

    for host in machines.session.hosts:
        assert machines.placed(host) == machines.promised(host)
        names = {node.name for node in network.on(host)}
        keys = [path for path in machines.remote_dir(host).rglob("*") if path.is_file() and is_key(path)]
        assert keys
        for key in keys:
            assert names & set(owners[key.read_bytes()].parts), f"{key} is {owners[key.read_bytes()]}"
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
        for folder in (path for path in machines.remote_dir(host).rglob("*") if path.is_dir()):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def is_key(path: Path) -> bool:
    return b"PRIVATE KEY" in path.read_bytes()


def test_a_second_run_sends_nothing(machines: Machines) -> None:
    before = {path: path.stat() for host in machines.session.hosts for path in machines.remote_dir(host).rglob("*")}

    outcome = machines.distribute()

    assert (errors(outcome), outcome.changed) == ([], 0)
    assert {path: path.stat().st_mtime_ns for path in before} == {p: s.st_mtime_ns for p, s in before.items()}
    assert {path: path.stat().st_ino for path in before} == {p: s.st_ino for p, s in before.items()}
    calls = [line for file in machines.folder.glob("bin*/calls") for line in file.read_text().splitlines()]
    looks = [["version", "--format"], ["compose", "version"], ["ps", "-a"], ["volume", "ls"]]
    looks += [["network", "ls"], ["network", "inspect"], ["info", "--format"]]
    assert all(line.split()[1:3] in looks for line in calls), "distributing only looks at Docker"


def test_what_somebody_changed_is_mended_and_nothing_else_is_touched(machines: Machines) -> None:
    *_, host = machines.session.hosts
    folder = machines.remote_dir(host)
    key, certificate = sorted(folder.rglob("*_sk"))[0], sorted(folder.rglob("*-cert.pem"))[0]
    (folder / "docker-compose.yaml").write_text("services: {}\n")
    key.chmod(0o644)
    certificate.unlink()
    untouched = {path: path.stat().st_ino for path in folder.rglob("*.crt")}

    outcome = machines.distribute()

    assert errors(outcome) == []
    assert machines.changed_hosts() == {host}
    assert machines.placed(host) == machines.promised(host)
    assert {path: path.stat().st_ino for path in untouched} == untouched

    shutil.rmtree(folder)

    assert errors(machines.distribute()) == []
    assert machines.changed_hosts() == {host}
    assert machines.placed(host) == machines.promised(host)


def test_what_a_new_bundle_lacks_goes_and_neighbours_stay(machines: Machines) -> None:
    network = Network(machines.session)
    gone = next(node for node in network.peers if node.name == "peer1.org1.example.com")
    folder = machines.remote_dir(gone.host)
    neighbours = [folder / "notes.txt", folder / gone.name / "msp" / "notes.txt", folder.parent / "other" / "notes.txt"]
    for path in neighbours:
        path.parent.mkdir(exist_ok=True)
        path.write_text("not ours")
    peers = {"peer0": machines.session.organizations["Org1"].peers["peer0"]}

    outcome = machines.distribute(changed(machines.session, ("organizations", "Org1", "peers"), peers))

    assert errors(outcome) == []
    assert [path.read_text() for path in neighbours] == ["not ours"] * 3
    left = [path for path in (folder / gone.name).rglob("*") if path.is_file()]
    assert left == [folder / gone.name / "msp" / "notes.txt"]
