"""An orderer's topics on real brokers: produced to and consumed from with Kafka's own protocol, TLS included."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError as ClientError
from kafka.errors import OffsetOutOfRangeError, TopicAlreadyExistsError

from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.containers.topics import KafkaError

_CREATES_TOPICS = (1, 3, 0)
"""From this release on orderers create topics themselves; before, brokers do when they are asked about one."""
_BOOTSTRAP_MS = 5_000
_WAIT_MS = 5_000
_LARGEST = 100 << 20
_LOOK_EVERY = 2.0
"""Seconds without a message after which the leader is asked whether it still leads."""


class KafkaTopic:
    """One topic with one partition, whose messages are acknowledged by all replicas in sync."""

    def __init__(self, context: Context, seeds: Sequence[str], topic: str, replication: int | None) -> None:
        self._context = context
        self._topic = topic
        self._partition = TopicPartition(topic, 0)
        self._replication = replication
        self._settings = {
            "bootstrap_servers": list(seeds),
            "client_id": context.name,
            "bootstrap_timeout_ms": _BOOTSTRAP_MS,
            "reconnect_backoff_max_ms": 500,
            "metadata_max_age_ms": 10_000,
            **_tls(context),
        }
        self._consumer: Any = None
        self._producer: Any = None
        self._seen = 0.0
        self._next: int | None = None

    def connect(self) -> None:
        """Create the topic if need be, and find its leader. Raises KafkaError."""
        self.close()
        with _errors():
            if self._replication and self._context.release.number >= _CREATES_TOPICS:
                self._create(self._replication)
            self._consumer = KafkaConsumer(
                **self._settings,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                request_timeout_ms=_WAIT_MS,
                max_partition_fetch_bytes=_LARGEST,
            )
            # asking for its metadata makes brokers create a topic; until somebody leads it the client asks again
            self._consumer.assign([self._partition])
            self._look()

    def _create(self, replication: int) -> None:
        admin = KafkaAdminClient(**self._settings, request_timeout_ms=_WAIT_MS)
        try:
            if self._topic not in admin.list_topics():
                with suppress(TopicAlreadyExistsError):
                    admin.create_topics([NewTopic(self._topic, 1, replication)], timeout_ms=_WAIT_MS)
        finally:
            admin.close()

    def _look(self) -> None:
        self._consumer.end_offsets([self._partition], timeout_ms=_WAIT_MS)
        self._seen = time.monotonic()

    def produce(self, message: bytes) -> int:
        """Append a message. Raises KafkaError."""
        with _errors():
            if self._producer is None:
                self._producer = KafkaProducer(
                    **self._settings,
                    acks="all",
                    retries=0,  # the orderer tries again itself
                    enable_idempotence=False,
                    max_block_ms=_WAIT_MS,
                    request_timeout_ms=_WAIT_MS,
                    delivery_timeout_ms=_WAIT_MS + 1000,
                    max_request_size=_LARGEST,
                )
            sent = self._producer.send(self._topic, message, partition=0)
            return int(sent.get(timeout=_WAIT_MS / 1000 + 2).offset)

    def fetch(self, offset: int, wait: float) -> list[bytes]:
        """Messages from `offset` on. Raises KafkaError, also when nobody leads the topic any more."""
        with _errors():
            if self._consumer is None:
                raise KafkaError("kafka: client is not connected")
            if self._next != offset:
                self._consumer.seek(self._partition, offset)
            found = self._consumer.poll(timeout_ms=int(wait * 1000)).get(self._partition, [])
            if found:
                self._seen = time.monotonic()
            elif time.monotonic() - self._seen > _LOOK_EVERY:
                self._look()
        if found and found[0].offset != offset:
            raise KafkaError(f"kafka: message {offset} is gone, the next one is {found[0].offset}")
        self._next = offset + len(found)
        return [record.value for record in found]

    def close(self) -> None:
        """Hang up."""
        for client in (self._consumer, self._producer):
            if client is not None:
                with suppress(ClientError):
                    client.close() if client is self._consumer else client.close(timeout=0)
        self._consumer = self._producer = self._next = None


def _tls(context: Context) -> dict[str, Any]:
    """TLS with the orderer's own certificate, checking the brokers' names as Fabric's client does."""
    if not context.flag("ORDERER_KAFKA_TLS_ENABLED"):
        return {}
    return {
        "security_protocol": "SSL",
        "ssl_check_hostname": True,
        "ssl_cafile": context.setting("ORDERER_KAFKA_TLS_ROOTCAS_FILE"),
        "ssl_certfile": context.setting("ORDERER_KAFKA_TLS_CERTIFICATE_FILE"),
        "ssl_keyfile": context.setting("ORDERER_KAFKA_TLS_PRIVATEKEY_FILE"),
    }


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise KafkaError(
            "kafka server: The requested offset is outside the range of offsets maintained by the server for the "
            "given topic/partition."
        ) from error
    except (ClientError, OSError) as error:
        raise KafkaError(f"kafka: {error}") from error
