"""What a host has against what its roles need: Docker's networks, versions, memory and disk."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from fabwiz.deploy.image_room import megabytes
from fabwiz.remote.answers import json_value, number
from fabwiz.session.network import Host, Network, Role

if TYPE_CHECKING:
    from fabwiz.deploy.host_probe import Probe

# prints `subnets=NAME JSON` for each of Docker's networks, and `docker_free_kb=`; part of PROBE_SCRIPT
FIT_SCRIPT = r"""
networks=$(docker network ls -q 2>/dev/null)
[ -z "$networks" ] || docker network inspect --format '{{.Name}} {{json .IPAM.Config}}' $networks 2>/dev/null |
  sed 's/^/subnets=/'
root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null)
[ ! -d "$root" ] || say docker_free_kb "$(df -Pk "$root" | awk 'NR == 2 {print $4}')"
"""

LEAST_ENGINE = (17, 6)
"""Docker 17.06: the first that Compose files of version 2.4 and later are written for; older ones are not tried."""
LEAST_COMPOSE = (1, 18)
"""docker-compose 1.18 reads the files that hosts get (fabwiz/artifacts/compose/file.py)."""
LEAST_DOCKER_DISK = 1 << 30
"""Bytes. Images are there already, or are weighed when they are sent; this is for the first ledgers and topics."""
_MEMORY = {
    Role.ZOOKEEPER: 256 << 20,
    Role.KAFKA: 256 << 20,  # beside its heap
    Role.ORDERER: 128 << 20,
    Role.PEER: 256 << 20,
    Role.COUCHDB: 128 << 20,
    Role.TOOLS: 32 << 20,
}
"""Bytes that an idle node of a small network takes, rounded up; busy ones take more."""
_HEAP = 1 << 30


def overlaps(network: Network, host: Host, probe: Probe) -> Iterator[tuple[str, str]]:
    """Networks of its Docker that hold the address of another host: packets for that one never leave this one."""
    others = {}
    for other in network.hosts.values():
        with suppress(ValueError):  # a name, which may mean an address that nobody here knows
            if other.name != host.name:
                others[other.name] = ipaddress.ip_address(other.address or "")
    for name, subnet in _subnets(probe):
        within = [f"{where} ({address})" for where, address in others.items() if address in subnet]
        if within:
            yield (
                f"its Docker network {name} ({subnet}) covers the address of {', '.join(within)}",
                (
                    f"`docker network rm {name}` there if nobody needs it, and give Docker other addresses "
                    "(default-address-pools and bip in /etc/docker/daemon.json), then restart Docker"
                ),
            )


def _subnets(probe: Probe) -> Iterator[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]]:
    for line in probe.subnets:
        name, _, config = line.partition(" ")
        with suppress(ValueError, AttributeError, TypeError):
            for part in json_value(config) or ():
                yield name, ipaddress.ip_network(str(part.get("Subnet")), strict=False)


def too_old(probe: Probe) -> Iterator[tuple[str, str]]:
    """Versions that are known not to work."""
    version = probe.values.get("standalone")
    if "plugin" not in probe.values and version and (found := _version(version)) and found < LEAST_COMPOSE:
        least = ".".join(map(str, LEAST_COMPOSE))
        yield (f"its docker-compose is {version}; {least} is the oldest that works", "install a newer one")


def doubts(network: Network, host: Host, probe: Probe) -> Iterator[str]:
    """What may go wrong on a host that is otherwise fit, each with the way out."""
    engine = probe.values.get("engine", "")
    if (found := _version(engine)) and found < LEAST_ENGINE:
        least = f"{LEAST_ENGINE[0]}.{LEAST_ENGINE[1]:02}"
        yield f"its Docker is {engine}, older than any that was tried ({least} and later): take a newer one"
    nodes = network.on(host.name)
    wanted = sum(_MEMORY.get(node.role, 0) for node in nodes)
    wanted += sum(network.session.ordering.kafka.heap or _HEAP for node in nodes if node.role is Role.KAFKA)
    memory = number(probe.values.get("memory_kb"))
    if memory is not None and memory << 10 < wanted:
        yield (
            f"it has {megabytes(memory << 10)} of memory, and its {len(nodes)} nodes need about {megabytes(wanted)}: "
            "give it more, give some of its roles to another host, or set ordering.kafka.heap"
        )
    free = number(probe.values.get("docker_free_kb"))
    if free is not None and free << 10 < LEAST_DOCKER_DISK:
        yield (
            f"only {megabytes(free << 10)} are free where its Docker keeps images and ledgers: make room, or give "
            "Docker (data-root) a larger disk"
        )


def _version(text: str) -> tuple[int, ...] | None:
    found = re.match(r"v?(\d{1,4})\.(\d{1,4})", text)
    return (int(found[1]), int(found[2])) if found else None
