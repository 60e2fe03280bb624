"""Keys and certificates as cryptogen makes them: ECDSA on P-256, SHA-256, signatures with a low S.

Everything here works in memory; the files are `folders` and `identity`'s.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.model import Subject

# order of the curve P-256; Fabric's MSP wants S in the lower half (bccsp/utils.IsLowS)
_HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 >> 1
_DEFAULTS = {"country": "US", "province": "California", "locality": "San Francisco"}
# in the order in which Go's crypto/x509/pkix writes a name
_BEFORE_ORGANIZATION = (
    ("country", NameOID.COUNTRY_NAME),
    ("province", NameOID.STATE_OR_PROVINCE_NAME),
    ("locality", NameOID.LOCALITY_NAME),
    ("street_address", NameOID.STREET_ADDRESS),
    ("postal_code", NameOID.POSTAL_CODE),
)


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate holds; both in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def lasting(cls, start: datetime, seconds: float) -> Validity:
        """`seconds` long. Raises GenerateError where the calendar ends before."""
        try:
            return cls(start, start + timedelta(seconds=seconds))
        except OverflowError:
            raise GenerateError(
                f"certificates cannot last {seconds:.0f} seconds. Mend certificates.lifetime or ca_lifetime."
            ) from None


def new_key() -> ec.EllipticCurvePrivateKey:
    """A new key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def key_id(public: ec.EllipticCurvePublicKey) -> bytes:
    """Fabric's SKI: SHA-256 of the uncompressed point, 32 bytes (bccsp/sw, `ecdsaPublicKey.SKI`)."""
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return hashlib.sha256(point).digest()


def key_file_name(key: ec.EllipticCurvePrivateKey) -> str:
    """The name that Fabric's key store gives a private key: `<ski in hex>_sk`."""
    return f"{key_id(key.public_key()).hex()}_sk"


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, as bccsp writes it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def same_key(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    """Whether a certificate certifies a key."""
    return certificate.public_key() == key.public_key()


def was_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name stands in a certificate and the issuer's key signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def merged_subject(general: Subject, own: Subject) -> dict[str, str]:
    """Subject fields of an organization: its own, else the session's, else cryptogen's defaults."""
    found = dict(_DEFAULTS)
    for subject in (general, own):
        found.update({field: value for field, value in subject.model_dump().items() if value})
    return found


def issue_ca(
    key: ec.EllipticCurvePrivateKey,
    common_name: str,
    organization: str,
    subject: dict[str, str],
    usages: Sequence[ObjectIdentifier],
    validity: Validity,
) -> x509.Certificate:
    """A self-signed CA certificate; `organization` (O) is the organization's domain."""
    name = _name(common_name, subject, organization, ())
    builder = _start(name, name, key.public_key(), validity)
    builder = builder.add_extension(_key_usage(encipher=True, ca=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier(key_id(key.public_key())), critical=False)
    return _sign(builder, key)


def issue_signing(
    key: ec.EllipticCurvePublicKey,
    common_name: str,
    subject: dict[str, str],
    node_ou: str | None,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    validity: Validity,
) -> x509.Certificate:
    """A certificate that an identity signs with; the node OU, if any, joins the subject's own unit."""
    name = _name(common_name, subject, None, (node_ou,) if node_ou else ())
    builder = _start(name, issuer.subject, key, validity)
    builder = builder.add_extension(_key_usage(encipher=False, ca=False), critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return _sign(builder.add_extension(_authority(issuer, issuer_key.public_key()), critical=False), issuer_key)


def issue_tls(
    key: ec.EllipticCurvePublicKey,
    common_name: str,
    subject: dict[str, str],
    dns_names: Sequence[str],
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    validity: Validity,
) -> x509.Certificate:
    """A TLS certificate for both ends of a connection. People's have no subject alternative names."""
    builder = _start(_name(common_name, subject, None, ()), issuer.subject, key, validity)
    builder = builder.add_extension(_key_usage(encipher=True, ca=False), critical=True)
    usages = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_authority(issuer, issuer_key.public_key()), critical=False)
    if dns_names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names])
        builder = builder.add_extension(names, critical=False)
    return _sign(builder, issuer_key)


def _name(
    common_name: str, subject: dict[str, str], organization: str | None, extra_units: tuple[str, ...]
) -> x509.Name:
    rdns = [[(oid, subject[field])] for field, oid in _BEFORE_ORGANIZATION if subject.get(field)]
    if organization:
        rdns.append([(NameOID.ORGANIZATION_NAME, organization)])
    own = (subject["organizational_unit"],) if subject.get("organizational_unit") else ()
    # Go puts several units into one relative name
    if units := tuple(dict.fromkeys(own + extra_units)):
        rdns.append([(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units])
    rdns.append([(NameOID.COMMON_NAME, common_name)])
    try:
        return x509.Name(
            [x509.RelativeDistinguishedName([x509.NameAttribute(oid, text) for oid, text in rdn]) for rdn in rdns]
        )
    except ValueError as error:
        raise GenerateError(
            f"the certificate of {common_name} cannot be made: {error} (X.509 limits a country to 2 letters, a name, "
            "an organization and a unit to 64 bytes). Shorten the name, or mend certificates.subject in the session."
        ) from None


def _start(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(secrets.randbits(128) or 1)
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
    )


def _authority(issuer: x509.Certificate, key: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    try:
        identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:  # a CA that was made elsewhere
        identifier = x509.SubjectKeyIdentifier(key_id(key))
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(*, encipher: bool, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    while True:  # each attempt draws a new nonce; half of them have a low S
        certificate = builder.sign(key, hashes.SHA256())
        if decode_dss_signature(certificate.signature)[1] <= _HALF_ORDER:
            return certificate
