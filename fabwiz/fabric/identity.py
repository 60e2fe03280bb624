"""Who signs: a certificate of an organization and its private key, as they lie in an `msp` folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.msp import identities_pb2

from fabwiz.session.guard import PLAIN, KeyGuard, KeysLocked

# orders of the curves that Fabric 1.x signs with (bccsp/utils/ecdsa.go; SEC 2)
_ORDER = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
}


class IdentityError(Exception):
    """An `msp` folder cannot be used to sign; the message names the file."""


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A certificate (PEM) with its key. Printing it never shows the key."""

    msp_id: str
    certificate: bytes
    key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @classmethod
    def load(cls, msp_dir: Path, msp_id: str, guard: KeyGuard = PLAIN) -> SigningIdentity:
        """Read `signcerts/*.pem` and the matching key among `keystore/*` of an `msp` folder.

        `guard` opens a key that is under a passphrase. Raises IdentityError, naming the file, where one is missing,
        unreadable, not to be opened, or no key matches.
        """
        certificates = sorted((msp_dir / "signcerts").glob("*.pem"))
        if not certificates:
            raise IdentityError(f"{msp_dir / 'signcerts'}: no certificate (*.pem); generate the artifacts first")
        try:
            pem = certificates[0].read_bytes()
            public = x509.load_pem_x509_certificate(pem).public_key()
        except (OSError, ValueError) as error:
            raise IdentityError(f"{certificates[0]}: no usable certificate: {error}") from error
        for path in sorted((msp_dir / "keystore").glob("*")):
            key = _read_key(path, guard)
            if key is not None and key.public_key() == public:
                if key.curve.name not in _ORDER:
                    raise IdentityError(f"{path}: Fabric signs with P-256 or P-384, this key is on {key.curve.name}")
                return cls(msp_id, pem, key)
        raise IdentityError(f"{msp_dir / 'keystore'}: no EC key belongs to {certificates[0]}")

    def serialized(self) -> bytes:
        """`msp.SerializedIdentity`: what stands as creator in every header."""
        return bytes(
            identities_pb2.SerializedIdentity(mspid=self.msp_id, id_bytes=self.certificate).SerializeToString()
        )

    def sign(self, message: bytes) -> bytes:
        """ECDSA over SHA-256 as ASN.1 DER, with the smaller of the two possible s.

        Fabric refuses the larger one (bccsp/sw/ecdsa.go: "Invalid S. Must be smaller than half the order").
        """
        order = _ORDER[self.key.curve.name]
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, order - s))


def _read_key(path: Path, guard: KeyGuard) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = guard.open(path)
    except KeysLocked as error:
        raise IdentityError(str(error)) from None
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError):
        return None  # something else lies beside the keys, such as the public half
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None
