"""ZooKeeper's quorum and Kafka's registration, over two or more rehearsal hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.remote.rehearsal.wire import receive_frame, send_frame
from fabwiz.session.model import Session

ZOOKEEPER = "hyperledger/fabric-zookeeper:0.4.14"
KAFKA = "hyperledger/fabric-kafka:0.4.14"


def zookeeper(number: int, others: dict[str, str], **environment: str) -> dict[str, Any]:
    lines = [f"server.{n}={'0.0.0.0' if n == number else f'zk{n}'}:2888:3888" for n in range(1, len(others) + 2)]
    return {
        f"zk{number}": {
            "image": ZOOKEEPER,
            "container_name": f"zk{number}",
            "environment": {"ZOO_MY_ID": str(number), "ZOO_SERVERS": " ".join(lines), **environment},
            "ports": ["2181:2181", "2888:2888", "3888:3888"],
            "extra_hosts": others,
        }
    }


def kafka(number: int, zookeepers: dict[str, str], **environment: str) -> dict[str, Any]:
    return {
        f"kafka{number}": {
            "image": KAFKA,
            "container_name": f"kafka{number}",
            "environment": {
                "KAFKA_BROKER_ID": str(number),
                "KAFKA_ZOOKEEPER_CONNECT": ",".join(f"{name}:2181" for name in zookeepers),
                "KAFKA_LOG_DIRS": "/var/lib/kafka",
                **environment,
            },
            "volumes": [f"log{number}:/var/lib/kafka"],
            "extra_hosts": zookeepers,
        }
    }


@pytest.fixture
def hosts(small: Callable[..., Session], start: Callable[..., Rehearsal], shell_on: Callable[..., Any]) -> Any:
    """Three hosts, each with what is needed to place zk1 to zk3."""
    rehearsal = start(small(3))
    return [shell_on(rehearsal, f"h{n}") for n in (1, 2, 3)]


def others(hosts: Any, number: int) -> dict[str, str]:
    return {f"zk{n}": h.rehearsal.address(h.host) for n, h in enumerate(hosts, 1) if n != number}


def modes(hosts: Any) -> list[str]:
    answers = [host.word("srvr") for host in hosts]
    return [line.split()[1] for answer in answers for line in answer.splitlines() if line.startswith("Mode:")]


def test_a_majority_elects_one_leader(hosts: Any, wait_until: Callable[..., Any]) -> None:
    hosts[0].compose(zookeeper(1, others(hosts, 1)), "up", "-d")
    wait_until(lambda: hosts[0].word("ruok") == "imok")
    assert hosts[0].word("srvr") == "This ZooKeeper instance is not currently serving requests\n"
    hosts[1].compose(zookeeper(2, others(hosts, 2)), "up", "-d")
    wait_until(lambda: sorted(modes(hosts)) == ["follower", "leader"])
    hosts[2].compose(zookeeper(3, others(hosts, 3)), "up", "-d")
    wait_until(lambda: sorted(modes(hosts)) == ["follower", "follower", "leader"])
    leading = next(h for h in hosts if "leader" in h.word("srvr"))
    leading.rehearsal.crash(leading.host)
    wait_until(lambda: sorted(modes(hosts)) == ["follower", "leader"])


def test_an_own_entry_that_is_not_the_container_cannot_be_bound(hosts: Any, wait_until: Callable[..., Any]) -> None:
    """The trap of extra_hosts with a node's own name: the name leads to the host, not to the container."""
    services = zookeeper(1, others(hosts, 1))
    services["zk1"]["environment"]["ZOO_SERVERS"] = "server.1=zk1:2888:3888 server.2=zk2:2888:3888"
    services["zk1"]["extra_hosts"] = {"zk1": hosts[0].rehearsal.address("h1"), **others(hosts, 1)}
    hosts[0].compose(services, "up", "-d")
    wait_until(lambda: hosts[0].inspect("zk1")["State"]["Status"] == "exited")
    assert "java.net.BindException: Cannot assign requested address" in hosts[0].run("docker", "logs", "zk1").err


def test_brokers_register_once_each(hosts: Any, wait_until: Callable[..., Any]) -> None:
    box = hosts[0]
    services = {
        "zk1": {"image": ZOOKEEPER, "container_name": "zk1", "environment": {"ZOO_MY_ID": "1"}, "ports": ["2181:2181"]},
        **kafka(1, {"zk1": box.rehearsal.address("h1")}),
        **kafka(2, {"zk1": box.rehearsal.address("h1")}),
    }
    volumes: dict[str, Any] = {"log1": {}, "log2": {}}
    assert box.compose(services, "up", "-d", volumes=volumes).code == 0
    wait_until(lambda: "/brokers/ids/2" in box.word("dump") and "/brokers/ids/1" in box.word("dump"))
    assert "Mode: standalone" in box.word("srvr")
    twin = kafka(2, {"zk1": box.rehearsal.address("h1")})["kafka2"] | {"container_name": "twin", "volumes": []}
    box.compose({**services, "twin": twin}, "up", "-d", "twin", volumes=volumes)
    wait_until(lambda: box.inspect("twin")["State"]["Status"] == "exited")
    assert "A broker is already registered on the path /brokers/ids/2" in box.run("docker", "logs", "twin").err
    box.run("docker", "stop", "kafka1")
    wait_until(lambda: "/brokers/ids/1" not in box.word("dump"))


def test_a_volume_belongs_to_one_broker_id(hosts: Any, wait_until: Callable[..., Any]) -> None:
    box = hosts[0]
    zk = {"zk1": {"image": ZOOKEEPER, "container_name": "zk1", "ports": ["2181:2181"]}}
    services = {**zk, **kafka(1, {"zk1": box.rehearsal.address("h1")})}
    box.compose(services, "up", "-d", volumes={"log1": {}})
    wait_until(lambda: "/brokers/ids/1" in box.word("dump"))
    services["kafka1"]["environment"]["KAFKA_BROKER_ID"] = "7"
    box.compose(services, "up", "-d", volumes={"log1": {}})
    wait_until(lambda: box.inspect("kafka1")["State"]["Status"] == "exited")
    logged = box.run("docker", "logs", "kafka1").err
    assert "Configured broker.id 7 doesn't match stored broker.id 1 in meta.properties" in logged


def test_a_name_nobody_knows_is_logged_as_docker_resolves_it(hosts: Any, wait_until: Callable[..., Any]) -> None:
    box = hosts[0]
    services = kafka(1, {})
    services["kafka1"]["environment"]["KAFKA_ZOOKEEPER_CONNECT"] = "zk9:2181"
    box.compose(services, "up", "-d", volumes={"log1": {}})
    wait_until(lambda: "lookup zk9 on 127.0.0.11:53: no such host" in box.run("docker", "logs", "kafka1").err)


def ask(box: Any, request: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
    """Speak to a broker as orderers do."""
    with box.dial(9092) as sock:
        send_frame(sock, request, body)
        return receive_frame(sock)


def one_broker(box: Any, **environment: str) -> dict[str, Any]:
    services = {
        "zk1": {"image": ZOOKEEPER, "container_name": "zk1", "ports": ["2181:2181"]},
        **kafka(1, {"zk1": box.rehearsal.address("h1")}, **environment),
    }
    services["kafka1"]["ports"] = ["9092:9092"]
    return services


def test_writes_need_replicas_in_sync_and_fit_into_a_message(hosts: Any, wait_until: Callable[..., Any]) -> None:
    box = hosts[0]
    services = one_broker(box, KAFKA_MIN_INSYNC_REPLICAS="2", KAFKA_MESSAGE_MAX_BYTES="1000")
    box.compose(services, "up", "-d", volumes={"log1": {}})
    wait_until(lambda: "/brokers/ids/1" in box.word("dump") and "started" in box.run("docker", "logs", "kafka1").err)
    assert ask(box, {"op": "metadata", "topic": "t", "replication": 2})[0] == {
        "error": "Replication factor: 2 larger than available brokers: 1."
    }
    about, _ = ask(box, {"op": "metadata", "topic": "t", "replication": 1})
    assert about["leader"] == 1
    few, _ = ask(box, {"op": "produce", "topic": "t"}, b"m")
    assert few["error"] == "kafka server: Messages are rejected since there are fewer in-sync replicas than required."
    large, _ = ask(box, {"op": "produce", "topic": "t"}, bytes(1001))
    assert "Message was too large" in large["error"]
    beyond, _ = ask(box, {"op": "fetch", "topic": "t", "offset": 5})
    assert "outside the range of offsets" in beyond["error"]


def test_messages_outlive_their_broker(hosts: Any, wait_until: Callable[..., Any]) -> None:
    box = hosts[0]
    services = one_broker(box)
    box.compose(services, "up", "-d", volumes={"log1": {}})
    wait_until(lambda: "/brokers/ids/1" in box.word("dump") and "started" in box.run("docker", "logs", "kafka1").err)
    ask(box, {"op": "metadata", "topic": "t"})
    assert [ask(box, {"op": "produce", "topic": "t"}, m)[0]["offset"] for m in (b"one", b"two")] == [0, 1]
    box.run("docker", "restart", "kafka1")
    wait_until(lambda: box.run("docker", "logs", "kafka1").err.count("started (kafka.server") == 2)
    assert ask(box, {"op": "fetch", "topic": "t", "offset": 1}) == ({"lengths": [3]}, b"two")


def test_tls_stores_must_be_there(hosts: Any, wait_until: Callable[..., Any]) -> None:
    box = hosts[0]
    services = one_broker(
        box,
        KAFKA_LISTENERS="SSL://0.0.0.0:9092",
        KAFKA_SSL_KEYSTORE_LOCATION="/stores/key.p12",
        KAFKA_SSL_KEYSTORE_TYPE="PKCS12",
    )
    box.compose(services, "up", "-d", volumes={"log1": {}})
    wait_until(lambda: box.inspect("kafka1")["State"]["Status"] == "exited")
    logged = box.run("docker", "logs", "kafka1").err
    assert "TLS of Kafka's listeners is not rehearsed" in logged
    assert "Failed to load SSL keystore /stores/key.p12" in logged
