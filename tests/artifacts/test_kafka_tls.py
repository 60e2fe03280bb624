"""Keys and stores for Kafka over TLS."""

import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from fabwiz.artifacts.errors import GenerateError
from fabwiz.artifacts.kafka_tls import folder_of, generate
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

KEYTOOL = shutil.which("keytool")


def network(tls: bool = True, **certificates: Any) -> Network:
    return Network(
        Session.model_validate(
            {
                "fabwiz": 1,
                "name": "lan",
                "fabric": "1.0.0",
                "hosts": {"a": "192.0.2.11"},
                "zookeeper": {"zk1": "a"},
                "kafka": {"kafka1": "a", "kafka2": "a"},
                "orderers": {"orderer1": "a"},
                "organizations": {},
                "ordering": {"kafka": {"tls": tls}},
                "certificates": certificates,
            }
        )
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "lan.yaml")


def bytes_of(workspace: Workspace) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(workspace.root.rglob("*")) if path.is_file()}


def test_without_kafka_tls_nothing_is_made(workspace: Workspace) -> None:
    assert generate(network(tls=False), workspace).created == []
    assert not workspace.root.exists()


def test_a_second_run_keeps_everything(workspace: Workspace) -> None:
    assert len(generate(network(), workspace).created) == 4
    before = bytes_of(workspace)
    again = generate(network(), workspace)
    assert (again.created, len(again.kept)) == ([], 4)
    assert bytes_of(workspace) == before


def test_nothing_is_readable_by_others(workspace: Workspace) -> None:
    generate(network(), workspace)
    for path in (workspace.root / "artifacts").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_ca_key_stands_in_no_nodes_folder(workspace: Workspace) -> None:
    net = network()
    generate(net, workspace)
    key = (workspace.artifacts / "kafka-tls" / "ca" / "ca.key").read_bytes()
    authority = serialization.load_pem_private_key(key, None).public_key()
    for node in net.kafka:
        folder = folder_of(workspace, node)
        password = (folder / "password").read_bytes().strip()
        store = pkcs12.load_pkcs12((folder / "keystore.p12").read_bytes(), password)
        assert store.key is not None
        assert store.key.public_key() != authority
        assert pkcs12.load_pkcs12((folder / "truststore.p12").read_bytes(), password).key is None


@pytest.mark.skipif(KEYTOOL is None, reason="Java is not installed")
def test_java_reads_the_stores(workspace: Workspace) -> None:
    net = network()
    generate(net, workspace)
    folder = folder_of(workspace, net.kafka[0])
    password = (folder / "password").read_text().strip()
    for store, entry in (("keystore.p12", "PrivateKeyEntry"), ("truststore.p12", "trustedCertEntry")):
        command = [str(KEYTOOL), "-list", "-storetype", "PKCS12", "-keystore", str(folder / store)]
        answer = subprocess.run([*command, "-storepass:env", "P"], env={"P": password}, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stdout
        assert entry in answer.stdout


def test_an_orderer_and_a_broker_verify_each_other_by_name(workspace: Workspace, tmp_path: Path) -> None:
    """A real handshake, the broker asking for a certificate as Kafka does with `ssl.client.auth=required`."""
    net = network()
    generate(net, workspace)
    broker, orderer = folder_of(workspace, net.kafka[0]), folder_of(workspace, net.orderers[0])
    store = pkcs12.load_pkcs12((broker / "keystore.p12").read_bytes(), (broker / "password").read_bytes().strip())
    assert store.key is not None
    assert store.cert is not None
    pem = store.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "broker.pem").write_bytes(pem + store.cert.certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "broker.pem")
    server.load_verify_locations(orderer / "ca.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(orderer / "ca.crt"))
    client.load_cert_chain(orderer / "client.crt", orderer / "client.key")
    assert _subject(server, client, "kafka1") == "orderer1.example.com"
    with pytest.raises(ssl.SSLCertVerificationError):
        _subject(server, client, "kafka2")


def _subject(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """The common name that the server saw, after a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    left = client.wrap_bio(to_client, to_server, server_hostname=name)
    right = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(5):
        for side in (left, right):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    certificate = right.getpeercert(binary_form=True)
    assert certificate
    return str(x509.load_der_x509_certificate(certificate).subject.rfc4514_string()).split(",")[0].removeprefix("CN=")


def test_a_damaged_folder_is_made_anew_and_the_others_stay(workspace: Workspace) -> None:
    net = network()
    generate(net, workspace)
    first, second = (folder_of(workspace, node) for node in net.kafka)
    (first / "truststore.p12").unlink()
    before = (second / "keystore.p12").read_bytes()
    assert generate(net, workspace).created == [first]
    assert (second / "keystore.p12").read_bytes() == before
    assert generate(net, workspace).created == []


def test_stores_of_another_ca_are_made_anew(workspace: Workspace) -> None:
    net = network()
    generate(net, workspace)
    shutil.rmtree(workspace.artifacts / "kafka-tls" / "ca")
    assert len(generate(net, workspace).created) == 4


def test_expired_certificates_are_made_anew(workspace: Workspace) -> None:
    net = network(lifetime="1h")
    generate(net, workspace, datetime.now(UTC) - timedelta(hours=3))
    assert len(generate(net, workspace).created) == 3  # not the CA


@pytest.mark.parametrize("name", ["ca.key", "ca.crt"])
def test_half_a_ca_is_told(workspace: Workspace, name: str) -> None:
    generate(network(), workspace)
    (workspace.artifacts / "kafka-tls" / "ca" / name).unlink()
    with pytest.raises(GenerateError, match="from a backup, or move"):
        generate(network(), workspace)


def test_a_run_that_dies_leaves_no_half_folder(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders appear by rename."""
    net = network()

    def die(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            generate(net, workspace)
    assert not (workspace.artifacts / "kafka-tls" / "ca").exists()
    assert len(generate(net, workspace).created) == 4
