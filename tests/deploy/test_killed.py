"""A run that is killed with SIGKILL, again and again, is taken up each time and ends as an undisturbed one does."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fabwiz.artifacts.manifest import read_manifest
from fabwiz.deploy.status import heights, status
from fabwiz.fabric.transaction import query
from fabwiz.session.network import Network
from tests.deploy.sites import Site, changed, errors, session_of, site_for

ROOT = Path(__file__).parents[2]

MOMENTS = [
    "generate.2+0.05",
    "distribute.3+0.1",
    "zookeeper.2+0.2",
    "kafka.3+0.2",
    "orderers.2+0.1",
    "channels.2+0.15",
    "anchors.2+0.1",
    "chaincode.9+0.1",
    "check-sent.1+0",  # in the journal, and on its way to nobody
    "check-sent-again.1+0.1",  # sent, and perhaps in no block yet
]


def killed_at(site: Site, moment: str) -> None:
    ended = mortal_run(site, moment)
    assert ended.returncode == -signal.SIGKILL, f"{moment} never came: {ended.stdout}"


def mortal_run(site: Site, moment: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    session = site.session_file.with_suffix(".json")
    session.write_text(site.hosts.session.model_dump_json(exclude_unset=True))
    arguments = [str(session), str(site.session_file), str(site.hosts.known_hosts), moment]
    return subprocess.run(
        [sys.executable, "-m", "tests.deploy.mortal_run", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
    )


def keys(site: Site) -> dict[Path, bytes]:
    """Every private key on the workstation, those aside that are not at their place yet."""
    files = [path for path in site.workspace.crypto_config.rglob("*") if path.is_file() and not unfinished(path)]
    return {path: data for path in files if b"PRIVATE KEY" in (data := path.read_bytes())}


def unfinished(path: Path) -> bool:
    return any(part.startswith(".") and part.endswith((".tmp", ".partial")) for part in path.parts)


def records(site: Site) -> list[dict[str, str]]:
    """The journal's whole records: a kill may cost the line that it was writing, and no other."""
    found, torn = [], 0
    for line in site.workspace.journal.read_text().split("\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            torn += line != ""
    assert torn <= 1
    return found


def check_end_state(site: Site) -> None:
    """What an undisturbed run of the four-host session leaves behind."""
    network = Network(site.hosts.session)
    assert [path for path in site.workspace.root.rglob("*") if unfinished(path)] == []
    for host in network.hosts.values():
        folder = Path(host.remote_dir)
        manifest = read_manifest(site.workspace.host(host.name))
        assert manifest
        there = {
            path.relative_to(folder).as_posix(): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
            for path in folder.rglob("*") if path.is_file()
        }  # fmt: skip
        there.pop("manifest.json")
        bundle = site.workspace.host(host.name)
        assert there == {entry.path: (entry.mode, (bundle / entry.path).read_bytes()) for entry in manifest.files}

    (sent,) = {record["tx"] for record in records(site) if record["kind"] in ("check-sent", "check-sent-again")}
    with site.run() as run:
        assert [(row.node.name, row.status) for row in status(run) if not row.runs] == []
        # block 0, two of anchors, one that starts the chaincode, one that invokes it
        assert heights(run) == {"mychannel": {peer.name: 5 for peer in network.peers}}
        for peer in network.peers:
            organization = network.organization_of(peer)
            assert organization
            client, admin = run.fabric.peer(peer), run.fabric.admin(organization)
            answer = query(client, admin, "mychannel", "mycc", [b"query", b"a"])
            assert (peer.name, answer) == (peer.name, b"90")
            assert client.validation(admin, "mychannel", sent) == "VALID"

    for node in network.nodes:
        lines = (site.workspace.logs / f"{node.name}.log").read_text().splitlines()
        assert len(lines) == len(set(lines))
    assert_no_litter(site)


def assert_no_litter(site: Site) -> None:
    """Nothing temporary is left on a host; what killed runs left is cleared away within seconds."""
    for _ in range(100):
        left = [path for host in site.hosts.session.hosts for path in (site.hosts.folder(host) / "tmp").iterdir()]
        if not left:
            return
        time.sleep(0.1)
    pytest.fail(f"left on hosts: {left}")


@pytest.mark.timeout(240)
def test_a_run_that_is_killed_in_every_phase_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    session = changed(session_of("four-lan-hosts"), ("ordering",), {"batch_timeout": "500ms"})
    with site_for(session, tmp_path) as site:
        made: dict[Path, bytes] = {}
        for moment in MOMENTS:
            killed_at(site, moment)
            now = keys(site)
            assert {path: now[path] for path in made} == made
            made = now
            assert records(site)

        assert errors(site.replay()) == []

        assert keys(site) == made
        check_end_state(site)
