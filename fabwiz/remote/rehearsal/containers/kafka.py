"""A stand-in for a Kafka broker: registers with ZooKeeper, keeps topics for the orderers."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import Any

from cryptography.hazmat.primitives.serialization import pkcs12

from fabwiz.remote.rehearsal.containers.context import Context, Exit
from fabwiz.remote.rehearsal.containers.topics import KafkaError, Topic, leader
from fabwiz.remote.rehearsal.containers.zookeeper import SESSION
from fabwiz.remote.rehearsal.wire import TcpService, receive_frame, send_frame

_LISTENER = re.compile(r"^(\w+)://([^:]*):(\d+)$")
_ZOOKEEPER_TIMEOUT = 6.0
_TOPIC = re.compile(r"^[a-zA-Z0-9._-]{1,249}$")


def check_stores(context: Context) -> None:
    """Key and trust store must be there and open with their passwords, though no TLS is spoken. Raises Exit."""
    front = "FATAL [KafkaServer] Fatal error during KafkaServer startup. Prepare to shutdown\norg.apache.kafka.common."
    for kind in ("KEYSTORE", "TRUSTSTORE"):
        inside = context.setting(f"KAFKA_SSL_{kind}_LOCATION")
        path = context.path(inside)
        if not inside or not path.is_file():
            raise Exit(1, f"{front}KafkaException: Failed to load SSL keystore {inside} (No such file or directory)")
        if context.setting(f"KAFKA_SSL_{kind}_TYPE", "JKS") != "PKCS12":
            continue
        try:
            password = context.setting(f"KAFKA_SSL_{kind}_PASSWORD").encode()
            store = pkcs12.load_pkcs12(path.read_bytes(), password)
        except ValueError as error:
            raise Exit(
                1,
                f"{front}KafkaException: Failed to load SSL keystore {inside} of type PKCS12: java.io.IOException: "
                "keystore password was incorrect",
            ) from error
        if kind == "KEYSTORE" and (store.key is None or store.cert is None):
            raise Exit(1, f"{front}config.ConfigException: {inside} holds no key with a certificate")


class LostSession(Exception):
    """ZooKeeper is gone, or its leader changed: register again."""


def kafka(context: Context) -> int:
    """Run a broker from its KAFKA_... environment and its log volume."""
    return Broker(context).run()


class Broker:
    """One broker."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.id = self._number("KAFKA_BROKER_ID", -1)
        self._listeners = self._parse(
            context.setting("KAFKA_LISTENERS", f"PLAINTEXT://:{context.setting('KAFKA_PORT', '9092')}")
        )
        advertised = context.setting("KAFKA_ADVERTISED_LISTENERS")
        if advertised:
            self.host, self.port = self._parse(advertised)[0][1:]
        else:
            self.host = context.setting("KAFKA_ADVERTISED_HOST_NAME") or self._listeners[0][1] or context.hostname
            self.port = self._number("KAFKA_ADVERTISED_PORT", self._listeners[0][2])
        self.max_bytes = self._number("KAFKA_MESSAGE_MAX_BYTES", 1000012)
        self.min_insync = self._number("KAFKA_MIN_INSYNC_REPLICAS", 1)
        self.factor = self._number("KAFKA_DEFAULT_REPLICATION_FACTOR", 1)
        self.live: dict[int, dict[str, Any]] = {}
        self.cluster = ""
        self._topics: dict[str, Topic] = {}
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._session = 0
        """ZooKeeper's number of our session, which outlives a lost connection."""

    def _number(self, key: str, default: int) -> int:
        text = self._context.setting(key, str(default))
        try:
            return int(text)
        except ValueError:
            name = key.removeprefix("KAFKA_").lower().replace("_", ".")
            raise Exit(
                1,
                f"FATAL (kafka.Kafka$)\norg.apache.kafka.common.config.ConfigException: Invalid value {text} "
                f"for configuration {name}: Not a number of type INT",
            ) from None

    def _parse(self, text: str) -> list[tuple[str, str, int]]:
        found = []
        for item in text.split(","):
            match = _LISTENER.match(item.strip())
            if not match:
                raise Exit(
                    1, f"FATAL java.lang.IllegalArgumentException: Error creating broker listeners from '{text}'"
                )
            found.append((match[1].upper(), match[2], int(match[3])))
        return found

    # life
    def run(self) -> int:
        """Register and serve until the container stops. Raises Exit with Kafka's last words."""
        context = self._context
        if any(kind.endswith("SSL") for kind, _, _ in self._listeners):
            context.log("[rehearsal] TLS of Kafka's listeners is not rehearsed: connections are plain")
            check_stores(context)
        session = self._connect()
        try:
            self._check_log_folder()
            self._register(session)
            try:
                services = [TcpService(context.addresses(port), self._serve) for _, _, port in self._listeners]
            except OSError as error:
                why = f"Socket server failed to bind to 0.0.0.0: {error.strerror}"
                raise Exit(1, f"FATAL kafka.common.KafkaException: {why}") from error
            context.log(f"INFO [KafkaServer id={self.id}] started (kafka.server.KafkaServer)")
            while not context.sleep(0.3):
                try:
                    self._refresh(session)
                except LostSession:
                    context.log("INFO zookeeper state changed (Disconnected) (org.I0Itec.zkclient.ZkClient)")
                    session.close()
                    session = self._connect(forever=True)
                    if not context.stop.is_set():
                        self._register(session)
            for service in services:
                service.close()
            context.log(f"INFO [KafkaServer id={self.id}] shut down completed (kafka.server.KafkaServer)")
            return 0
        finally:
            with contextlib.suppress(LostSession):  # the farewell: what is registered ends with it
                self._ask(session, {"op": "close"})
            session.close()

    def _connect(self, forever: bool = False) -> socket.socket:
        servers = self._context.setting("KAFKA_ZOOKEEPER_CONNECT").partition("/")[0]
        if not servers:
            raise Exit(1, 'FATAL Missing required configuration "zookeeper.connect" which has no default value.')
        waited = 0.0
        while forever or waited < _ZOOKEEPER_TIMEOUT:
            for server in servers.split(","):
                host, _, port = server.partition(":")
                try:
                    sock = self._context.dial(host, int(port or 2181), 1.0)
                except (OSError, ValueError) as error:
                    if server not in self._told:
                        self._told.add(server)
                        self._context.log(
                            f"WARN Session 0x0 for server {server}: {error} (org.apache.zookeeper.ClientCnxn)"
                        )
                    continue
                try:
                    sock.settimeout(2.0)
                    sock.sendall(SESSION)
                    timeout = self._number("KAFKA_ZOOKEEPER_SESSION_TIMEOUT_MS", 6000) / 1000
                    answer = self._ask(sock, {"op": "connect", "session": self._session, "timeout": timeout})
                    self._session = answer["session"]
                    return sock
                except LostSession:
                    sock.close()
            if self._context.sleep(0.2):
                return socket.socket()
            waited += 0.2
        raise Exit(
            1,
            "FATAL [KafkaServer] Fatal error during KafkaServer startup. Prepare to shutdown\n"
            "org.I0Itec.zkclient.exception.ZkTimeoutException: Unable to connect to zookeeper server within timeout: "
            "6000",
        )

    @staticmethod
    def _ask(session: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
        try:
            send_frame(session, request)
            return receive_frame(session)[0]
        except (OSError, EOFError, ValueError) as error:
            raise LostSession from error

    def _check_log_folder(self) -> None:
        """`meta.properties`, as LogManager and KafkaServer keep it."""
        folder = self._context.path(self._context.setting("KAFKA_LOG_DIRS", "/tmp/kafka-logs").split(",")[0])  # noqa: S108
        folder.mkdir(parents=True, exist_ok=True)
        meta = folder / "meta.properties"
        if meta.exists():
            stored = dict(line.partition("=")[::2] for line in meta.read_text().splitlines())
            if stored.get("broker.id") != str(self.id):
                raise Exit(
                    1,
                    "FATAL kafka.common.InconsistentBrokerIdException: Configured broker.id "
                    f"{self.id} doesn't match stored broker.id {stored.get('broker.id')} in meta.properties.",
                )
        else:
            meta.write_text(f"version=0\nbroker.id={self.id}\n")

    def _register(self, session: socket.socket) -> None:
        path = f"/brokers/ids/{self.id}"
        try:
            answer = self._ask(session, {"op": "create", "path": path, "data": {"host": self.host, "port": self.port}})
        except LostSession:
            return  # the next refresh notices
        if answer.get("error") and answer["owner"] != self._session:
            raise Exit(
                1,
                f"FATAL java.lang.RuntimeException: A broker is already registered on the path {path}. This probably "
                "indicates that you either have configured a brokerid that is already in use, or else you have "
                "shutdown this broker and restarted it faster than the zookeeper timeout so it appears to be "
                "re-registering.",
            )
        if "nodes" in answer:
            self._note(answer)
        self._context.log(
            f"INFO Registered broker {self.id} at path {path} with addresses: PLAINTEXT -> "
            f"EndPoint({self.host},{self.port})"
        )

    def _refresh(self, session: socket.socket) -> None:
        self._note(self._ask(session, {"op": "list"}))
        if self.id not in self.live:
            self._register(session)

    def _note(self, answer: dict[str, Any]) -> None:
        front = "/brokers/ids/"
        self.live = {int(p.removeprefix(front)): d for p, d in answer["nodes"].items() if p.startswith(front)}
        self.cluster = answer["cluster"]

    # clients
    def _serve(self, sock: socket.socket) -> None:
        while True:
            request, body = receive_frame(sock)
            try:
                answer, message = self._answer(request, body)
            except KafkaError as error:
                answer, message = {"error": str(error)}, b""
            send_frame(sock, answer, message)

    def _topic(self, name: str) -> Topic:
        folder = self._context.shared / "kafka" / self.cluster
        with self._lock:
            folder.mkdir(parents=True, exist_ok=True)
            key = f"{self.cluster}/{name}"
            return self._topics.setdefault(key, Topic(folder, name))

    def _answer(self, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        name = request["topic"]
        if not _TOPIC.match(name):
            raise KafkaError("kafka server: The request attempted to perform an operation on an invalid topic.")
        topic = self._topic(name)
        if request["op"] == "metadata":
            if not topic.exists:
                topic.create(name, list(self.live), int(request.get("replication") or self.factor))
                self._context.log(f"INFO Created log for partition {name}-0")
            return {
                "leader": leader(topic.replicas, self.live),
                "brokers": {str(i): b for i, b in self.live.items()},
            }, b""
        if not topic.exists:
            raise KafkaError("kafka server: Request was for a topic or partition that does not exist on this broker.")
        if leader(topic.replicas, self.live) != self.id:
            raise KafkaError(
                "kafka server: Tried to send a message to a replica that is not the leader for some "
                "partition. Your metadata is out of date."
            )
        if request["op"] == "produce":
            return self._produce(topic, name, body)
        messages = topic.read(int(request["offset"]), min(float(request.get("wait", 0)), 1.0))
        return {"lengths": [len(m) for m in messages]}, b"".join(messages)

    def _produce(self, topic: Topic, name: str, body: bytes) -> tuple[dict[str, Any], bytes]:
        if len(body) > self.max_bytes:
            raise KafkaError("kafka server: Message was too large, server rejected it to avoid allocation error.")
        in_sync = [broker for broker in topic.replicas if broker in self.live]
        if len(in_sync) < self.min_insync:
            self._context.log(
                f"ERROR [ReplicaManager broker={self.id}] NotEnoughReplicasException: Number of insync replicas for "
                f"partition {name}-0 is [{len(in_sync)}], below required minimum [{self.min_insync}]"
            )
            raise KafkaError(
                "kafka server: Messages are rejected since there are fewer in-sync replicas than required."
            )
        return {"offset": topic.append(body)}, b""
