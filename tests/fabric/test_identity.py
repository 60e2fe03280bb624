from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from fabwiz.fabric.identity import IdentityError, SigningIdentity

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@settings(max_examples=100, deadline=None)
@given(message=st.binary(max_size=200))
def test_every_signature_is_valid_and_has_the_smaller_s(message: bytes) -> None:
    key = ec.derive_private_key(20260921, ec.SECP256R1())
    signature = SigningIdentity("Org1MSP", b"", key).sign(message)
    key.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
    assert 0 < decode_dss_signature(signature)[1] <= P256_ORDER // 2


def test_half_of_p384_signatures_need_the_other_s_too() -> None:
    key = ec.derive_private_key(7, ec.SECP384R1())
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
    for number in range(20):
        message = bytes([number])
        signature = SigningIdentity("Org1MSP", b"", key).sign(message)
        key.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
        assert decode_dss_signature(signature)[1] <= order // 2


def test_the_key_that_belongs_to_the_certificate_is_found_among_others(
    tmp_path: Path, authority: Any, key: Any, make_msp: Any, pem: Any
) -> None:
    folder = make_msp(tmp_path / "msp", authority, "User1@org1.example.com", key)
    (folder / "keystore" / "a_sk").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    (folder / "keystore" / "b_sk").write_bytes(b"no key at all")
    (folder / "keystore" / "c_sk").write_bytes(pem(rsa.generate_private_key(65537, 2048)))
    identity = SigningIdentity.load(folder, "Org1MSP")
    certificate = x509.load_pem_x509_certificate(identity.certificate)
    assert certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ) == key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_printing_an_identity_shows_no_key(identity: SigningIdentity) -> None:
    assert "Private" not in repr(identity)
    assert "key=" not in repr(identity)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match=r"signcerts.*no certificate"):
        SigningIdentity.load(tmp_path, "Org1MSP")


def test_a_broken_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "signcerts").mkdir()
    (tmp_path / "signcerts" / "x.pem").write_text("nothing")
    with pytest.raises(IdentityError, match=r"x\.pem: no usable certificate"):
        SigningIdentity.load(tmp_path, "Org1MSP")


def test_a_missing_key_is_said(tmp_path: Path, authority: Any, make_msp: Any) -> None:
    folder = make_msp(tmp_path / "msp", authority, "User1@org1.example.com")
    (folder / "keystore" / "priv_sk").unlink()
    with pytest.raises(IdentityError, match="keystore: no EC key belongs to"):
        SigningIdentity.load(folder, "Org1MSP")


def test_a_curve_that_fabric_does_not_sign_with_is_refused(tmp_path: Path, authority: Any, make_msp: Any) -> None:
    folder = make_msp(tmp_path / "msp", authority, "User1@org1.example.com", ec.generate_private_key(ec.SECP521R1()))
    with pytest.raises(IdentityError, match="secp521r1"):
        SigningIdentity.load(folder, "Org1MSP")
