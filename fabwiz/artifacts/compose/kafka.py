"""Kafka brokers (image fabric-kafka: 0.9.0.1 with Fabric 1.0, later 1.0.0 and 1.0.2).

The image's `docker-entrypoint.sh` makes `message.max.bytes` of KAFKA_MESSAGE_MAX_BYTES, and so on. It cuts values
at white space and puts them through sed, so values have neither blanks nor `|` and `&`. `listeners` and
`advertised.listeners` are known from Kafka 0.9 on and outrank `advertised.host.name`.
"""

from __future__ import annotations

from fabwiz.artifacts import layout
from fabwiz.artifacts.compose.service import Mount, Service
from fabwiz.session.network import Network, Node

KEY_STORE = "keystore.p12"
TRUST_STORE = "truststore.p12"

_DATA = "/var/lib/kafka"
_STORES = "/etc/kafka/tls"
_DEFAULT_HEAP = 1 << 30


def kafka(network: Network, node: Node) -> Service:
    """A broker with the settings that Fabric needs: nothing of a channel may ever be dropped."""
    settings = network.session.ordering.kafka
    protocol = "SSL" if settings.tls else "PLAINTEXT"
    port = node.ports["broker"]
    environment = {
        "KAFKA_BROKER_ID": str(node.id),
        "KAFKA_ZOOKEEPER_CONNECT": ",".join(server.address for server in network.zookeeper),
        "KAFKA_LISTENERS": f"{protocol}://0.0.0.0:{port}",
        "KAFKA_ADVERTISED_LISTENERS": f"{protocol}://{node.name}:{port}",
        "KAFKA_LOG_DIRS": f"{_DATA}/log",
        "KAFKA_LOG_RETENTION_MS": str(settings.log_retention_ms),
        "KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE": str(settings.unclean_leader_election).lower(),
        "KAFKA_MIN_INSYNC_REPLICAS": str(settings.min_insync_replicas),
        "KAFKA_DEFAULT_REPLICATION_FACTOR": str(settings.replication_factor),
        "KAFKA_MESSAGE_MAX_BYTES": str(settings.message_max_bytes),
        "KAFKA_REPLICA_FETCH_MAX_BYTES": str(settings.replica_fetch_max_bytes),
        "KAFKA_SOCKET_REQUEST_MAX_BYTES": str(settings.socket_request_max_bytes),
        "KAFKA_HEAP_OPTS": f"-Xmx{(settings.heap or _DEFAULT_HEAP) >> 10}k",
        # to the console only, where Docker rotates: the image's own log4j.properties also fills /opt/kafka/logs
        "KAFKA_LOG4J_OPTS": "-Dlog4j.configuration=file:/opt/kafka/config/connect-log4j.properties",
        # nor a log of garbage collection: without -loggc there is none. kafka-server-start.sh takes this from Kafka
        # 0.10 on; that of 0.9, with Fabric 1.0, sets EXTRA_ARGS itself and goes on writing kafkaServer-gc.log
        "EXTRA_ARGS": "-name kafkaServer",
        # kafka-run-class.sh else opens a port of its own for JMX, without a password: any option that is none of JMX's
        "KAFKA_JMX_OPTS": "-Djava.awt.headless=true",
    }
    if settings.tls:
        environment |= _tls()
    return Service(
        node,
        environment,
        data={"log": _DATA},
        mounts=(Mount(layout.kafka_tls(node), _STORES),) if settings.tls else (),
        has_secrets=settings.tls,
        grace="60s",
    )


def _tls() -> dict[str, str]:
    """TLS with client certificates for orderers and brokers alike; passwords are in the env file."""
    return {
        "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SSL",
        "KAFKA_SSL_CLIENT_AUTH": "required",
        "KAFKA_SSL_ENABLED_PROTOCOLS": "TLSv1.2",
        "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "https",
        "KAFKA_SSL_KEYSTORE_TYPE": "PKCS12",
        "KAFKA_SSL_KEYSTORE_LOCATION": f"{_STORES}/{KEY_STORE}",
        "KAFKA_SSL_TRUSTSTORE_TYPE": "PKCS12",
        "KAFKA_SSL_TRUSTSTORE_LOCATION": f"{_STORES}/{TRUST_STORE}",
    }
