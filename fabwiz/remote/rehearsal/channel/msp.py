"""Membership: which certificates an organization's MSP accepts, and in which roles (msp/mspimpl*.go)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from fabric_protos.msp import identities_pb2, msp_config_pb2, msp_principal_pb2

_ORDER = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
}
_CHAIN = 10


class MspError(Exception):
    """An identity, or an MSP, that is refused; the message is Fabric's."""


@lru_cache(maxsize=512)
def _load(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def load_certificate(pem: bytes) -> x509.Certificate:
    """Read a PEM certificate. Raises MspError."""
    try:
        return _load(pem)
    except ValueError as error:
        raise MspError(f"getIdentityFromBytes error: could not decode the PEM structure: {error}") from error


def _units(certificate: x509.Certificate) -> list[str]:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return [str(attribute.value) for attribute in found]


class Identity:
    """A certificate that claims to be of an MSP; nothing is checked yet."""

    def __init__(self, serialized: bytes) -> None:
        try:
            parsed = identities_pb2.SerializedIdentity.FromString(serialized)
        except Exception as error:  # protobuf raises DecodeError, which has no public base
            raise MspError(f"could not deserialize a SerializedIdentity: {error}") from error
        self.msp_id: str = parsed.mspid
        self.pem: bytes = parsed.id_bytes
        self.certificate = load_certificate(parsed.id_bytes)

    @property
    def expires(self) -> datetime:
        """End of the certificate's life."""
        return self.certificate.not_valid_after_utc

    def check_expiry(self) -> None:
        """Raise MspError for an expired certificate (orderer/common/msgprocessor/expiration.go)."""
        if self.expires < datetime.now(UTC):
            raise MspError("identity expired")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check an ECDSA signature over SHA-256. Raises MspError, for a high S too (bccsp/sw/ecdsa.go)."""
        key = self.certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise MspError("unsupported key type")
        try:
            _, s = decode_dss_signature(signature)
        except ValueError as error:
            raise MspError(
                f"could not determine the validity of the signature: Failed unmashalling signature [{error}]"
            ) from error
        if s > _ORDER.get(key.curve.name, 0) // 2:
            raise MspError(
                "could not determine the validity of the signature: Invalid S. Must be smaller than half the order"
            )
        try:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise MspError("The signature is invalid") from error


class Msp:
    """One organization's MSP, from the channel's configuration or from a local folder."""

    def __init__(self, config: msp_config_pb2.FabricMSPConfig) -> None:
        self.id: str = config.name
        self.roots = [load_certificate(pem) for pem in config.root_certs]
        self.intermediates = [load_certificate(pem) for pem in config.intermediate_certs]
        self.tls_roots = list(config.tls_root_certs)
        self.admins = {load_certificate(pem).fingerprint(hashes.SHA256()) for pem in config.admins}
        self._revoked: set[int] = set()
        for pem in config.revocation_list:
            self._revoked |= {entry.serial_number for entry in x509.load_pem_x509_crl(pem)}
        units = config.fabric_node_ous
        self.units: dict[int, str] = {}
        if units.enable:
            role = msp_principal_pb2.MSPRole
            for number, unit in (
                (role.CLIENT, units.client_ou_identifier),
                (role.PEER, units.peer_ou_identifier),
                (role.ADMIN, units.admin_ou_identifier),
                (role.ORDERER, units.orderer_ou_identifier),
            ):
                if unit.organizational_unit_identifier:
                    self.units[number] = unit.organizational_unit_identifier
        if not self.roots:
            raise MspError("expected at least one CA certificate")

    def validate(self, identity: Identity) -> None:
        """Raise MspError unless the certificate is one of this MSP's."""
        certificate = identity.certificate
        try:
            is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            is_ca = False
        if is_ca:
            raise MspError(
                "An X509 certificate with Basic Constraint: Certificate Authority equals true cannot be used "
                "as an identity"
            )
        self._chain(certificate)
        if certificate.serial_number in self._revoked:
            raise MspError("The certificate has been revoked")
        if self.units:
            matching = [unit for unit in _units(certificate) if unit in self.units.values()]
            if len(matching) != 1:
                kinds = "a client, a peer, an orderer or an admin" if len(self.units) > 2 else "a client or a peer"
                raise MspError(
                    f"the identity must be {kinds} identity to be valid, not a combination of them. OUs: "
                    f"[{', '.join(_units(certificate))}], MSP: [{self.id}]"
                )

    def _chain(self, certificate: x509.Certificate) -> None:
        for _ in range(_CHAIN):
            if any(_issued(certificate, root) for root in self.roots):
                return
            upper = next((ca for ca in self.intermediates if _issued(certificate, ca)), None)
            if upper is None:
                break
            certificate = upper
        raise MspError("the supplied identity is not valid: x509: certificate signed by unknown authority")

    def has_role(self, identity: Identity, role: int) -> bool:
        """Whether a valid identity of this MSP has an MSPRole."""
        roles = msp_principal_pb2.MSPRole
        if role == roles.MEMBER:
            return True
        if role == roles.ADMIN and identity.certificate.fingerprint(hashes.SHA256()) in self.admins:
            return True
        return role in self.units and self.units[role] in _units(identity.certificate)

    def has_unit(self, identity: Identity, unit: str) -> bool:
        """Whether its certificate carries an organizational unit."""
        return unit in _units(identity.certificate)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


class Members:
    """All MSPs of a channel. Keeps what it found out about identities."""

    def __init__(self, msps: Iterable[Msp]) -> None:
        self.msps = {msp.id: msp for msp in msps}
        self._known: dict[bytes, Identity | str] = {}

    def identity(self, serialized: bytes) -> Identity:
        """A valid identity. Raises MspError."""
        key = hashlib.sha256(serialized).digest()
        if key not in self._known:
            try:
                self._known[key] = self._checked(serialized)
            except MspError as error:
                self._known[key] = str(error)
        found = self._known[key]
        if isinstance(found, str):
            raise MspError(found)
        return found

    def _checked(self, serialized: bytes) -> Identity:
        identity = Identity(serialized)
        msp = self.msps.get(identity.msp_id)
        if msp is None:
            raise MspError(f"MSP {identity.msp_id} is unknown")
        msp.validate(identity)
        return identity

    def satisfies(self, identity: Identity, principal: msp_principal_pb2.MSPPrincipal) -> bool:
        """Whether a valid identity is what a policy asks for."""
        kinds = msp_principal_pb2.MSPPrincipal
        if principal.principal_classification == kinds.ROLE:
            role = msp_principal_pb2.MSPRole.FromString(principal.principal)
            msp = self.msps.get(identity.msp_id)
            return role.msp_identifier == identity.msp_id and msp is not None and msp.has_role(identity, role.role)
        if principal.principal_classification == kinds.IDENTITY:
            return Identity(principal.principal).certificate == identity.certificate
        if principal.principal_classification == kinds.ORGANIZATION_UNIT:
            unit = msp_principal_pb2.OrganizationUnit.FromString(principal.principal)
            msp = self.msps.get(identity.msp_id)
            return (
                unit.msp_identifier == identity.msp_id
                and msp is not None
                and msp.has_unit(identity, unit.organizational_unit_identifier)
            )
        return False


class Signed:
    """Something that somebody signed: data, the signer's serialized identity, the signature."""

    def __init__(self, data: bytes, identity: bytes, signature: bytes) -> None:
        self.data = data
        self.serialized = identity
        self.signature = signature

    def verified(self, members: Members) -> Identity:
        """The signer, if valid and the signature is theirs. Raises MspError."""
        identity = members.identity(self.serialized)
        identity.verify(self.data, self.signature)
        return identity


def verified_identities(signed: Sequence[Signed], members: Members) -> list[Identity]:
    """Those signers that are valid, each once, in order (cauthdsl drops duplicate identities)."""
    found: dict[bytes, Identity] = {}
    for one in signed:
        if one.serialized not in found:
            try:
                found[one.serialized] = one.verified(members)
            except MspError:
                continue
    return list(found.values())
