"""A certificate authority of an organization: its folder `ca` or `tlsca`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ObjectIdentifier

from fabwiz.artifacts.crypto import certificates as make
from fabwiz.artifacts.crypto.certificates import Validity
from fabwiz.artifacts.crypto.folders import (
    create_whole,
    guarded_pem,
    key_files,
    read_certificate,
    read_key,
    write_into,
)
from fabwiz.artifacts.crypto.report import Outcome
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.guard import PLAIN, KeyGuard


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that can sign."""

    name: str
    """`ca.org1.example.com` or `tlsca.org1.example.com`."""
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file_name(self) -> str:
        """What its certificate is called wherever a copy lies."""
        return f"{self.name}-cert.pem"

    def check_issued(self, certificate: x509.Certificate, path: Path, identity: Path) -> None:
        """Refuse a certificate of another CA, found at `path` in an identity's folder: GenerateError."""
        if not make.was_issued_by(certificate, self.certificate):
            raise GenerateError(
                f"{path} was not issued by the present CA {self.name}: two generations of keys are mixed. Restore the "
                f"CA that issued it from a backup, or move {identity} away to have it made again."
            )

    def check_valid(self, now: datetime) -> None:
        """Refuse to sign with a CA that has expired: GenerateError."""
        if self.certificate.not_valid_after_utc <= now:
            raise GenerateError(
                f"the CA {self.name} expired on {self.certificate.not_valid_after_utc:%Y-%m-%d} and cannot issue "
                "certificates. Move the organization's folder away to make all of its keys again."
            )


def authority(
    folder: Path,
    domain: str,
    subject: dict[str, str],
    usages: Sequence[ObjectIdentifier],
    validity: Validity,
    *,
    durable: bool = True,
    guard: KeyGuard = PLAIN,
) -> tuple[Authority, Outcome]:
    """The CA in a folder `ca` or `tlsca`; made if there is none. `guard` keeps its key.

    A missing certificate is restored from a copy of it in the organization's MSPs, else issued again from the same
    key. Raises GenerateError where the key is missing though there are certificates that it signed, or does not fit.
    """
    name = f"{folder.name}.{domain}"
    path = folder / f"{name}-cert.pem"
    certificate = read_certificate(path)
    keys = key_files(folder)
    if not keys:
        _refuse_orphans(folder, name, path if certificate else None)
        key = make.new_key()
        certificate = make.issue_ca(key, name, domain, subject, usages, validity)
        tree = {make.key_file_name(key): guarded_pem(key, guard), path.name: make.certificate_pem(certificate)}
        if not folder.exists():
            create_whole(folder, dict(tree), durable=durable)
        else:  # an empty folder: the key first, so that a kill in between leaves what can be completed
            for file, data in tree.items():
                write_into(folder, file, data)
        return Authority(name, key, certificate), Outcome.CREATED
    if len(keys) > 1:
        raise GenerateError(f"{folder} holds {len(keys)} private keys. Leave the one that {path.name} belongs to.")
    key = _read(keys[0], guard)
    if certificate is not None:
        if not make.same_key(certificate, key):
            raise GenerateError(f"{keys[0]} is not the key of {path}. Restore the two from one backup.")
        return Authority(name, key, certificate), Outcome.KEPT
    certificate = _copy_of(folder, name, key) or make.issue_ca(key, name, domain, subject, usages, validity)
    write_into(folder, path.name, make.certificate_pem(certificate))
    return Authority(name, key, certificate), Outcome.COMPLETED


def _read(path: Path, guard: KeyGuard) -> ec.EllipticCurvePrivateKey:
    key = read_key(path, guard)
    if key is None:
        raise GenerateError(f"{path} vanished while it was read. Let one run at a time work on a workspace.")
    return key


def _copies(folder: Path, name: str) -> list[Path]:
    """Where other folders of the organization hold this CA's certificate."""
    below = "cacerts" if folder.name == "ca" else "tlscacerts"
    return sorted(folder.parent.glob(f"**/{below}/{name}-cert.pem"))


def _refuse_orphans(folder: Path, name: str, certificate: Path | None) -> None:
    found = certificate or next(iter(_copies(folder, name)), None)
    if found:
        raise GenerateError(
            f"the private key of the CA {name} is missing: no *_sk file lies in {folder}, but {found} and what "
            f"that key signed exist. Restore {folder} from a backup; if the key is lost, move {folder.parent} away "
            "to make all keys of this organization again (a network that runs with the old ones must be made anew)."
        )


def _copy_of(folder: Path, name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate | None:
    for path in _copies(folder, name):
        certificate = read_certificate(path)
        if certificate is not None and make.same_key(certificate, key):
            return certificate
    return None
