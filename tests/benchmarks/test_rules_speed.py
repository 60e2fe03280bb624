"""How the time of all rules grows with the network. Prints; run with `-m benchmark -s`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fabwiz.rules import check
from fabwiz.session.model import Session
from fabwiz.session.network import Network


def network_of(hosts: int, nodes: int, flaw: str = "") -> Network:
    """A network of about `nodes` nodes on `hosts` hosts; every fifth node is a peer of a two-peer organization."""
    names = [f"host{number}" for number in range(hosts)]
    brokers, orderers = nodes // 4, nodes // 4
    organizations: dict[str, Any] = {}
    for number in range((nodes - brokers - orderers - 5) // 2):
        first, second = names[number % hosts], names[(number + hosts // 2) % hosts]
        organizations[f"Org{number}"] = {
            "domain": f"org{number}.example.com",
            "peers": {"peer0": first, "peer1": first if flaw == "fault" else second},
            "anchors": ["peer0"],
        }
    lost = "nowhere" if flaw == "unknown" else ""
    return Network(
        Session.model_validate(
            {
                "fabwiz": 1,
                "name": "large",
                "fabric": "1.4.12",
                "hosts": {name: f"198.51.{number // 250}.{number % 250 + 1}" for number, name in enumerate(names)},
                "zookeeper": {f"zk{number}": names[number] for number in range(5)},
                "kafka": {f"kafka{number}": (lost or names[number % hosts]) for number in range(brokers)},
                "orderers": {f"orderer{number}": names[number % hosts] for number in range(orderers)},
                "organizations": organizations,
                "consortiums": {"All": list(organizations)},
                "channels": {f"channel{number}": {"organizations": list(organizations)} for number in range(5)},
            }
        )
    )


def seconds(network: Network) -> float:
    """The best of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        check(network)
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.benchmark
@pytest.mark.parametrize("flaw", ["", "fault", "unknown"])
def test_time_grows_with_the_network_not_with_its_square(flaw: str, capsys: pytest.CaptureFixture[str]) -> None:
    small, large = network_of(50, 150, flaw), network_of(500, 1500, flaw)
    few, many = seconds(small), seconds(large)
    with capsys.disabled():
        print(
            f"\nrules ({flaw or 'valid'}): {len(small.nodes)} nodes {few * 1000:.2f} ms, "
            f"{len(large.nodes)} nodes {many * 1000:.2f} ms, ratio {many / few:.1f} for 10 times the nodes"
        )
    assert check(large) == check(large)
