"""What each host gets, and above all what it must not get."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12

from fabwiz.artifacts import crypto, kafka_tls
from fabwiz.artifacts.bundle import build, remove
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.artifacts.manifest import Manifest, read_manifest
from fabwiz.artifacts.revision import revision
from fabwiz.session.model import Session
from fabwiz.session.network import Network, Role
from fabwiz.session.releases import RELEASES
from fabwiz.session.workspace import Workspace

SESSION: dict[str, Any] = {
    "fabwiz": 1,
    "name": "lan",
    "fabric": "1.4.12",
    "hosts": {"a": "192.0.2.11", "b": "192.0.2.12", "c": "192.0.2.13"},
    "zookeeper": {"zk1": "a", "zk2": "b", "zk3": "c"},
    "kafka": {"kafka1": "a", "kafka2": "b", "kafka3": "c"},
    "orderers": {"orderer1": "a", "orderer2": "b"},
    "organizations": {
        "Org1": {"domain": "org1.example.com", "peers": {"peer0": {"host": "a", "couchdb": True}, "peer1": "b"}},
        "Org2": {"domain": "org2.example.com", "peers": {"peer0": {"host": "a", "tools": True}}},
    },
    "channels": {"mychannel": {"organizations": ["Org1", "Org2"]}},
    "ordering": {"kafka": {"tls": True}},
}


def network(**changes: Any) -> Network:
    return Network(Session.model_validate(SESSION | changes))


def prepared(net: Network, folder: Path) -> Workspace:
    """A workspace with everything that bundles are made from."""
    workspace = Workspace(folder / "lan.yaml")
    crypto.generate(net, workspace)
    kafka_tls.generate(net, workspace)
    workspace.channel_artifacts.mkdir(parents=True, exist_ok=True)
    workspace.genesis_block.write_bytes(b"the genesis block")
    return workspace


@pytest.fixture
def net() -> Network:
    return network()


@pytest.fixture
def workspace(tmp_path: Path, net: Network) -> Workspace:
    return prepared(net, tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def private_keys(folder: Path, found: dict[str, bytes]) -> Iterator[tuple[str, PublicKeyTypes]]:
    """Every private key in a bundle, whatever its file is called, by its public half."""
    for path, data in found.items():
        if b"PRIVATE KEY" in data:
            for block in data.decode().split("-----BEGIN ")[1:]:
                assert block.startswith(("PRIVATE KEY", "EC PRIVATE KEY"))
                pem = ("-----BEGIN " + block).encode()
                yield path, serialization.load_pem_private_key(pem, None).public_key()
        if path.endswith(".p12"):
            node = path.split("/")[0]
            line = found[f"env/{node}.env"].decode().splitlines()[0]
            store = pkcs12.load_pkcs12(data, line.partition("=")[2].encode())
            if store.key is not None:
                yield path, store.key.public_key()


def public_key(path: Path) -> PublicKeyTypes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_key()


def own_public_keys(net: Network, workspace: Workspace, host: str) -> dict[str, PublicKeyTypes]:
    """The public keys of a host's own orderers and peers, and of their connections to Kafka."""
    found = {}
    for node in net.on(host):
        organization = net.organization_of(node)
        if node.role not in (Role.ORDERER, Role.PEER) or organization is None:
            continue
        home = workspace.crypto_config / organization.node_directory(node)
        found[f"{node.name} msp"] = public_key(home / "msp" / "signcerts" / f"{node.name}-cert.pem")
        found[f"{node.name} tls"] = public_key(home / "tls" / "server.crt")
        if node.role is Role.ORDERER:
            found[f"{node.name} kafka"] = public_key(kafka_tls.folder_of(workspace, node) / "client.crt")
    return found


def test_a_host_gets_the_private_keys_of_its_own_nodes_and_no_others(net: Network, workspace: Workspace) -> None:
    for host in net.hosts:
        build(net, workspace, host)
        found = list(private_keys(workspace.host(host), files(workspace.host(host))))
        brokers = [path for path, _ in found if path.endswith("keystore.p12")]
        assert brokers == [f"{node.name}/kafka/keystore.p12" for node in net.on(host) if node.role is Role.KAFKA]
        present = [key for path, key in found if path not in brokers]
        wanted = list(own_public_keys(net, workspace, host).values())
        assert len(present) == len(wanted)
        assert all(key in wanted for key in present)


def test_no_ca_administrator_or_user_key_is_anywhere(net: Network, workspace: Workspace) -> None:
    forbidden = {
        hashlib.sha256(path.read_bytes()).digest()
        for path in workspace.artifacts.rglob("*")
        if path.is_file()
        and b"PRIVATE KEY" in path.read_bytes()
        and {"ca", "tlsca", "users"} & set(path.relative_to(workspace.artifacts).parts)
    }
    assert len(forbidden) >= 3 * 2 + 5 * 2 + 1  # CAs of 3 organizations, 3 administrators and 2 users, Kafka's CA
    for host in net.hosts:
        build(net, workspace, host)
        for data in files(workspace.host(host)).values():
            assert hashlib.sha256(data).digest() not in forbidden


def test_of_other_organizations_there_is_nothing_but_ca_certificates(net: Network, workspace: Workspace) -> None:
    """The tools container of Org2 knows the orderers' TLS CA: that is all."""
    build(net, workspace, "a")
    folder = workspace.host("a")
    for path, data in files(folder).items():
        owner = path.split("/")[0].removeprefix("cli.")
        for block in data.split(b"-----BEGIN CERTIFICATE-----")[1:]:
            certificate = x509.load_pem_x509_certificate(b"-----BEGIN CERTIFICATE-----" + block)
            name = certificate.subject.rfc4514_string()
            foreign = owner.partition(".")[2] not in name if owner != "genesis.block" else True
            if foreign:
                assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca, (path, name)


@pytest.mark.parametrize("fabric", ["1.0.0", "1.1.0", "1.2.1", "1.3.0", "1.4.2", "1.4.3", "1.4.12"])
def test_everything_that_is_mounted_is_there_and_everything_there_is_used(tmp_path: Path, fabric: str) -> None:
    assert fabric in RELEASES
    net = network(fabric=fabric)
    workspace = prepared(net, tmp_path)
    for host in net.hosts:
        manifest = build(net, workspace, host)
        folder = workspace.host(host)
        used = {"docker-compose.yaml"}
        for service in yaml.safe_load((folder / "docker-compose.yaml").read_text())["services"].values():
            sources = [volume.split(":")[0] for volume in service.get("volumes", [])]
            for source in [source for source in sources if source.startswith("./")] + service.get("env_file", []):
                assert (folder / source).exists(), source
                used.add(source.removeprefix("./"))
        for entry in manifest.files:
            assert any(entry.path == source or entry.path.startswith(f"{source}/") for source in used), entry.path


def test_settings_name_files_that_are_mounted(net: Network, workspace: Workspace) -> None:
    build(net, workspace, "a")
    folder = workspace.host("a")
    checked = 0
    for service in yaml.safe_load((folder / "docker-compose.yaml").read_text())["services"].values():
        mounts = [volume.split(":")[:2] for volume in service.get("volumes", []) if volume.startswith("./")]
        for name, value in service.get("environment", {}).items():
            path = value.strip("[]")
            if not name.endswith(("FILE", "KEY", "CERTIFICATE", "ROOTCAS", "_LOCATION", "MSPDIR", "PATH", "_CA")):
                continue
            if not path.startswith(("/etc/", "/var/hyperledger/orderer/")):
                continue
            matches = [f"{source}{path[len(target) :]}" for source, target in mounts if path.startswith(target)]
            assert matches, (name, value)
            assert (folder / matches[0]).exists(), (name, value)
            checked += 1
    assert checked > 20


def test_modes_hold_whatever_the_umask(net: Network, workspace: Workspace) -> None:
    before = os.umask(0o000)
    try:
        manifest = build(net, workspace, "a")
    finally:
        os.umask(before)
    folder = workspace.host("a")
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for entry in manifest.files:
        assert stat.S_IMODE((folder / entry.path).stat().st_mode) == 0o600  # `mode` is what it gets on the host
        assert entry.mode == (0o600 if entry.private else 0o644)
    private = {entry.path for entry in manifest.files if entry.private}
    assert "kafka1/kafka/keystore.p12" in private
    assert "env/kafka1.env" in private
    assert "peer0.org1.example.com/tls/server.key" in private
    assert "genesis.block" not in private


def test_the_manifest_tells_the_truth_and_reads_back(net: Network, workspace: Workspace) -> None:
    for host in net.hosts:
        manifest = build(net, workspace, host)
        found = files(workspace.host(host))
        text = found.pop("manifest.json")
        assert [entry.path for entry in manifest.files] == sorted(found)
        for entry in manifest.files:
            assert entry.sha256 == hashlib.sha256(found[entry.path]).hexdigest()
            assert entry.size == len(found[entry.path])
        assert read_manifest(workspace.host(host)) == manifest
        assert all(isinstance(entry["mode"], str) for entry in json.loads(text)["files"])


def test_passwords_are_in_env_files_only_and_both_sides_have_the_same(net: Network, workspace: Workspace) -> None:
    build(net, workspace, "a")
    found = files(workspace.host("a"))

    def variables(name: str) -> dict[str, str]:
        return dict(line.split("=", 1) for line in found[f"env/{name}.env"].decode().splitlines())

    database, peer = variables("couchdb.peer0.org1.example.com"), variables("peer0.org1.example.com")
    assert database["COUCHDB_PASSWORD"] == peer["CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD"]
    assert database["COUCHDB_USER"] == peer["CORE_LEDGER_STATE_COUCHDBCONFIG_USERNAME"]
    secrets = {database["COUCHDB_PASSWORD"], variables("kafka1")["KAFKA_SSL_KEYSTORE_PASSWORD"]}
    assert all(len(secret) >= 32 and secret.isalnum() for secret in secrets)
    assert len(secrets) == 2
    for path, data in found.items():
        if not path.startswith("env/"):
            assert not any(secret.encode() in data for secret in secrets), path
    kept = workspace.artifacts / "passwords" / "couchdb.peer0.org1.example.com"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_building_again_touches_nothing(net: Network, workspace: Workspace) -> None:
    first = build(net, workspace, "a")
    inode = workspace.host("a").stat().st_ino
    assert build(net, workspace, "a") == first
    assert workspace.host("a").stat().st_ino == inode


@pytest.mark.parametrize("damage", ["extra", "mode", "content", "missing", "link", "folder"])
def test_whatever_does_not_belong_goes(net: Network, workspace: Workspace, damage: str) -> None:
    first = build(net, workspace, "b")
    folder = workspace.host("b")
    wanted = files(folder)
    block = folder / "genesis.block"
    match damage:
        case "extra":
            (folder / "admin_sk").write_text("-----BEGIN PRIVATE KEY-----")
        case "mode":
            (folder / "orderer2.example.com/tls/server.key").chmod(0o644)
        case "content":
            block.write_bytes(b"another block....")
        case "missing":
            block.unlink()
        case "link":
            block.rename(folder.parent / "elsewhere")
            block.symlink_to(folder.parent / "elsewhere")
        case "folder":
            (folder / "empty").mkdir(0o700)
    assert build(net, workspace, "b") == first
    assert files(folder) == wanted
    assert not block.is_symlink()
    assert not (folder / "empty").exists()
    assert stat.S_IMODE((folder / "orderer2.example.com/tls/server.key").stat().st_mode) == 0o600


def test_a_node_that_left_takes_its_keys_along(net: Network, workspace: Workspace) -> None:
    build(net, workspace, "b")
    assert (workspace.host("b") / "peer1.org1.example.com").is_dir()
    smaller = network(
        organizations={
            **SESSION["organizations"],
            "Org1": {"domain": "org1.example.com", "peers": {"peer0": {"host": "a", "couchdb": True}}},
        }
    )
    build(smaller, workspace, "b")
    assert not (workspace.host("b") / "peer1.org1.example.com").exists()


def test_a_run_that_dies_leaves_the_old_bundle_and_its_leftovers_go(
    net: Network, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(net, workspace, "a")
    before = files(workspace.host("a"))
    stale = workspace.host("a").with_name(".a.0123456789ab.new")
    stale.mkdir()
    (stale / "server.key").write_text("half")
    workspace.genesis_block.write_bytes(b"a new genesis block")

    def die(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            build(net, workspace, "a")
    assert files(workspace.host("a")) == before
    build(net, workspace, "a")
    assert files(workspace.host("a"))["genesis.block"] == b"a new genesis block"
    assert sorted(path.name for path in workspace.host("a").parent.iterdir()) == ["a"]


def test_revisions_change_with_what_a_container_uses_and_with_nothing_else(net: Network, workspace: Workspace) -> None:
    def revisions(changed: Network) -> dict[str, str]:
        return build(changed, workspace, "a").revisions

    first = revisions(net)
    assert set(first) == {node.name for node in net.on("a")}
    labels = yaml.safe_load((workspace.host("a") / "docker-compose.yaml").read_text())["services"]
    assert {name: entry["labels"]["fabwiz.revision"] for name, entry in labels.items()} == first
    assert revision(workspace, "a", net.orderers[0]) == first["orderer1.example.com"]

    workspace.genesis_block.write_bytes(b"a new genesis block")
    second = revisions(net)
    assert {name for name in first if first[name] != second[name]} == {"orderer1.example.com"}

    third = revisions(network(logging={"kafka_verbose": True}))
    assert {name for name in first if second[name] != third[name]} == {"orderer1.example.com"}

    fourth = revisions(network(hosts={**SESSION["hosts"], "c": "192.0.2.14"}))
    assert {name for name in first if third[name] != fourth[name]} == {"zk1", "kafka1", "orderer1.example.com"}


def test_a_further_peer_is_no_reason_to_start_kafka_anew(net: Network, workspace: Workspace) -> None:
    organizations = json.loads(json.dumps(SESSION["organizations"]))
    organizations["Org2"]["peers"]["peer9"] = "b"
    first = build(net, workspace, "a").revisions
    wider = network(organizations=organizations)
    crypto.generate(wider, workspace)

    second = build(wider, workspace, "a").revisions

    kept = {name for name in first if first[name] == second[name]}
    assert {node.name for node in (*net.zookeeper, *net.kafka, *net.orderers) if node.host == "a"} <= kept
    assert "peer0.org1.example.com" not in kept
    services = yaml.safe_load((workspace.host("a") / "docker-compose.yaml").read_text())["services"]
    assert any("peer9.org2.example.com" in entry.get("extra_hosts", {}) for entry in services.values())


def test_there_is_no_revision_before_the_bundle(net: Network, workspace: Workspace) -> None:
    assert revision(workspace, "a", net.kafka[0]) is None


@pytest.mark.parametrize("name", ["artifacts/channel-artifacts/genesis.block", "artifacts/crypto-config"])
def test_what_was_not_generated_is_told(net: Network, workspace: Workspace, name: str) -> None:
    (workspace.root / name).rename(workspace.root / "away")
    with pytest.raises(ArtifactError, match="fabwiz generate"):
        build(net, workspace, "a")
    assert not workspace.host("a").exists()


def test_a_ca_key_in_the_place_of_a_nodes_key_is_refused(net: Network, workspace: Workspace) -> None:
    organization = net.organizations["Org2"]
    home = workspace.crypto_config / organization.node_directory(organization.nodes[0])
    (own,) = (home / "msp" / "keystore").iterdir()
    (authority,) = (workspace.crypto_config / organization.directory / "ca").glob("*_sk")
    own.write_bytes(authority.read_bytes())
    with pytest.raises(ArtifactError, match=r"is not the key of peer0\.org2\.example\.com/msp/signcerts"):
        build(net, workspace, "a")


def test_a_stray_key_is_refused(net: Network, workspace: Workspace) -> None:
    organization = net.organizations["Org2"]
    home = workspace.crypto_config / organization.node_directory(organization.nodes[0])
    (authority,) = (workspace.crypto_config / organization.directory / "ca").glob("*_sk")
    (home / "msp" / "cacerts" / "key.pem").write_bytes(authority.read_bytes())
    with pytest.raises(ArtifactError, match=r"cacerts/key\.pem holds a private key"):
        build(net, workspace, "a")


def test_an_administrators_identity_in_the_place_of_a_nodes_is_refused(net: Network, workspace: Workspace) -> None:
    organization = net.organizations["Org2"]
    home = workspace.crypto_config / organization.node_directory(organization.nodes[0])
    admin = workspace.crypto_config / organization.user_directory("Admin")
    for part in ("keystore", "signcerts"):
        for old in (home / "msp" / part).iterdir():
            old.unlink()
        for path in (admin / "msp" / part).iterdir():
            (home / "msp" / part / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ArtifactError, match=r"certificate of Admin@org2\.example\.com, not of peer0\.org2"):
        build(net, workspace, "a")


def test_a_symbolic_link_is_refused(net: Network, workspace: Workspace) -> None:
    organization = net.organizations["Org2"]
    home = workspace.crypto_config / organization.node_directory(organization.nodes[0])
    (home / "msp" / "cacerts" / "link.pem").symlink_to("/etc/hostname")
    with pytest.raises(ArtifactError, match="symbolic link"):
        build(net, workspace, "a")


def test_a_damaged_manifest_is_told(net: Network, workspace: Workspace) -> None:
    build(net, workspace, "a")
    (workspace.host("a") / "manifest.json").write_text('{"files": 3}')
    with pytest.raises(ArtifactError, match="damaged"):
        revision(workspace, "a", net.kafka[0])
    assert isinstance(build(net, workspace, "a"), Manifest)


def test_a_host_that_left_loses_its_bundle(net: Network, workspace: Workspace) -> None:
    build(net, workspace, "c")
    remove(workspace, "c")
    assert list(workspace.host("c").parent.iterdir()) == []
