"""What an undisturbed run leaves, and what must hold at every moment of a disturbed one."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fabwiz.artifacts.manifest import read_manifest
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.lease_scripts import FOLDER
from fabwiz.deploy.status import heights, status
from fabwiz.fabric.transaction import query
from fabwiz.session.network import Network
from tests.deploy.sites import Site

_KEY_ID = re.compile(r"[0-9a-f]{64}(?=_sk)")


def keys(site: Site) -> dict[Path, bytes]:
    """Every private key on the workstation, those aside that are not at their place yet."""
    files = [path for path in site.workspace.crypto_config.rglob("*") if path.is_file() and not unfinished(path)]
    return {path: data for path in files if b"PRIVATE KEY" in (data := path.read_bytes())}


def unfinished(path: Path) -> bool:
    return any(part.startswith(".") and part.endswith((".tmp", ".partial")) for part in path.parts)


def records(site: Site) -> list[dict[str, str]]:
    """The journal's whole records: each kill may cost the line that it was writing, and no other."""
    found = list(Journal(site.workspace.journal).records())
    assert torn(site) <= sum(record["kind"] == "run" for record in found)
    return found


def torn(site: Site) -> int:
    """How many lines of the journal are no whole record."""
    path = site.workspace.journal
    lines = [line for line in path.read_text().split("\n") if line] if path.exists() else []
    return len(lines) - len(list(Journal(path).records()))


def nothing_torn(site: Site) -> None:
    """Whatever has its final name is whole: keys, certificates and manifests here, all files of bundles there."""
    for path in site.workspace.artifacts.rglob("*"):
        if not path.is_file() or unfinished(path):
            continue
        data = path.read_bytes()
        if b"PRIVATE KEY" in data:
            load_pem_private_key(data, None)
        elif path.suffix == ".pem" or path.name.endswith(".crt"):
            x509.load_pem_x509_certificates(data)
        elif path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".yaml":
            yaml.safe_load(data)
        else:
            assert data, path
    for host in Network(site.hosts.session).hosts.values():
        folder = Path(host.remote_dir)
        manifest = read_manifest(site.workspace.host(host.name)) if folder.exists() else None
        for entry in manifest.files if manifest else ():
            path = folder / entry.path
            if path.exists():
                assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256, path


def made(site: Site) -> dict[str, int]:
    """Every file here and on the hosts with its mode, by a name that two deployments of a session share."""
    folders = {"artifacts": site.workspace.artifacts}
    folders |= {host.name: Path(host.remote_dir) for host in Network(site.hosts.session).hosts.values()}
    return {
        f"{name}: {_KEY_ID.sub('KEY', path.relative_to(folder).as_posix())}": stat.S_IMODE(path.lstat().st_mode)
        for name, folder in folders.items()
        for path in folder.rglob("*")
    }


def check_end_state(site: Site) -> None:
    """What an undisturbed run leaves behind of a session with two organizations, one channel, one chaincode."""
    network = Network(site.hosts.session)
    assert [path for path in site.workspace.root.rglob("*") if unfinished(path)] == []
    for host in network.hosts.values():
        folder = Path(host.remote_dir)
        assert not (folder / FOLDER).exists()
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
        rows = status(run)
        assert [(row.node.name, row.status) for row in rows if not row.runs] == []
        assert len(rows) == len(network.nodes)
        # block 0, two of anchors, one that starts the chaincode, one that invokes it
        assert heights(run) == {"mychannel": {peer.name: 5 for peer in network.peers}}
        admin = run.fabric.admin(network.orderer_organization)
        for orderer in network.orderers:  # block 0, and one for the channel that was created
            assert run.fabric.orderer(orderer).height(network.session.system_channel, admin) == 2
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
    left = list(litter(site))
    end = time.monotonic() + 60
    while left and time.monotonic() < end:
        time.sleep(0.1)
        left = list(litter(site))
    if left:
        pytest.fail(f"left on hosts: {left}")


def litter(site: Site) -> Iterator[Path]:
    for host in site.hosts.session.hosts:
        yield from (site.hosts.folder(host) / "tmp").iterdir()
