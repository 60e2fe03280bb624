"""The folder of a node or a user: msp with a signing key, tls with another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fabwiz.artifacts.crypto import certificates as make
from fabwiz.artifacts.crypto.authority import Authority
from fabwiz.artifacts.crypto.folders import (
    Tree,
    create_whole,
    guarded_pem,
    keep_copy,
    key_files,
    read_certificate,
    read_key,
)
from fabwiz.artifacts.crypto.folders import write_into as write
from fabwiz.artifacts.crypto.profile import Kind, NodeOus, carries_config, msp_config, organizational_unit
from fabwiz.artifacts.crypto.report import Outcome
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.guard import PLAIN, KeyGuard

Issue = Callable[[ec.EllipticCurvePublicKey], x509.Certificate]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a folder is for."""

    kind: Kind
    name: str
    """`peer0.org1.example.com` or `Admin@org1.example.com`: the common name."""
    folder: Path
    dns_names: tuple[str, ...]
    """Subject alternative names of its TLS certificate; people's have none."""
    tls_name: str
    """`server` or `client`."""


@dataclass(frozen=True, slots=True)
class Issuers:
    """What certificates of one organization are made with."""

    domain: str
    signing: Authority
    tls: Authority
    subject: dict[str, str]
    ous: NodeOus
    validity: make.Validity
    durable: bool = True
    """As in `create_whole`."""
    guard: KeyGuard = PLAIN
    """Keeps the keys of people."""

    def key_pem(self, identity: Identity, key: ec.EllipticCurvePrivateKey) -> bytes:
        """An identity's new key, as it is to lie on the disk: a node's as it is. Raises GenerateError."""
        return make.key_pem(key) if identity.kind.is_node else guarded_pem(key, self.guard)

    def signing_certificate(self, identity: Identity, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """A certificate to sign with, for an identity's public key."""
        unit = organizational_unit(identity.kind, self.ous)
        ca = self.signing
        return make.issue_signing(key, identity.name, self.subject, unit, ca.certificate, ca.key, self.validity)

    def tls_certificate(self, identity: Identity, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """A TLS certificate for an identity's public key."""
        ca = self.tls
        names = identity.dns_names
        return make.issue_tls(key, identity.name, self.subject, names, ca.certificate, ca.key, self.validity)


def keep_identity(
    identity: Identity, issuers: Issuers, admin: x509.Certificate | None
) -> tuple[x509.Certificate, Outcome]:
    """Have an identity's folder complete; its signing certificate, and what was done.

    `admin` is the certificate of the organization's Admin; `None` while that very identity is made. A key that is
    there is kept, and a certificate that is missing is issued for it. Raises GenerateError where a certificate is
    there without its key, does not fit it, or comes from another CA.
    """
    if not identity.folder.exists():
        return _create(identity, issuers, admin), Outcome.CREATED
    signing, changed = _pair(
        identity,
        issuers,
        identity.folder / "msp" / "keystore",
        None,
        identity.folder / "msp" / "signcerts" / f"{identity.name}-cert.pem",
        issuers.signing,
        lambda key: issuers.signing_certificate(identity, key),
    )
    tls = _tls_name(identity)
    _, tls_changed = _pair(
        identity,
        issuers,
        identity.folder / "tls",
        f"{tls}.key",
        identity.folder / "tls" / f"{tls}.crt",
        issuers.tls,
        lambda key: issuers.tls_certificate(identity, key),
    )
    copies_changed = _keep_public_files(identity, issuers, admin or signing, signing)
    return signing, Outcome.COMPLETED if changed or tls_changed or copies_changed else Outcome.KEPT


def _create(identity: Identity, issuers: Issuers, admin: x509.Certificate | None) -> x509.Certificate:
    signing_key, tls_key = make.new_key(), make.new_key()
    signing = issuers.signing_certificate(identity, signing_key.public_key())
    tls = issuers.tls_certificate(identity, tls_key.public_key())
    tree: Tree = {
        "msp/admincerts": None,
        f"msp/keystore/{make.key_file_name(signing_key)}": issuers.key_pem(identity, signing_key),
        f"msp/signcerts/{identity.name}-cert.pem": make.certificate_pem(signing),
        f"tls/{identity.tls_name}.key": issuers.key_pem(identity, tls_key),
        f"tls/{identity.tls_name}.crt": make.certificate_pem(tls),
        **_public_files(identity, issuers, admin or signing, signing),
    }
    create_whole(identity.folder, tree, durable=issuers.durable)
    return signing


def _public_certificates(
    identity: Identity, issuers: Issuers, admin: x509.Certificate, signing: x509.Certificate
) -> dict[str, x509.Certificate]:
    """Copies of certificates in an identity's folder, by their path there."""
    found = {
        f"msp/cacerts/{issuers.signing.file_name}": issuers.signing.certificate,
        f"msp/tlscacerts/{issuers.tls.file_name}": issuers.tls.certificate,
        "tls/ca.crt": issuers.tls.certificate,
    }
    if issuers.ous is not NodeOus.ALL:
        # a node knows its organization's admin; people stand in their own folders as admins, as cryptogen has it
        one, certificate = (f"Admin@{issuers.domain}", admin) if identity.kind.is_node else (identity.name, signing)
        found[f"msp/admincerts/{one}-cert.pem"] = certificate
    return found


def _public_files(
    identity: Identity, issuers: Issuers, admin: x509.Certificate, signing: x509.Certificate
) -> dict[str, bytes]:
    certificates = _public_certificates(identity, issuers, admin, signing)
    files = {path: make.certificate_pem(certificate) for path, certificate in certificates.items()}
    if carries_config(identity.kind, issuers.ous):
        files["msp/config.yaml"] = msp_config(issuers.signing.file_name, issuers.ous).encode()
    return files


def _keep_public_files(
    identity: Identity, issuers: Issuers, admin: x509.Certificate, signing: x509.Certificate
) -> bool:
    changed = False
    for path, certificate in _public_certificates(identity, issuers, admin, signing).items():
        changed |= keep_copy(identity.folder, path, certificate)
    for path, data in _public_files(identity, issuers, admin, signing).items():
        if not (identity.folder / path).exists():  # certificates are there by now
            write(identity.folder, path, data)
            changed = True
    return changed


def _tls_name(identity: Identity) -> str:
    """As the folder has it, should another release have made it; else as this release names it."""
    for name in ("server", "client"):
        if any((identity.folder / "tls" / f"{name}.{kind}").exists() for kind in ("key", "crt")):
            return name
    return identity.tls_name


def _pair(
    identity: Identity,
    issuers: Issuers,
    folder: Path,
    key_name: str | None,
    certificate_path: Path,
    ca: Authority,
    issue: Issue,
) -> tuple[x509.Certificate, bool]:
    """A key and its certificate: the certificate, and whether something had to be made."""
    certificate = read_certificate(certificate_path)
    paths = [folder / key_name] if key_name else key_files(folder)
    guard = None if identity.kind.is_node else issuers.guard
    keys = {path: key for path in paths if (key := read_key(path, guard)) is not None}
    if certificate is None:
        if len(keys) > 1:
            raise GenerateError(
                f"{folder} holds {len(keys)} private keys and {certificate_path} is missing. Leave one."
            )
        key = next(iter(keys.values()), None)
        if key is None:
            key = make.new_key()
            write(folder, key_name or make.key_file_name(key), issuers.key_pem(identity, key))
        certificate = _copy_of(certificate_path, key) or issue(key.public_key())
        write(certificate_path.parent, certificate_path.name, make.certificate_pem(certificate))
        return certificate, True
    if not keys:
        lost = folder / (key_name or "*_sk")
        raise GenerateError(
            f"{certificate_path} is there but its private key, {lost}, is missing. Restore the key from a backup; "
            f"if it is lost, move {identity.folder} away to have new ones made."
        )
    if not any(make.same_key(certificate, key) for key in keys.values()):
        raise GenerateError(
            f"{next(iter(keys))} is not the private key of {certificate_path}. Restore the two from one backup."
        )
    ca.check_issued(certificate, certificate_path, identity.folder)
    return certificate, False


def _copy_of(path: Path, key: ec.EllipticCurvePrivateKey) -> x509.Certificate | None:
    """A lost certificate as MSPs of the organization still have it among their admins: they compare its bytes."""
    for copy in sorted(path.parents[4].glob(f"**/admincerts/{path.name}")) if path.parent.name == "signcerts" else ():
        certificate = read_certificate(copy)
        if certificate is not None and make.same_key(certificate, key):
            return certificate
    return None
