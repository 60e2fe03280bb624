"""An organization's msp folder as the channel configuration holds it (`msp/configbuilder.go`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from fabric_protos.msp import msp_config_pb2

from fabwiz.artifacts.configtx.dialect import Dialect
from fabwiz.artifacts.errors import GenerateError

_PEM = b"-----BEGIN "
_FABRIC = 0  # the type of an MSP of X.509 certificates
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def msp_config(folder: Path, msp_id: str, dialect: Dialect) -> msp_config_pb2.MSPConfig:
    """Read an msp folder: its certificates word for word, and its node OUs as far as the release knows them.

    Raises GenerateError where a CA certificate, or something that config.yaml names, is missing.
    """
    roots = _pem_files(folder / "cacerts")
    if not roots:
        raise GenerateError(f"{folder / 'cacerts'} holds no CA certificate. Generate the keys first.")
    configuration = _configuration(folder / "config.yaml")
    config = msp_config_pb2.FabricMSPConfig(
        name=msp_id,
        root_certs=roots,
        intermediate_certs=_pem_files(folder / "intermediatecerts"),
        admins=_pem_files(folder / "admincerts"),
        revocation_list=_pem_files(folder / "crls"),
        organizational_unit_identifiers=[
            _unit(folder, entry) for entry in configuration.get("OrganizationalUnitIdentifiers") or ()
        ],
        crypto_config=msp_config_pb2.FabricCryptoConfig(
            signature_hash_family="SHA2", identity_identifier_hash_function="SHA256"
        ),
        tls_root_certs=(tls_roots := _pem_files(folder / "tlscacerts")),
        tls_intermediate_certs=_pem_files(folder / "tlsintermediatecerts") if tls_roots else [],
    )
    units = configuration.get("NodeOUs") or {}
    if dialect.has_node_ous and units.get("Enable"):
        config.fabric_node_ous.enable = True
        known = ("Client", "Peer", "Admin", "Orderer") if dialect.has_admin_ous else ("Client", "Peer")
        for kind in known:
            if entry := units.get(f"{kind}OUIdentifier"):
                getattr(config.fabric_node_ous, f"{kind.lower()}_ou_identifier").CopyFrom(_unit(folder, entry))
    return msp_config_pb2.MSPConfig(type=_FABRIC, config=config.SerializeToString(deterministic=True))


def has_node_ous(folder: Path, dialect: Dialect) -> bool:
    """Whether an msp folder's organization tells peers from clients. Raises GenerateError for a bad config.yaml."""
    units = _configuration(folder / "config.yaml").get("NodeOUs") or {}
    return dialect.has_node_ous and bool(units.get("Enable"))


def _pem_files(folder: Path) -> list[bytes]:
    """Files with PEM in them, by name; other files are passed over, as Fabric does."""
    if not folder.is_dir():
        return []
    # names in the order of their bytes, as Go sorts them
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: path.name.encode())
    return [content for path in files if _PEM in (content := path.read_bytes())]


def _configuration(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - the safe one
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, UnicodeDecodeError):
        content = None
    if not isinstance(content, dict):
        raise GenerateError(f"{path} is no configuration of an MSP. Restore it, or remove it to have it made again.")
    return content


def _unit(folder: Path, entry: dict[str, str]) -> msp_config_pb2.FabricOUIdentifier:
    certificate = folder / entry["Certificate"]
    if not certificate.is_file():
        raise GenerateError(f"{certificate} is missing, which {folder / 'config.yaml'} names. Generate the keys first.")
    return msp_config_pb2.FabricOUIdentifier(
        certificate=certificate.read_bytes(), organizational_unit_identifier=entry["OrganizationalUnitIdentifier"]
    )
