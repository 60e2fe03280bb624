"""TLS between orderers and brokers, and among brokers: a CA of its own, and what each node needs.

    artifacts/kafka-tls/ca/              ca.crt, ca.key: the key never leaves the workstation
                       /brokers/<name>/  keystore.p12, truststore.p12, password
                       /orderers/<name>/ client.key, client.crt, ca.crt

Stores are PKCS #12 with the one encryption that every Java 8 reads (PBE with SHA-1 and 3-key triple DES; AES came
with 8u301, the brokers' images have older ones); what guards them is their mode, 0600. The trust store marks its
certificate as trusted the way Java wants it.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import KeySerializationEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from fabwiz.artifacts.compose.kafka import KEY_STORE, TRUST_STORE
from fabwiz.artifacts.compose.orderer import CLIENT_CA, CLIENT_CERTIFICATE, CLIENT_KEY
from fabwiz.artifacts.crypto import certificates as make
from fabwiz.artifacts.crypto.certificates import Validity
from fabwiz.artifacts.crypto.folders import create_whole, guarded_pem, read_certificate, read_key, tidy
from fabwiz.artifacts.crypto.report import CryptoReport, Outcome
from fabwiz.artifacts.errors import GenerateError
from fabwiz.artifacts.passwords import new_password
from fabwiz.session.files import make_private_dir
from fabwiz.session.network import Network, Node, Role
from fabwiz.session.workspace import Workspace

PASSWORD = "password"  # noqa: S105
_BACKDATED = timedelta(minutes=5)


def folder_of(workspace: Workspace, node: Node) -> Path:
    """Where a broker's stores, or an orderer's client key and certificates, lie on the workstation."""
    kind = "brokers" if node.role is Role.KAFKA else "orderers"
    return workspace.artifacts / "kafka-tls" / kind / node.name


def generate(network: Network, workspace: Workspace, now: datetime | None = None) -> CryptoReport:
    """Make what is missing under `artifacts/kafka-tls`, and keep what is there; without Kafka TLS nothing is made.

    Folders appear whole or not at all. What a node has is made anew where it has expired, is damaged, or comes from
    another CA: it is of use only in this network and kept nowhere else. Raises GenerateError where the CA is
    damaged, OSError where files cannot be read or written.
    """
    report = CryptoReport()
    if not network.session.ordering.kafka.tls:
        return report
    tidy(workspace.artifacts / "kafka-tls")
    authority = _Authority(network, workspace, now or datetime.now(UTC), report)
    for broker in network.kafka:
        authority.keep(broker, report)
    for orderer in network.orderers:
        authority.keep(orderer, report)
    return report


class _Authority:
    """The Kafka cluster's own CA."""

    def __init__(self, network: Network, workspace: Workspace, now: datetime, report: CryptoReport) -> None:
        self._workspace = workspace
        self._now = now
        self._lifetimes = network.session.certificates
        self._subject = make.merged_subject(self._lifetimes.subject, network.orderer_organization.subject)
        folder = workspace.artifacts / "kafka-tls" / "ca"
        key, certificate = read_key(folder / "ca.key", workspace.guard), read_certificate(folder / "ca.crt")
        if not folder.exists():
            key = make.new_key()
            certificate = make.issue_ca(
                key,
                f"kafka-ca.{network.orderer_organization.domain}",
                network.orderer_organization.domain,
                self._subject,
                (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
                self._validity(self._lifetimes.ca_lifetime),
            )
            make_private_dir(folder.parent)
            tree = {"ca.key": guarded_pem(key, workspace.guard), "ca.crt": make.certificate_pem(certificate)}
            create_whole(folder, dict(tree), durable=workspace.durable)
            report.add(folder, Outcome.CREATED)
        else:
            report.add(folder, Outcome.KEPT)
        if key is None or certificate is None or not make.same_key(certificate, key):
            raise GenerateError(
                f"{folder} must hold ca.key and the ca.crt that belongs to it. Restore them from a backup, or move "
                f"{folder.parent} away: keys and stores of all brokers and orderers are then made anew."
            )
        self._key, self._certificate = key, certificate

    def keep(self, node: Node, report: CryptoReport) -> None:
        """Make a node's folder unless it is there and good."""
        folder = folder_of(self._workspace, node)
        if self._is_good(folder, node):
            report.add(folder, Outcome.KEPT)
            return
        if folder.exists():
            shutil.rmtree(folder)
        tree = self._stores(node) if node.role is Role.KAFKA else self._client(node)
        create_whole(folder, dict(tree), durable=self._workspace.durable)
        report.add(folder, Outcome.CREATED)

    def _is_good(self, folder: Path, node: Node) -> bool:
        try:
            if node.role is Role.KAFKA:
                certificate = _read_stores(folder, self._certificate)
            else:
                certificate = _read_client(folder, self._certificate)
        except (OSError, ValueError, GenerateError):
            return False
        return make.was_issued_by(certificate, self._certificate) and certificate.not_valid_after_utc > self._now

    def _stores(self, node: Node) -> dict[str, bytes]:
        key, certificate = self._issue(node)
        password = new_password()
        own = pkcs12.serialize_key_and_certificates(
            node.name.encode(), key, certificate, [self._certificate], _encryption(password)
        )
        trusted = pkcs12.PKCS12Certificate(self._certificate, b"kafka-ca")
        return {
            KEY_STORE: own,
            TRUST_STORE: pkcs12.serialize_java_truststore([trusted], _encryption(password)),
            PASSWORD: f"{password}\n".encode(),
        }

    def _client(self, node: Node) -> dict[str, bytes]:
        key, certificate = self._issue(node)
        return {
            CLIENT_KEY: make.key_pem(key),
            CLIENT_CERTIFICATE: make.certificate_pem(certificate),
            CLIENT_CA: make.certificate_pem(self._certificate),
        }

    def _issue(self, node: Node) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """Brokers are servers to orderers and clients of each other: one certificate serves both ends."""
        key = make.new_key()
        validity = self._validity(self._lifetimes.lifetime)
        names = [node.name]
        certificate = make.issue_tls(
            key.public_key(), node.name, self._subject, names, self._certificate, self._key, validity
        )
        return key, certificate

    def _validity(self, seconds: float) -> Validity:
        return Validity.lasting(self._now - _BACKDATED, seconds)


def _read_stores(folder: Path, authority: x509.Certificate) -> x509.Certificate:
    """The certificate of a broker. Raises ValueError where key store and trust store are not what they should be."""
    password = (folder / PASSWORD).read_bytes().strip()
    own = pkcs12.load_pkcs12((folder / KEY_STORE).read_bytes(), password)
    trusted = pkcs12.load_pkcs12((folder / TRUST_STORE).read_bytes(), password)
    if own.cert is None or own.key is None or [found.certificate for found in trusted.additional_certs] != [authority]:
        raise ValueError(f"{folder} holds incomplete stores")
    return own.cert.certificate


def _read_client(folder: Path, authority: x509.Certificate) -> x509.Certificate:
    """The certificate of an orderer. Raises ValueError where key, certificate and CA do not belong together."""
    key, certificate = read_key(folder / CLIENT_KEY), read_certificate(folder / CLIENT_CERTIFICATE)
    if key is None or certificate is None or not make.same_key(certificate, key):
        raise ValueError(f"{folder} is incomplete")
    if read_certificate(folder / CLIENT_CA) != authority:
        raise ValueError(f"{folder} trusts another CA")
    return certificate


def _encryption(password: str) -> KeySerializationEncryption:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(20000)
    builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())  # noqa: S303
    return builder.build(password.encode())
