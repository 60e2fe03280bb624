"""The last look before a bundle is written: no key in it but those of the host's own nodes.

It does not trust the folders that files came from: an operator may have put a CA's or an administrator's key where
a node's should be. Every key must belong to the certificate beside it, and that certificate to the node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import NameOID

from fabwiz.artifacts import layout
from fabwiz.artifacts.compose.orderer import CLIENT_CERTIFICATE, CLIENT_KEY
from fabwiz.artifacts.contents import Content
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.session.network import Network, Node, Role

_MARK = b"PRIVATE KEY-----"


def audit(network: Network, host: str, files: Iterable[Content]) -> None:
    """Check all files of a host. Raises ArtifactError that names the file that must not go there, or that lacks."""
    found = {content.path: content.data for content in files}
    allowed: set[str] = set()
    for node in network.on(host):
        if node.role in (Role.ORDERER, Role.PEER):
            allowed.update(_identity_keys(network, node, found))
    for path, data in found.items():
        if _MARK in data and path not in allowed:
            raise ArtifactError(f"{path} holds a private key, which host {host} must not get; see where it came from")


def _identity_keys(network: Network, node: Node, found: Mapping[str, bytes]) -> Iterator[str]:
    """The paths of a node's own keys, each checked against its certificate."""
    msp, tls, kafka = layout.msp(node), layout.tls(node), layout.kafka_tls(node)
    keys = sorted(path for path in found if path.startswith(f"{msp}/keystore/"))
    certificates = sorted(path for path in found if path.startswith(f"{msp}/signcerts/"))
    if len(keys) != 1 or len(certificates) != 1:
        raise ArtifactError(
            f"{node.name} needs one private key in msp/keystore and one certificate in msp/signcerts, "
            f"it has {len(keys)} and {len(certificates)}; leave those that belong together"
        )
    pairs = [(keys[0], certificates[0])]
    if network.session.tls:
        pairs.append((f"{tls}/server.key", f"{tls}/server.crt"))
    if node.role is Role.ORDERER and network.session.ordering.kafka.tls:
        pairs.append((f"{kafka}/{CLIENT_KEY}", f"{kafka}/{CLIENT_CERTIFICATE}"))
    for key, certificate in pairs:
        _check_pair(node, key, certificate, found)
        yield key


def _check_pair(node: Node, key: str, certificate: str, found: Mapping[str, bytes]) -> None:
    try:
        public: PublicKeyTypes = serialization.load_pem_private_key(found[key], None).public_key()
        parsed = x509.load_pem_x509_certificate(found[certificate])
    except (ValueError, TypeError) as error:
        raise ArtifactError(f"{key} or {certificate} cannot be read: {error}") from error
    names = [attribute.value for attribute in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [node.name]:
        raise ArtifactError(f"{certificate} is the certificate of {', '.join(map(str, names))}, not of {node.name}")
    if parsed.public_key() != public:
        raise ArtifactError(f"{key} is not the key of {certificate}; restore the one that was made with it")
