"""Orderers. Settings are those of `sampleconfig/orderer.yaml` at each release, as ORDERER_* variables."""

from __future__ import annotations

from fabwiz.artifacts import layout
from fabwiz.artifacts.compose.service import Mount, Service
from fabwiz.artifacts.errors import release_of
from fabwiz.session.network import Network, Node
from fabwiz.session.units import go_duration

CLIENT_KEY = "client.key"
CLIENT_CERTIFICATE = "client.crt"
CLIENT_CA = "ca.crt"

_HOME = "/var/hyperledger/orderer"
_LEDGER = "/var/hyperledger/production/orderer"


def orderer(network: Network, node: Node) -> Service:
    """An ordering service node that starts from the genesis block."""
    session = network.session
    level = "FABRIC_LOGGING_SPEC" if release_of(network).has_logging_spec else "ORDERER_GENERAL_LOGLEVEL"
    environment = {
        level: session.logging.level,
        "ORDERER_GENERAL_LISTENADDRESS": "0.0.0.0",  # noqa: S104
        "ORDERER_GENERAL_LISTENPORT": str(node.ports["grpc"]),
        "ORDERER_GENERAL_LEDGERTYPE": "file",
        "ORDERER_FILELEDGER_LOCATION": _LEDGER,
        "ORDERER_GENERAL_GENESISMETHOD": "file",
        "ORDERER_GENERAL_GENESISFILE": f"{_HOME}/{layout.GENESIS_BLOCK}",
        "ORDERER_GENERAL_LOCALMSPID": network.orderer_organization.msp_id,
        "ORDERER_GENERAL_LOCALMSPDIR": f"{_HOME}/msp",
        "ORDERER_GENERAL_TLS_ENABLED": str(session.tls).lower(),
    }
    mounts = [
        Mount(layout.GENESIS_BLOCK, f"{_HOME}/{layout.GENESIS_BLOCK}"),
        Mount(layout.msp(node), f"{_HOME}/msp"),
    ]
    if session.tls:
        environment |= {
            "ORDERER_GENERAL_TLS_PRIVATEKEY": f"{_HOME}/tls/server.key",
            "ORDERER_GENERAL_TLS_CERTIFICATE": f"{_HOME}/tls/server.crt",
            "ORDERER_GENERAL_TLS_ROOTCAS": f"[{_HOME}/tls/ca.crt]",
        }
        mounts.append(Mount(layout.tls(node), f"{_HOME}/tls"))
    if session.ordering.kafka.tls:
        mounts.append(Mount(layout.kafka_tls(node), f"{_HOME}/kafka"))
    return Service(
        node,
        environment | _kafka(network),
        data={"ledger": _LEDGER},
        mounts=tuple(mounts),
        command=("orderer",),
    )


def _kafka(network: Network) -> dict[str, str]:
    """The orderer's Kafka client. Topic.ReplicationFactor is read from 1.3 on; `..._FILE` works in every release
    (`common/viperutil`: a setting that is empty is read from the file under its key `File`)."""
    settings = network.session.ordering.kafka
    factor = settings.topic_replication_factor
    environment = {
        "ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR": str(settings.replication_factor if factor is None else factor),
        "ORDERER_KAFKA_RETRY_SHORTINTERVAL": go_duration(settings.retry.short_interval),
        "ORDERER_KAFKA_RETRY_SHORTTOTAL": go_duration(settings.retry.short_total),
        "ORDERER_KAFKA_RETRY_LONGINTERVAL": go_duration(settings.retry.long_interval),
        "ORDERER_KAFKA_RETRY_LONGTOTAL": go_duration(settings.retry.long_total),
        "ORDERER_KAFKA_VERBOSE": str(network.session.logging.kafka_verbose).lower(),
        "ORDERER_KAFKA_TLS_ENABLED": str(settings.tls).lower(),
    }
    if settings.version:
        environment["ORDERER_KAFKA_VERSION"] = settings.version
    if settings.tls:
        environment |= {
            "ORDERER_KAFKA_TLS_PRIVATEKEY_FILE": f"{_HOME}/kafka/{CLIENT_KEY}",
            "ORDERER_KAFKA_TLS_CERTIFICATE_FILE": f"{_HOME}/kafka/{CLIENT_CERTIFICATE}",
            "ORDERER_KAFKA_TLS_ROOTCAS_FILE": f"{_HOME}/kafka/{CLIENT_CA}",
        }
    return environment
