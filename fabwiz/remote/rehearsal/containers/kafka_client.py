"""How orderers reach the Kafka stand-ins: any seed broker tells who leads a topic, and under which advertised name."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Any

from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.containers.topics import KafkaError
from fabwiz.remote.rehearsal.wire import receive_frame, send_frame


class KafkaClient:
    """A connection to the leader of one topic; not for several threads. All methods raise KafkaError."""

    def __init__(self, context: Context, seeds: Sequence[str], topic: str, replication: int | None) -> None:
        self._context = context
        self._seeds = seeds
        self._topic = topic
        self._replication = replication
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Find the topic's leader, creating the topic if need be, and connect to it as it is advertised."""
        self.close()
        about = self._metadata()
        broker = about["brokers"].get(str(about["leader"]))
        if broker is None:
            raise KafkaError(
                "kafka server: There is no leader for this topic-partition as we are in the middle of a "
                "leadership election."
            )
        try:
            self._socket = self._context.dial(broker["host"], broker["port"])
        except OSError as error:
            raise KafkaError(
                f"Failed to connect to broker {broker['host']}:{broker['port']}: dial tcp: {str(error).lower()}"
            ) from error
        self._socket.settimeout(10)

    def _metadata(self) -> dict[str, Any]:
        words = "kafka: client has run out of available brokers to talk to (Is your cluster reachable?)"
        for seed in self._seeds:
            host, _, port = seed.rpartition(":")
            try:
                with self._context.dial(host, int(port), 2.0) as sock:
                    send_frame(sock, {"op": "metadata", "topic": self._topic, "replication": self._replication})
                    answer, _ = receive_frame(sock)
            except (OSError, EOFError, ValueError) as error:
                if self._context.flag("ORDERER_KAFKA_VERBOSE"):
                    self._context.log(f"[sarama] Failed to connect to broker {seed}: dial tcp: {error}")
                continue
            if "error" not in answer:
                return answer
            words = answer["error"]
        raise KafkaError(words)

    def produce(self, message: bytes) -> int:
        """Append a message; returns its offset."""
        return int(self._call({"op": "produce", "topic": self._topic}, message)[0]["offset"])

    def fetch(self, offset: int, wait: float) -> list[bytes]:
        """Messages from `offset` on, waiting up to `wait` seconds for the first."""
        answer, body = self._call({"op": "fetch", "topic": self._topic, "offset": offset, "wait": wait})
        found, at = [], 0
        for length in answer["lengths"]:
            found.append(body[at : at + length])
            at += length
        return found

    def _call(self, request: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        if self._socket is None:
            raise KafkaError("kafka: client is not connected")
        try:
            send_frame(self._socket, request, body)
            answer, message = receive_frame(self._socket)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise KafkaError(f"kafka: broker not connected: {error}") from error
        if "error" in answer:
            raise KafkaError(answer["error"])
        return answer, message

    def close(self) -> None:
        """Hang up."""
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None
