"""Trying out hosts: what is reported of each, and when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from queue import Queue

import pytest

from fabwiz.deploy import way_probe
from fabwiz.deploy.host_probe import parse_probe
from fabwiz.deploy.host_report import HostReport, Stage
from fabwiz.deploy.host_test import HostTest, report
from fabwiz.remote.connection import HostKeyUnknown
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.remote.secrets import Question, Secret
from fabwiz.session.network import Network
from tests.deploy.shut_ports import taking_nobody_in
from tests.deploy.sites import changed, session_of


class Person:
    """Vouches for what it is told to, and remembers what it was shown."""

    def __init__(self, trusts: bool) -> None:
        self.trusts = trusts
        self.reviews: list[list[str]] = []

    def secret(self, question: Question) -> Secret | None:
        raise AssertionError(question)

    def accept_host_keys(self, unknown: Sequence[HostKeyUnknown]) -> bool:
        self.reviews.append(sorted(key.host for key in unknown))
        return self.trusts


def tried(network: Network, hosts: Sequence[str], options: RemoteOptions, person: Person) -> list[HostReport]:
    reports: Queue[HostReport | None] = Queue()
    HostTest(network, hosts, options, person, reports.put, lambda: reports.put(None))
    return list(iter(lambda: reports.get(timeout=60), None))


def test_hosts_are_reported_as_they_come_in(tmp_path: Path) -> None:
    with Rehearsal(session_of("four-lan-hosts"), tmp_path, without_docker=["b"]) as hosts:
        network = Network(hosts.session)
        known = hosts.known_hosts.read_text().splitlines(keepends=True)
        mine = tmp_path / "mine"
        mine.write_text("".join(known[:3]))  # d is new
        hosts.crash("c")
        options = RemoteOptions(known_hosts=mine, user_known_hosts=None, default_keys=False)

        refused = Person(trusts=False)
        reports = tried(network, ["a", "b", "c", "d", "x"], options, refused)
        assert refused.reviews == [["d"]]
        stages: dict[str, list[Stage]] = {}
        for one in reports:
            stages.setdefault(one.host, []).append(one.stage)
        assert stages == {
            "a": [Stage.REACHING, Stage.LOOKING, Stage.TRYING_WAYS, Stage.DONE],
            "b": [Stage.REACHING, Stage.LOOKING, Stage.TRYING_WAYS, Stage.DONE],
            "c": [Stage.REACHING, Stage.DONE],
            "d": [Stage.REACHING, Stage.DONE],
        }
        last = {one.host: one for one in reports}
        a = last["a"]
        assert a.fit, a.problems
        assert a.engine
        assert a.compose
        assert a.disk
        assert a.memory
        assert a.memory >= (a.spare_memory or 0) > 0
        assert a.skew is not None
        assert abs(a.skew) < 60
        assert "no Docker engine" in last["b"].problems[0][0]
        assert last["b"].reached
        assert not last["c"].reached
        assert last["d"].key_refused

        accepted = Person(trusts=True)
        again = tried(network, ["d"], options, accepted)
        assert again[-1].fit, again[-1].problems
        assert accepted.reviews == [["d"]]
        assert len(mine.read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("says", "ports"), [("listen=00000000:1B8A\nlisten=0B0000CB:0016\nlisten=3500007F:0035", (22, 7050)), ("", ())]
)
def test_ports_that_are_in_use_are_told_and_those_that_a_node_wants_are_a_problem(
    network: Network, says: str, ports: tuple[int, ...]
) -> None:
    text = "clock=1000\nengine=20.10\nplugin=2.1\nuid=0\nfree_kb=9999999\n" + says
    probe = parse_probe(text)
    probe.asked = 1000.5
    found = report(network, network.hosts["a"], probe)
    assert found.ports == ports
    assert found.is_root
    assert found.skew == 0.0
    assert found.fit == (not ports)
    assert not ports or "port 7050 of orderer1.example.com is taken" in found.problems[0][0]


def test_a_port_that_is_shut_is_a_problem_of_the_host_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_probe, "SECONDS", 1)
    with Rehearsal(session_of("four-lan-hosts"), tmp_path) as hosts:
        network = Network(hosts.session)
        address = hosts.session.hosts["c"].address
        assert address
        options = RemoteOptions(known_hosts=hosts.known_hosts, user_known_hosts=None, default_keys=False)
        with taking_nobody_in(address, 3888):
            last = {one.host: one for one in tried(network, ["a", "d"], options, Person(trusts=False))}
            accepted = Network(changed(hosts.session, ("accept",), {"port-blocked": "Docker leads past ufw"}))
            allowed = tried(accepted, ["a"], options, Person(trusts=False))[-1]
            hosts.crash("c")
            away = tried(network, ["a", "c"], options, Person(trusts=False))

        (blocked,) = last["a"].blocked
        assert (blocked.target, blocked.shut, blocked.remedy) == ("c", (3888,), "let a in on c, TCP 3888")
        assert f"c ({address}) does not answer at 3888 (zk3, for zk1)" in last["a"].problems[-1][0]
        assert last["a"].reached
        assert not last["a"].fit
        assert last["d"].fit, "it runs no ZooKeeper server"
        assert allowed.fit
        assert allowed.blocked
        final = [one for one in away if one.host == "a"][-1]
        assert final.fit, "a host that is off says nothing about firewalls"
