"""What a host has against what its roles need: Docker's networks, versions, memory and disk."""

from __future__ import annotations

import time

import pytest

from fabwiz.deploy.host_fit import doubts
from fabwiz.deploy.host_probe import Probe, parse_probe, problems
from fabwiz.session.network import Network

FIT = {"engine": "26.1.5", "plugin": "2.26.1", "memory_kb": str(8 << 20), "docker_free_kb": str(50 << 20)}


def said(**more: str) -> Probe:
    """What a host says that has all that it needs, but for what is given."""
    now = int(time.time())
    probe = parse_probe(
        "\n".join(f"{key}={value}" for key, value in ({"clock": str(now)} | FIT | more).items() if value)
    )
    probe.asked = float(now)
    return probe


def wrong(network: Network, **more: str) -> list[tuple[str, str]]:
    return list(problems(network, network.hosts["a"], said(**more), rehearsal=False))


def test_a_host_that_has_all_gives_no_cause_for_doubt(network: Network) -> None:
    assert wrong(network, subnets='bridge [{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]') == []
    assert list(doubts(network, network.hosts["a"], said())) == []


def test_a_docker_network_that_covers_another_hosts_address(network: Network) -> None:
    address = network.hosts["b"].address
    assert address
    ((message, remedy),) = wrong(network, subnets=f'lan_default [{{"Subnet":"{address}/24"}}]')
    assert message.startswith("its Docker network lan_default (")
    assert f"b ({address})" in message
    assert "a (" not in message, "the bridge may well have this host's own address in it"
    assert "docker network rm lan_default" in remedy
    assert "default-address-pools" in remedy


@pytest.mark.parametrize(
    "line", ["host null", "host []", "x", "x {", 'x [{"Subnet": 5}]', 'x [{"Subnet":"what/16"}]', "x [1]", "x 3"]
)
def test_networks_without_addresses_or_sense_are_passed_over(network: Network, line: str) -> None:
    assert wrong(network, subnets=line) == []


def test_a_compose_that_cannot_read_the_files(network: Network) -> None:
    ((message, _),) = wrong(network, plugin="", standalone="1.17.1")
    assert message == "its docker-compose is 1.17.1; 1.18 is the oldest that works"
    assert wrong(network, plugin="", standalone="1.29.2") == []
    assert wrong(network, standalone="1.17.1") == [], "the plugin is there, and taken"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"engine": "1.13.1"}, "its Docker is 1.13.1, older than any that was tried (17.06 and later)"),
        ({"memory_kb": str(1 << 20)}, "it has 1074 MB of memory, and its "),
        ({"docker_free_kb": "204800"}, "only 210 MB are free where its Docker keeps images and ledgers"),
    ],
)
def test_what_may_go_wrong_is_told_and_does_not_refuse(network: Network, more: dict[str, str], words: str) -> None:
    (doubt,) = doubts(network, network.hosts["a"], said(**more))
    assert doubt.startswith(words)
    assert wrong(network, **more) == []
