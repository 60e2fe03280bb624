"""Ports that a host has taken: by what, and whether that is in the way."""

from __future__ import annotations

import json
import time

from fabwiz.deploy.host_probe import Probe, parse_probe, problems
from fabwiz.session.network import Network


def told(network: Network, holder: str, status: str) -> list[str]:
    """What is wrong with host `a`, where a container holds the port of zk1."""
    row = {
        "Labels": f"fabwiz.network=lan4,fabwiz.node={holder}", "Names": holder, "ID": "1", "Image": "zookeeper",
        "Status": status, "Ports": "0.0.0.0:2181->2181/tcp",
    }  # fmt: skip
    now = int(time.time())
    lines = [
        f"clock={now}",
        "engine=20.10",
        "standalone=1.29.2",
        f"container={json.dumps(row)}",
        "listen=00000000:0885",
    ]
    probe: Probe = parse_probe("\n".join(lines))
    probe.asked = float(now)
    return [problem for problem, _ in problems(network, network.hosts["a"], probe, rehearsal=False)]


def test_another_container_is_in_the_way(network: Network) -> None:
    assert told(network, "zk9", "Up 3 minutes") == ["port 2181 of zk1 is taken by zk9"]


def test_the_nodes_own_container_is_not(network: Network) -> None:
    assert told(network, "zk1", "Up 3 minutes") == []


def test_nor_where_an_engine_that_came_back_is_still_restoring_it(network: Network) -> None:
    """Docker 20.10 shows a container as exited, its ports beside it, until it has started it again."""
    assert told(network, "zk1", "Exited (255) 2 seconds ago") == []
