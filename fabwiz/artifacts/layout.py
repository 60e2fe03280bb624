"""Where files lie inside what a host gets, and so under `remote_dir` on the host. All paths are relative, with `/`."""

from __future__ import annotations

from fabwiz.session.network import Node

COMPOSE_FILE = "docker-compose.yaml"
GENESIS_BLOCK = "genesis.block"
MANIFEST = "manifest.json"


def msp(node: Node) -> str:
    """An orderer's or peer's MSP: its certificate, its key, the CAs and administrators of its organization."""
    return f"{node.name}/msp"


def tls(node: Node) -> str:
    """A node's TLS key, certificate and CA certificate; for a tools container CA certificates only."""
    return f"{node.name}/tls"


def kafka_tls(node: Node) -> str:
    """A broker's key store and trust store; an orderer's key and certificate as a client of the brokers."""
    return f"{node.name}/kafka"


def env_file(node: Node) -> str:
    """The passwords that a container needs in its environment, kept out of the compose file."""
    return f"env/{node.name}.env"
