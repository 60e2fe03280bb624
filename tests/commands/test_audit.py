"""`fabwiz audit` on hosts that run: nothing to tell of a clean network, and everything that somebody does to it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.cli import main
from fabwiz.deploy.phase import Phase
from fabwiz.session.data import dump
from tests.deploy.sites import Site, changed, errors, session_of, site_for
from tests.outcomes import Outcomes

pytestmark = pytest.mark.timeout(240)

PEER = "peer0.org1.example.com"


class Operator:
    """Who calls `fabwiz audit` on a deployed network."""

    def __init__(self, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
        self.site = site
        self._capsys = capsys

    def audit(self, *options: str) -> tuple[int, str]:
        file, known = self.site.session_file, self.site.hosts.known_hosts
        code = main(["audit", str(file), "--known-hosts", str(known), *options])
        return code, self._capsys.readouterr().out

    def told(self) -> set[tuple[str, str, str]]:
        return set(self.messages())

    def messages(self) -> dict[tuple[str, str, str], list[str]]:
        code, out = self.audit("--json")
        found = [json.loads(line) for line in out.splitlines()]
        deviations: dict[tuple[str, str, str], list[str]] = {}
        for one in found:
            if "kind" in one:
                deviations.setdefault((one["host"], one["kind"], one["subject"]), []).append(one["message"])
        assert code == (1 if deviations else 0)
        assert sum(one.get("deviations", 0) for one in found) == sum(map(len, deviations.values()))
        return deviations

    def folder(self, host: str) -> Path:
        """`remote_dir` of a host."""
        return Path(self.site.hosts.session.hosts[host].remote_dir or "")

    def compose(self, host: str, project: str, data: dict[str, Any], *argv: str) -> None:
        """Somebody on the host runs compose with a file of their own."""
        with self.site.run() as run:
            connection = run.connection(host)
            file = f"{self.folder(host).parent}/{project}.yaml"
            connection.run(["sh", "-c", 'cat >"$0"', file], input=yaml.safe_dump({"version": "2.1"} | data).encode())
            connection.run(["docker-compose", "-p", project, "-f", file, *argv], root=True).check()


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    session = session_of("four-lan-hosts")
    hosts = session.model_dump(exclude_unset=True)["hosts"] | {"e": {"address": "203.0.113.15"}}  # carries nothing
    with site_for(changed(session, ("hosts",), hosts), tmp_path) as site:
        site.session_file.write_text(dump(site.hosts.session))
        assert errors(site.replay(until=Phase.PEERS)) == []
        yield Operator(site, capsys)


@contextmanager
def left_alone(folder: Path) -> Iterator[None]:
    """Whatever is done within changes nothing below a folder."""

    def state() -> dict[str, tuple[int, int, int]]:
        found = {str(path): os.lstat(path) for path in sorted([folder, *folder.rglob("*")])}
        return {path: (it.st_mode, it.st_size, it.st_mtime_ns) for path, it in found.items()}

    before = state()
    yield
    assert state() == before


def test_everything_that_differs_is_told_and_nothing_is_changed(operator: Operator, outcomes: Outcomes) -> None:
    # a clean network
    with left_alone(operator.folder("a")):
        code, shown = operator.audit()
    assert code == 0
    assert shown.count("as they must be") == 5
    assert operator.told() == set()

    # files
    here, artifacts = operator.folder("a"), operator.site.workspace.artifacts
    (foreign_ca,) = artifacts.glob("crypto-config/peerOrganizations/org1.example.com/ca/*_sk")
    (own_key,) = here.glob(f"{PEER}/msp/keystore/*_sk")
    (here / "stolen").write_bytes(foreign_ca.read_bytes())
    (here / "authorized_keys").write_text("ssh-ed25519 AAAA somebody")
    own_key.chmod(0o644)
    (here / PEER / "tls").chmod(0o755)
    (here / PEER / "tls/ca.crt").write_bytes((here / "genesis.block").read_bytes())
    (here / "genesis.block").unlink()

    # keys of a node that was moved away from a host that now has none
    operator.folder("e").mkdir(parents=True)
    (operator.folder("e") / "old_sk").write_bytes(own_key.read_bytes())

    # a manifest on the host that vouches for it all
    manifest = here / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"0600"', '"0644"'))

    with left_alone(here):
        said = operator.messages()
    assert set(said) == {
        ("a", "key", "stolen"),
        ("a", "extra", "authorized_keys"),
        ("a", "mode", own_key.relative_to(here).as_posix()),
        ("a", "mode", f"{PEER}/tls"),
        ("a", "changed", f"{PEER}/tls/ca.crt"),
        ("a", "missing", "genesis.block"),
        ("a", "changed", "manifest.json"),
        ("e", "key", "old_sk"),
    }
    code, shown = operator.audit()
    assert code == 1
    assert f"crypto-config/peerOrganizations/org1.example.com/ca/{foreign_ca.name}" in "".join(shown.split())

    # a replay mends what it put there; what others put there is theirs to remove
    assert errors(operator.site.replay(until=Phase.DISTRIBUTE)) == []
    remains = operator.told()
    for one, messages in said.items():
        end = "a replay leaves it, and an audit tells of it again" if one in remains else "mended by a replay"
        what = re.sub("[0-9a-f]{64}", "KEY", one[2])
        outcomes.note(f"tampered with on a host: {what}", f"audit, {one[1]}: {'; '.join(messages)}", None, end)
    assert remains == {
        ("a", "key", "stolen"),
        ("a", "extra", "authorized_keys"),
        ("e", "key", "old_sk"),
    }
    (here / "stolen").unlink()
    (operator.folder("e") / "old_sk").unlink()
    (here / "authorized_keys").unlink()
    assert operator.told() == set()

    # containers
    with operator.site.run() as run:
        present = run.docker("b").containers()["zk2"].image
    spy = {
        "image": present,
        "container_name": "spy",
        "command": "sleep",
        "volumes": [f"{operator.folder('b')}:/loot:ro"],
    }
    listener = {"image": present, "container_name": "listener", "labels": {"fabwiz.network": "lan4"}}
    operator.compose("b", "others", {"services": {"spy": spy, "listener": listener}}, "up", "-d")
    mounted = yaml.safe_load((operator.folder("c") / "docker-compose.yaml").read_text())
    broker = next(name for name in mounted["services"] if name.startswith("kafka"))
    rights = mounted["services"][broker] | {"privileged": True, "cap_add": ["SYS_ADMIN"]}
    mounted["services"] = {broker: rights | {"ports": [*rights["ports"], "19999:19999"]}}
    operator.compose("c", "lan4", mounted, "up", "-d", "--no-deps", broker)
    old = {"volumes": {"old": {"name": "lan4_zk9_data", "labels": {"fabwiz.network": "lan4"}}}}
    unused = {"unused": {"image": present, "volumes": ["old:/data"]}}
    operator.compose("d", "old", old | {"services": unused}, "up", "-d")

    said = operator.messages()
    assert set(said) == {
        ("b", "container", "spy"),
        ("b", "container", "listener"),
        ("c", "config", broker),
        ("d", "volume", "lan4_zk9_data"),
    }
    code, shown = operator.audit()
    for one, messages in said.items():
        outcomes.note(f"put on a host: {one[2]}", f"audit, {one[1]}: {'; '.join(messages)}", None, f"exit code {code}")
    for words in ("is privileged", "the capability SYS_ADMIN", "19999:19999/tcp", "mounted, and the network's folder"):
        assert words in " ".join(shown.split())

    # a host that cannot be asked
    operator.site.hosts.crash("d")
    code, shown = operator.audit()
    assert code == 3
    assert "host d could not be asked" in shown
    assert "spy" in shown


def test_what_was_never_generated_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = tmp_path / "lan4.yaml"
    session.write_text(dump(session_of("four-lan-hosts")))

    assert main(["audit", str(session)]) == 3

    said = capsys.readouterr().err
    assert f"{tmp_path}/lan4.fabwiz/artifacts/hosts/a is not there" in said
    assert "take lan4.fabwiz along from there; if not, run `fabwiz generate`" in said
