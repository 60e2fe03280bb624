"""What a host gets, gathered in memory: the files of its own nodes, and not one key more.

Public: certificates, the compose file, the genesis block. Private: the keys of the host's own nodes, and env files
with passwords. Nothing of a CA but its certificate, nothing of administrators and users but certificates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fabwiz.artifacts import kafka_tls, layout
from fabwiz.artifacts.compose.helpers import ORDERERS_CA, peer_of
from fabwiz.artifacts.compose.kafka import KEY_STORE, TRUST_STORE
from fabwiz.artifacts.compose.orderer import CLIENT_CA, CLIENT_CERTIFICATE, CLIENT_KEY
from fabwiz.artifacts.compose.peer import organization_of
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.artifacts.passwords import kept_password
from fabwiz.session.network import Network, Node, Role
from fabwiz.session.workspace import Workspace

COUCHDB_USER = "fabwiz"


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a bundle."""

    path: str
    data: bytes
    private: bool = False


def contents(network: Network, workspace: Workspace, host: str) -> Iterator[Content]:
    """Every file of a host but the compose file.

    Raises ArtifactError where something that should have been generated is missing, OSError where it cannot be read.
    """
    nodes = network.on(host)
    if any(node.role is Role.ORDERER for node in nodes):
        yield Content(layout.GENESIS_BLOCK, _read(workspace.genesis_block))
    for node in nodes:
        match node.role:
            case Role.ORDERER:
                yield from _identity(network, workspace, node)
                if network.session.ordering.kafka.tls:
                    yield from _kafka_client(workspace, node)
            case Role.PEER:
                yield from _identity(network, workspace, node)
                if node.spec and node.spec.couchdb:
                    yield _peer_env(workspace, node)
            case Role.KAFKA if network.session.ordering.kafka.tls:
                yield from _broker(workspace, node)
            case Role.COUCHDB:
                yield _couchdb_env(network, workspace, node)
            case Role.TOOLS if network.session.tls:
                yield from _authorities(network, workspace, node)
            case _:
                pass


def _identity(network: Network, workspace: Workspace, node: Node) -> Iterator[Content]:
    """An orderer's or peer's own msp, and its tls if that is in use."""
    home = workspace.crypto_config / organization_of(network, node).node_directory(node)
    for path in _files_below(home / "msp"):
        name = path.relative_to(home / "msp").as_posix()
        yield Content(f"{layout.msp(node)}/{name}", _read(path), private=name.startswith("keystore/"))
    if network.session.tls:
        for name in ("ca.crt", "server.crt", "server.key"):
            yield Content(f"{layout.tls(node)}/{name}", _read(home / "tls" / name), private=name == "server.key")


def _kafka_client(workspace: Workspace, node: Node) -> Iterator[Content]:
    folder = kafka_tls.folder_of(workspace, node)
    for name in (CLIENT_KEY, CLIENT_CERTIFICATE, CLIENT_CA):
        yield Content(f"{layout.kafka_tls(node)}/{name}", _read(folder / name), private=name == CLIENT_KEY)


def _broker(workspace: Workspace, node: Node) -> Iterator[Content]:
    folder = kafka_tls.folder_of(workspace, node)
    for name in (KEY_STORE, TRUST_STORE):
        yield Content(f"{layout.kafka_tls(node)}/{name}", _read(folder / name), private=True)
    password = _read(folder / kafka_tls.PASSWORD).decode().strip()
    names = ("KEYSTORE_PASSWORD", "KEY_PASSWORD", "TRUSTSTORE_PASSWORD")
    yield _env(node, {f"KAFKA_SSL_{name}": password for name in names})


def _peer_env(workspace: Workspace, node: Node) -> Content:
    prefix = "CORE_LEDGER_STATE_COUCHDBCONFIG"
    password = kept_password(workspace, f"couchdb.{node.name}")
    return _env(node, {f"{prefix}_USERNAME": COUCHDB_USER, f"{prefix}_PASSWORD": password})


def _couchdb_env(network: Network, workspace: Workspace, node: Node) -> Content:
    password = kept_password(workspace, f"couchdb.{peer_of(network, node).name}")
    return _env(node, {"COUCHDB_USER": COUCHDB_USER, "COUCHDB_PASSWORD": password})


def _authorities(network: Network, workspace: Workspace, node: Node) -> Iterator[Content]:
    """What the tools container verifies its peer and the orderers by."""
    for name, organization in (
        ("ca.crt", organization_of(network, node)),
        (ORDERERS_CA, network.orderer_organization),
    ):
        folder = workspace.crypto_config / organization.directory / "msp" / "tlscacerts"
        yield Content(f"{layout.tls(node)}/{name}", b"".join(_read(path) for path in _files_below(folder)))


def _env(node: Node, variables: dict[str, str]) -> Content:
    """Lines of NAME=value. Values are plain letters and digits: compose versions differ about quotes."""
    text = "".join(f"{name}={value}\n" for name, value in variables.items())
    return Content(layout.env_file(node), text.encode(), private=True)


def _files_below(folder: Path) -> list[Path]:
    """Regular files, by path; names with a leading dot are leftovers of interrupted writes."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise ArtifactError(f"{path} is a symbolic link; put the file itself there")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            found.append(path)
    if not found:
        raise ArtifactError(f"{folder} is missing or empty; generate keys and artifacts first (fabwiz generate)")
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing; generate keys and artifacts first (fabwiz generate)") from None
