"""The nodes of other hosts, by name: what Docker writes into a container's /etc/hosts."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from functools import cache

from fabwiz.artifacts.errors import ArtifactError
from fabwiz.session.network import Host, Network

Resolve = Callable[[str], str]
"""From a DNS name to an IP address; raises OSError."""


def system_resolve(name: str) -> str:
    """Ask this machine's resolver, IPv4 first: Docker's own networks speak IPv4."""
    found = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


def other_nodes(network: Network, host_name: str, resolve: Resolve = system_resolve) -> dict[str, str]:
    """Every node on another host that publishes a port, by name, with its host's IP address.

    A host's own nodes are never among them: Docker's DNS knows them, and an entry for a node's own name would send
    it to its host's address, which it cannot listen on. Docker takes IP addresses only, so DNS names are resolved
    here. Raises ArtifactError where an address is missing or does not resolve.
    """
    result: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for node in network.nodes:
        if node.host == host_name or not node.ports:
            continue
        if node.host not in addresses:
            addresses[node.host] = _address(network.hosts.get(node.host), node.host, resolve)
        result[node.name] = addresses[node.host]
    return result


def _address(host: Host | None, name: str, resolve: Resolve) -> str:
    if host is None:
        raise ArtifactError(f"nodes are placed on host {name}, which is not listed under hosts")
    if not host.address:
        raise ArtifactError(
            f"hosts.{name} has no address, but nodes on other hosts must reach it; give it one: hosts.{name}.address"
        )
    if literal := _literal(host.address):
        return literal
    try:
        return resolve(host.address)
    except (OSError, UnicodeError) as error:
        raise ArtifactError(
            f"hosts.{name}.address: {host.address} does not resolve on this machine ({error}); containers need its "
            "IP address: write it there"
        ) from error


@cache
def _literal(address: str) -> str | None:
    """An IP address as Docker reads it; `None` for a name. Every host's file names every other host."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
