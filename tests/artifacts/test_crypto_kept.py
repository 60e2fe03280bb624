"""What is there is kept, what is missing is completed, and what does not fit together is refused."""

import os
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from fabwiz.artifacts import crypto
from fabwiz.artifacts.crypto import CryptoReport, GenerateError
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

SESSION: dict[str, Any] = {
    "fabwiz": 1,
    "name": "small",
    "fabric": "1.4.0",
    "hosts": {"a": "192.0.2.11"},
    "zookeeper": {"zk1": "a"},
    "kafka": {"kafka1": "a"},
    "orderers": {"orderer1": "a"},
    "organizations": {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "a"}}},
}
ORG = "peerOrganizations/org1.example.com"
PEER = f"{ORG}/peers/peer0.org1.example.com"
ADMIN = f"{ORG}/users/Admin@org1.example.com"


def network(**changes: Any) -> Network:
    return Network(Session.model_validate(SESSION | changes))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    place = Workspace(tmp_path / "small.yaml")
    crypto.generate(network(), place)
    return place


def contents(workspace: Workspace) -> dict[str, bytes]:
    root = workspace.crypto_config
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def again(workspace: Workspace, **changes: Any) -> CryptoReport:
    return crypto.generate(network(**changes), workspace)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_second_run_keeps_every_byte(workspace: Workspace) -> None:
    before = contents(workspace)
    report = again(workspace)
    assert (report.created, report.completed) == ([], [])
    assert len(report.kept) == 11  # two organizations: two CAs, MSP, admin; an orderer, a peer, a user
    assert contents(workspace) == before


def test_what_joins_the_session_is_added_and_nothing_else_changes(workspace: Workspace) -> None:
    before = contents(workspace)
    report = again(
        workspace,
        orderers={"orderer1": "a", "orderer2": "a"},
        organizations={
            "Org1": {"domain": "org1.example.com", "peers": {"peer0": "a", "peer1": "a"}, "users": 2},
            "Org2": {"domain": "org2.example.com", "peers": {}},
        },
    )
    created = {path.relative_to(workspace.crypto_config).as_posix() for path in report.created}
    assert created == {
        "ordererOrganizations/example.com/orderers/orderer2.example.com",
        f"{ORG}/peers/peer1.org1.example.com",
        f"{ORG}/users/User2@org1.example.com",
        *(f"peerOrganizations/org2.example.com/{part}" for part in ("ca", "tlsca", "msp")),
        *(f"peerOrganizations/org2.example.com/users/{user}@org2.example.com" for user in ("Admin", "User1")),
    }
    after = contents(workspace)
    assert {path: after[path] for path in before} == before
    peers = workspace.crypto_config / ORG / "peers"
    signing = "msp/signcerts/peer1.org1.example.com-cert.pem"
    read(peers / "peer1.org1.example.com" / signing).verify_directly_issued_by(
        read(workspace.crypto_config / ORG / "ca" / "ca.org1.example.com-cert.pem")
    )


def test_what_left_the_session_stays(workspace: Workspace) -> None:
    before = contents(workspace)
    again(workspace, organizations={"Org2": {"domain": "org2.example.com"}})
    after = contents(workspace)
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize(
    "lost",
    [
        f"{PEER}/msp/signcerts/peer0.org1.example.com-cert.pem",
        f"{PEER}/tls/server.crt",
        f"{ADMIN}/tls/client.crt",
        f"{ORG}/users/User1@org1.example.com/msp/signcerts/User1@org1.example.com-cert.pem",
    ],
)
def test_a_lost_certificate_is_issued_again_for_the_same_key(lost: str, workspace: Workspace) -> None:
    path = workspace.crypto_config / lost
    key = read(path).public_key()
    path.unlink()
    before = contents(workspace)
    report = again(workspace)
    assert [str(folder) in str(path) for folder in report.completed] == [True]
    assert read(path).public_key() == key
    after = contents(workspace)
    after.pop(lost)
    assert after == before


@pytest.mark.parametrize(
    "lost",
    [
        f"{ORG}/ca/ca.org1.example.com-cert.pem",  # other folders have it
        f"{ORG}/tlsca/tlsca.org1.example.com-cert.pem",
        f"{ADMIN}/msp/signcerts/Admin@org1.example.com-cert.pem",  # MSPs know their admins by their very bytes
        f"{PEER}/msp/config.yaml",
        f"{PEER}/msp/cacerts/ca.org1.example.com-cert.pem",
        f"{PEER}/msp/admincerts/Admin@org1.example.com-cert.pem",
        f"{PEER}/tls/ca.crt",
        f"{ORG}/msp/config.yaml",
        f"{ORG}/msp/admincerts/Admin@org1.example.com-cert.pem",
        f"{ORG}/msp/tlscacerts/tlsca.org1.example.com-cert.pem",
    ],
)
def test_a_lost_copy_comes_back_as_it_was(lost: str, workspace: Workspace) -> None:
    before = contents(workspace)
    (workspace.crypto_config / lost).unlink()
    assert len(again(workspace).completed) == 1
    assert contents(workspace) == before


@pytest.mark.parametrize("lost", [f"{ORG}/msp", "ordererOrganizations/example.com/msp"])
def test_a_lost_msp_comes_back_as_it_was(lost: str, workspace: Workspace) -> None:
    before = contents(workspace)
    shutil.rmtree(workspace.crypto_config / lost)
    assert again(workspace).created == [workspace.crypto_config / lost]
    assert contents(workspace) == before


def test_a_ca_that_signed_nothing_yet_is_issued_again_for_its_key(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "small.yaml")
    crypto.generate(network(), workspace)
    ca = workspace.crypto_config / ORG / "ca"
    for path in (workspace.crypto_config / ORG).iterdir():
        if path != ca:
            shutil.rmtree(path)
    (ca / "ca.org1.example.com-cert.pem").unlink()
    (key,) = ca.iterdir()
    before = key.read_bytes()
    assert ca in again(workspace).completed
    assert key.read_bytes() == before


def lose_key(folder: str) -> Callable[[Path], Path]:
    def damage(root: Path) -> Path:
        (path,) = (root / folder).glob("*_sk")
        path.unlink()
        return root / folder

    return damage


def remove(name: str) -> Callable[[Path], Path]:
    def damage(root: Path) -> Path:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return path

    return damage


def overwrite(name: str, content: bytes) -> Callable[[Path], Path]:
    def damage(root: Path) -> Path:
        (root / name).write_bytes(content)
        return root / name

    return damage


def exchange(one: str, other: str) -> Callable[[Path], Path]:
    def damage(root: Path) -> Path:
        shutil.copy(root / other, root / one)
        return root / one

    return damage


def copy_key(source: str, target: str) -> Callable[[Path], Path]:
    """Another's key, in place of the own one."""

    def damage(root: Path) -> Path:
        for own in (root / target).glob("*_sk"):
            own.unlink()
        (key,) = (root / source).glob("*_sk")
        shutil.copy(key, root / target)
        return root / target

    return damage


SIGNCERT = f"{PEER}/msp/signcerts/peer0.org1.example.com-cert.pem"
ORDERER = "ordererOrganizations/example.com/orderers/orderer1.example.com"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lose_key(f"{ORG}/ca"), "the private key of the CA ca.org1.example.com is missing"),
        (lose_key(f"{ORG}/tlsca"), "the private key of the CA tlsca.org1.example.com is missing"),
        (remove(f"{ORG}/ca"), "the private key of the CA ca.org1.example.com is missing"),
        (lose_key(f"{PEER}/msp/keystore"), "is there but its private key"),
        (remove(f"{PEER}/tls/server.key"), "is there but its private key"),
        (remove(ADMIN), "names an admin whose keys are missing"),
        (copy_key(f"{ORDERER}/msp/keystore", f"{PEER}/msp/keystore"), "is not the private key of"),
        (exchange(f"{PEER}/tls/server.key", f"{ORDERER}/tls/server.key"), "is not the private key of"),
        (copy_key("ordererOrganizations/example.com/ca", f"{ORG}/ca"), "is not the key of"),
        (overwrite(SIGNCERT, b"nothing"), "is no certificate"),
        (overwrite(SIGNCERT, b"\xff\x00\xfe"), "is no certificate"),
        (overwrite(f"{PEER}/tls/server.key", b"nothing"), "is no private key"),
        (overwrite(f"{ORG}/msp/config.yaml", b"NodeOUs: 3"), "is no configuration of an MSP"),
        (overwrite(f"{ORG}/msp/config.yaml", b"\xff\xfe\x00["), "is no configuration of an MSP"),
        (
            exchange(f"{PEER}/msp/cacerts/ca.org1.example.com-cert.pem", f"{ORDERER}/tls/ca.crt"),
            "is not the certificate that belongs there",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_left_alone(
    damage: Callable[[Path], Path], told: str, workspace: Workspace
) -> None:
    damaged = damage(workspace.crypto_config)
    before = contents(workspace)
    with pytest.raises(GenerateError, match=told) as refusal:
        again(workspace)
    message = str(refusal.value)
    assert str(damaged) in message
    assert "estore" in message or "remove it" in message  # the way out
    assert contents(workspace) == before


def test_identities_of_another_ca_are_refused(tmp_path: Path, workspace: Workspace) -> None:
    other = Workspace(tmp_path / "other.yaml")
    crypto.generate(network(), other)
    shutil.rmtree(workspace.crypto_config / PEER)
    shutil.copytree(other.crypto_config / PEER, workspace.crypto_config / PEER)
    with pytest.raises(GenerateError, match=r"peer0.*was not issued by the present CA ca\.org1\.example\.com"):
        again(workspace)


def test_two_keys_without_a_certificate_are_refused(workspace: Workspace) -> None:
    shutil.copy(
        next((workspace.crypto_config / ORDERER / "msp/keystore").iterdir()),
        workspace.crypto_config / PEER / "msp/keystore",
    )
    again(workspace)  # the certificate tells which key is meant
    (workspace.crypto_config / SIGNCERT).unlink()
    with pytest.raises(GenerateError, match=r"keystore holds 2 private keys"):
        again(workspace)


def test_a_new_peer_from_an_expired_ca_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "small.yaml")
    crypto.generate(network(certificates={"ca_lifetime": "24h"}), workspace, datetime.now(UTC) - timedelta(days=3))
    with pytest.raises(GenerateError, match=r"the CA ca\.example\.com expired on \d{4}-\d\d-\d\d"):
        again(workspace)


@pytest.mark.parametrize(("first", "later"), [("1.0.0", "1.4.12"), ("1.1.0", "1.4.12"), ("1.4.12", "1.0.0")])
def test_an_organization_stays_of_one_generation_when_the_release_changes(
    first: str, later: str, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "small.yaml")
    again(workspace, fabric=first)
    before = contents(workspace)
    peers = {"peer0": "a", "peer1": "a"}
    organizations = {"Org1": {"domain": "org1.example.com", "peers": peers, "users": 2}}
    assert len(again(workspace, fabric=later, organizations=organizations).created) == 2
    after = contents(workspace)
    assert {path: after[path] for path in before} == before
    msp = workspace.crypto_config / ORG / "peers"
    old, new = (
        {path.relative_to(msp / peer).as_posix().replace(peer, "") for path in (msp / peer).rglob("*.yaml")}
        for peer in ("peer0.org1.example.com", "peer1.org1.example.com")
    )
    assert old == new
    old_subject, new_subject = (
        read(next((msp / f"{peer}.org1.example.com" / "msp" / "signcerts").iterdir())).subject.rfc4514_string()
        for peer in ("peer0", "peer1")
    )
    assert old_subject.replace("peer0.", "peer1.") == new_subject


def test_rights_of_others_are_taken_away(workspace: Workspace) -> None:
    root = workspace.crypto_config
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    again(workspace)
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (root, *root.rglob("*"))} == {0}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(workspace: Workspace) -> None:
    shutil.rmtree(workspace.crypto_config / PEER)
    (workspace.crypto_config / ORG / "peers").chmod(0o500)
    with pytest.raises(GenerateError, match=r"peers.*mend the rights"):
        again(workspace)


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "small.yaml")
    workspace.artifacts.mkdir(parents=True)
    workspace.crypto_config.write_text("in the way")
    with pytest.raises(GenerateError, match=r"crypto-config: .*run this again"):
        again(workspace)
