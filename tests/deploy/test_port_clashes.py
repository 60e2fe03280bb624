"""Ports that a host has taken: by what, and whether that is in the way."""

from __future__ import annotations

import json
import time

import pytest

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.host_probe import Probe, parse_probe, problems, taken_ports
from fabwiz.deploy.phases import preflight
from fabwiz.deploy.phases.preflight import CheckHost
from fabwiz.deploy.run import Run
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


def test_a_server_of_both_kinds_of_addresses_is_in_the_way_where_it_listens_on_all_or_on_docker_s() -> None:
    text = "\n".join(
        f"listen=0000000000000000FFFF0000{address}:{port}"
        for address, port in (("00000000", "0001"), ("0100007F", "0002"), ("0101407F", "0003"), ("0B0000CB", "0004"))
    )
    listening = parse_probe(text + "\nlisten=00000000000000000000000000000000:0005").listening

    assert taken_ports(listening, rehearsal=False) == {1, 2, 4, 5}
    assert taken_ports(listening, rehearsal=True) == {1, 5}


def test_a_container_that_a_killed_run_was_starting_is_given_a_moment(
    network: Network, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def look(*_: object) -> Probe:
        status = "Created" if len(looks) < 2 else "Up 1 second"
        looks.append(status)
        row = {"Labels": "fabwiz.network=lan4,fabwiz.node=zk1", "Names": "zk1", "ID": "1", "Image": "", "Ports": ""}
        kept = json.dumps(row | {"Status": status})
        values = f"clock={int(time.time())}\nengine=20.10\nstandalone=1.29.2\n"
        probe = parse_probe(f"{values}container={kept}\nlisten=00000000:0885")
        probe.asked = time.time()
        return probe

    monkeypatch.setattr(preflight, "look", look)
    monkeypatch.setattr(preflight, "_PAUSE", 0.0)
    monkeypatch.setattr(run, "connection", lambda host: None)

    CheckHost(network, network.hosts["a"]).execute(run)

    assert looks == ["Created", "Created", "Up 1 second"]


def test_one_that_something_else_keeps_from_starting_is_not_waited_for_long(
    network: Network, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"Labels": "fabwiz.network=lan4,fabwiz.node=zk1", "Names": "zk1", "ID": "1", "Image": "", "Ports": ""}
    kept = json.dumps(row | {"Status": "Created"})
    probe = parse_probe(f"clock=1\nengine=20.10\nstandalone=1.29.2\ncontainer={kept}\nlisten=00000000:0885")
    probe.asked = 1.0
    monkeypatch.setattr(preflight, "look", lambda *_: probe)
    monkeypatch.setattr(preflight, "_PAUSE", 0.0)
    monkeypatch.setattr(run, "connection", lambda host: None)

    with pytest.raises(StepFailed, match="port 2181 of zk1 is taken by something else"):
        CheckHost(network, network.hosts["a"]).execute(run)
