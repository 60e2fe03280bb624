"""What the brokers say of their topics: Kafka's own tools, run in a broker's container."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fabwiz.session.network import Network
from tests.lab.machine.lab import LabHost

_LINE = re.compile(r"Topic:\s*(\S+)\s+Partition:\s*(\d+)\s+Leader:\s*(\S+)\s+Replicas:\s*(\S+)\s+Isr:\s*(\S*)")
_RUN = "/opt/kafka/bin/kafka-run-class.sh"
_OFFSET = re.compile(r"\b(?:offset|baseOffset): (\d+)")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic with one partition, by broker ids."""

    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


def topics(hosts: Mapping[str, LabHost], network: Network, ask: str | None = None) -> dict[str, Topic]:
    """All topics of a cluster. `ask`: the broker whose tools are used. Internal topics are left out."""
    broker = next(node for node in network.kafka if ask in (None, node.name))
    seeds = ",".join(server.address for server in network.zookeeper)
    argv = ["docker", "exec", broker.name, _RUN, "kafka.admin.TopicCommand", "--zookeeper", seeds, "--describe"]
    found: dict[str, Topic] = {}
    for name, partition, leader, replicas, in_sync in _LINE.findall(hosts[broker.host].ok(*argv)):
        assert partition == "0", f"{name} has more than one partition"
        found[name] = Topic(int(leader) if leader.isdigit() else -1, _ids(replicas), _ids(in_sync))
    return {name: topic for name, topic in found.items() if not name.startswith("__")}


def messages(hosts: Mapping[str, LabHost], network: Network, broker_id: int, topic: str) -> int:
    """How many messages of a topic a broker has on its disk: no client could get more, TLS or not."""
    broker = next(node for node in network.kafka if node.id == broker_id)
    log = f"/var/lib/kafka/log/{topic}-0/00000000000000000000.log"
    argv = ["docker", "exec", broker.name, _RUN, "kafka.tools.DumpLogSegments", "--files", log, "--deep-iteration"]
    numbers = [int(number) for number in _OFFSET.findall(hosts[broker.host].ok(*argv))]
    return max(numbers, default=-1) + 1


def sockets(host: LabHost, node: str) -> tuple[set[int], set[int]]:
    """Of a node's container: TCP ports at which it listens, and ports of others that it is connected to."""
    listening, connected = set(), set()
    for line in host.ok("docker", "exec", node, "cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines():
        fields = line.split()
        if fields[0].endswith(":") and not fields[1].startswith("0B00007F:"):  # 127.0.0.11 is Docker's resolver
            local, remote, state = (fields[number].rpartition(":")[2] for number in (1, 2, 3))
            if state == "0A":
                listening.add(int(local, 16))
            elif state == "01":
                connected.add(int(remote, 16))
    return listening, connected


def _ids(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)
