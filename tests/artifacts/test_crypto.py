"""The tree crypto-config against what each release's own cryptogen made of the same network (cryptogen/*.json)."""

import hashlib
import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtensionOID, NameOID

from fabwiz.artifacts import crypto
from fabwiz.artifacts.crypto.certificates import Validity
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.releases import RELEASES
from fabwiz.session.workspace import Workspace

CRYPTOGEN = Path(__file__).parent / "cryptogen"
VERSIONS = sorted(path.stem for path in CRYPTOGEN.glob("*.json"))
NOW = datetime(2026, 3, 4, 5, 6, 42, 500, tzinfo=UTC)
KEY_USAGES = ("digital_signature", "key_encipherment", "key_cert_sign", "crl_sign")
HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2


def session(version: str, **changes: Any) -> Session:
    data = yaml.safe_load((CRYPTOGEN / "session.yaml").read_text()) | {"fabric": version}
    if version.startswith("1.0."):
        del data["certificates"]  # cryptogen of 1.0 knows no subject fields
    return Session.model_validate(data | changes)


def generate(folder: Path, version: str, now: datetime | None = NOW, **changes: Any) -> Path:
    workspace = Workspace(folder / "network.yaml")
    crypto.generate(Network(session(version, **changes)), workspace, now)
    return workspace.crypto_config


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def listing(root: Path) -> list[str]:
    """Files, and empty folders, with the names of keys made alike."""
    found = []
    for folder, folders, files in os.walk(root):
        below = Path(folder).relative_to(root)
        found += [re.sub(r"[0-9a-f]{64}_sk", "SKI_sk", (below / name).as_posix()) for name in files]
        found += [f"{below.as_posix()}/"] if not folders and not files else []
    return sorted(found)


def name(of: x509.Name) -> list[list[list[str]]]:
    return [sorted([part.oid._name, str(part.value)] for part in rdn) for rdn in of.rdns]


def facts(certificate: x509.Certificate) -> dict[str, Any]:
    """What does not differ from one making to the next."""
    extensions: dict[str, Any] = {}
    for extension in certificate.extensions:
        value: Any = extension.value
        match extension.oid:
            case ExtensionOID.KEY_USAGE:
                value = [usage for usage in KEY_USAGES if getattr(value, usage)]
            case ExtensionOID.EXTENDED_KEY_USAGE:
                value = [usage.dotted_string for usage in value]
            case ExtensionOID.BASIC_CONSTRAINTS:
                value = {"ca": value.ca, "path_length": value.path_length}
            case ExtensionOID.SUBJECT_KEY_IDENTIFIER:
                value = "own key"
            case ExtensionOID.AUTHORITY_KEY_IDENTIFIER:
                value = "the CA's key"
            case ExtensionOID.SUBJECT_ALTERNATIVE_NAME:
                value = [entry.value for entry in value]
        extensions[extension.oid._name] = {"critical": extension.critical, "value": value}
    start = certificate.not_valid_before_utc
    return {
        "subject": name(certificate.subject),
        "issuer": name(certificate.issuer),
        "extensions": extensions,
        "days": (certificate.not_valid_after_utc - start).days,
        "backdated_minutes": round((NOW - start) / timedelta(minutes=1)),
        "whole_minute": start.second == 0,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_is_what_the_releases_own_cryptogen_makes(version: str, tmp_path: Path) -> None:
    root = generate(tmp_path, version)
    expected = json.loads((CRYPTOGEN / f"{version}.json").read_text())
    assert listing(root) == expected["paths"]
    assert {str(path.relative_to(root)): path.read_text() for path in root.rglob("config.yaml")} == expected["config"]
    for path, wanted in expected["certificates"].items():
        assert facts(read(root / path)) == wanted, path


@pytest.mark.parametrize(
    ("version", "start"),
    [
        ("1.0.0", "05:06:42"),  # no backdating
        ("1.0.2", "05:06:42"),
        ("1.0.3", "05:01:42"),
        ("1.2.1", "05:01:42"),
        ("1.3.0", "05:02:00"),  # to the nearest minute
        ("1.4.12", "05:02:00"),
    ],
)
def test_certificates_start_as_the_release_has_it(version: str, start: str, tmp_path: Path) -> None:
    root = generate(tmp_path, version)
    for path in (*root.rglob("*.pem"), *root.rglob("*.crt")):
        assert f"{read(path).not_valid_before_utc:%H:%M:%S}" == start, path


@pytest.mark.parametrize(
    ("version", "files"),
    [
        ("1.0.6", {"server.crt", "server.key", "ca.crt"}),
        ("1.1.0", {"client.crt", "client.key", "ca.crt"}),
        ("1.4.3", {"server.crt", "server.key", "ca.crt"}),  # this release alone took its admins for servers
        ("1.4.4", {"client.crt", "client.key", "ca.crt"}),
    ],
)
def test_tls_files_of_an_admin(version: str, files: set[str], tmp_path: Path) -> None:
    tls = generate(tmp_path, version) / "peerOrganizations/org1.example.com/users/Admin@org1.example.com/tls"
    assert {path.name for path in tls.iterdir()} == files


@pytest.mark.parametrize("version", ["1.0.0", "1.4.12"])
def test_every_certificate_is_issued_by_its_ca_for_the_key_beside_it(version: str, tmp_path: Path) -> None:
    root = generate(tmp_path, version)
    identities = [path.parent.parent for path in root.rglob("signcerts")]
    assert len(identities) == 5
    for folder in identities:
        organization = folder.parent.parent
        (key_file,) = (folder / "msp" / "keystore").iterdir()
        (tls_key_file,) = (folder / "tls").glob("*.key")
        for certificate, key_path, ca in (
            (next((folder / "msp" / "signcerts").iterdir()), key_file, "ca"),
            (tls_key_file.with_suffix(".crt"), tls_key_file, "tlsca"),
        ):
            (issuer,) = (organization / ca).glob("*.pem")
            read(certificate).verify_directly_issued_by(read(issuer))
            key = load_pem_private_key(key_path.read_bytes(), None)
            assert key.public_key() == read(certificate).public_key()
        assert read(folder / "tls" / "ca.crt") == read(next((organization / "tlsca").glob("*.pem")))


def test_keys_are_called_by_their_ski_and_cas_identify_themselves_by_it(tmp_path: Path) -> None:
    root = generate(tmp_path, "1.4.12")
    for path in root.rglob("*_sk"):
        public = load_pem_private_key(path.read_bytes(), None).public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        assert path.name == f"{hashlib.sha256(point).hexdigest()}_sk"
        assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")  # PKCS #8
    for folder in ("ca", "tlsca"):
        (path,) = (root / "peerOrganizations/org1.example.com" / folder).glob("*.pem")
        own = read(path).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        (key,) = path.parent.glob("*_sk")
        assert key.name == f"{own.hex()}_sk"


def test_signatures_have_a_low_s_and_serial_numbers_differ(tmp_path: Path) -> None:
    certificates = [read(path) for path in generate(tmp_path, "1.4.12").rglob("*.pem")]
    assert all(decode_dss_signature(certificate.signature)[1] <= HALF_ORDER for certificate in certificates)
    assert len({certificate.serial_number for certificate in certificates}) == len(set(certificates))


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_nobody_else_may_read_anything(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        root = generate(tmp_path, "1.1.0")
    finally:
        os.umask(before)
    folders = [path for path in root.rglob("*") if path.is_dir()] + [root, root.parent, root.parent.parent]
    files = [path for path in root.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_lifetimes_come_from_the_session(tmp_path: Path) -> None:
    root = generate(tmp_path, "1.4.12", certificates={"ca_lifetime": "48h", "lifetime": "36h"})
    org = root / "peerOrganizations/org1.example.com"
    lasting = {
        path: read(org / path).not_valid_after_utc - read(org / path).not_valid_before_utc
        for path in (
            "ca/ca.org1.example.com-cert.pem",
            "tlsca/tlsca.org1.example.com-cert.pem",
            "peers/peer0.org1.example.com/tls/server.crt",
            "users/User1@org1.example.com/msp/signcerts/User1@org1.example.com-cert.pem",
        )
    }
    assert [lasts / timedelta(hours=1) for lasts in lasting.values()] == [48, 48, 36, 36]


def test_an_organizations_own_subject_wins(tmp_path: Path) -> None:
    organizations = {"Org1": {"domain": "org1.example.com", "subject": {"country": "FR"}}}
    root = generate(tmp_path, "1.0.0", organizations=organizations, certificates={"subject": {"country": "DE"}})

    def country(path: str) -> str:
        (found,) = read(root / path).subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)
        return str(found.value)

    assert country("peerOrganizations/org1.example.com/ca/ca.org1.example.com-cert.pem") == "FR"
    assert country("ordererOrganizations/example.com/ca/ca.example.com-cert.pem") == "DE"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"certificates": {"subject": {"country": "Germany"}}}, r"ca\.example\.com.*2 letters.*certificates\.subject"),
        ({"domain": f"{'a' * 60}.example.com"}, r"64 bytes"),
    ],
)
def test_what_certificates_cannot_say_is_told(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(crypto.GenerateError, match=told):
        generate(tmp_path, "1.4.12", **changes)


def test_the_calendar_has_an_end() -> None:
    with pytest.raises(crypto.GenerateError, match=r"cannot last 1000000000000 seconds\. Mend certificates\.lifetime"):
        Validity.lasting(NOW, 1e12)


def test_users_are_numbered_and_none_is_fine(tmp_path: Path) -> None:
    organizations = {
        "Org1": {"domain": "org1.example.com", "users": 12},
        "Org2": {"domain": "org2.example.com", "users": 0},
    }
    root = generate(tmp_path, "1.4.12", organizations=organizations) / "peerOrganizations"
    users = {path.name for path in (root / "org1.example.com" / "users").iterdir()}
    assert users == {f"User{number}@org1.example.com" for number in range(1, 13)} | {"Admin@org1.example.com"}
    assert [path.name for path in (root / "org2.example.com" / "users").iterdir()] == ["Admin@org2.example.com"]


@pytest.mark.parametrize("version", list(RELEASES))
def test_every_release_is_served(version: str, tmp_path: Path) -> None:
    assert listing(generate(tmp_path, version))


def test_an_unknown_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"2\.5\.0"):
        generate(tmp_path, "2.5.0")


def test_without_a_time_certificates_start_now(tmp_path: Path) -> None:
    root = generate(tmp_path, "1.4.12", now=None)
    start = read(next(root.rglob("ca.example.com-cert.pem"))).not_valid_before_utc
    assert timedelta(minutes=4) < datetime.now(UTC) - start < timedelta(minutes=7)
