"""Whether hosts get through to the ports that their nodes need: which ports, how they are asked, what is told."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy import way_probe
from fabwiz.deploy.events import Kind
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.way_probe import PROBE_SCRIPT, Answer, parse
from fabwiz.deploy.ways import ways
from fabwiz.session.network import Network
from tests.deploy.shut_ports import taking_nobody_in
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for
from tests.sshd import free_port

TOOLS = ["python3", "perl", "bash", "nc", "curl"]


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    return free_port()


def test_brokers_need_zookeeper_and_one_another_and_peers_the_orderers(network: Network) -> None:
    found = {(way.node.name, way.port): [node.name for node in way.by] for way in ways(network, "d")}

    assert found == {
        ("zk1", 2181): ["kafka4"],
        ("zk2", 2181): ["kafka4"],
        ("zk3", 2181): ["kafka4"],
        ("kafka1", 9092): ["kafka4"],
        ("kafka2", 9092): ["kafka4"],
        ("kafka3", 9092): ["kafka4"],
        ("orderer1.example.com", 7050): ["peer1.org2.example.com"],
        ("orderer2.example.com", 7050): ["peer1.org2.example.com"],
        ("orderer3.example.com", 7050): ["peer1.org2.example.com"],
        ("peer0.org1.example.com", 7051): ["peer1.org2.example.com"],
        ("peer1.org1.example.com", 7051): ["peer1.org2.example.com"],
        ("peer0.org2.example.com", 7051): ["peer1.org2.example.com"],
    }


def test_zookeeper_servers_need_the_ports_of_elections(network: Network) -> None:
    found = [(way.node.name, way.port) for way in ways(network, "a") if "zk1" in [node.name for node in way.by]]
    assert found == [("zk2", 2888), ("zk2", 3888), ("zk3", 2888), ("zk3", 3888)]


def test_peers_that_share_nothing_need_no_way_to_one_another() -> None:
    session = changed(session_of("four-lan-hosts"), ("channels", "mychannel", "organizations"), ["Org1"])
    found = {way.node.name for way in ways(Network(session), "d")}
    assert "peer0.org2.example.com" in found
    assert "peer0.org1.example.com" not in found


@pytest.mark.parametrize("tool", TOOLS)
def test_a_port_answers_whether_or_not_anything_listens(tool: str, listening: int, closed: int) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} here")
    words = ["127.0.0.1", str(listening), "127.0.0.1", str(closed)]
    argv = ["sh", "-c", PROBE_SCRIPT, "ways", "2", *words]
    said = subprocess.run(argv, env={"PATH": "/usr/bin:/bin", "TOOL": tool}, capture_output=True, text=True, check=True)
    assert "open" in said.stdout
    assert "efused" in said.stdout
    assert parse(said.stdout) == {("127.0.0.1", listening): Answer.THROUGH, ("127.0.0.1", closed): Answer.THROUGH}


@pytest.mark.parametrize("tool", TOOLS)
def test_silence_is_told_from_an_answer(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} here")
    port = free_port()
    with taking_nobody_in("127.0.0.1", port):
        argv = ["sh", "-c", PROBE_SCRIPT, "ways", "1", "127.0.0.1", str(port)]
        environment = {"PATH": "/usr/bin:/bin", "TOOL": tool}
        said = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=30)
    assert parse(said.stdout) == {("127.0.0.1", port): Answer.SILENCE}, said.stdout


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("open", Answer.THROUGH),
        ("Connection refused", Answer.THROUGH),
        ("nc: connect to 192.0.2.7 port 2181 (tcp) failed: No route to host", Answer.NO_WAY),
        ("bash: connect: Network is unreachable", Answer.NO_WAY),
        ("Operation not permitted", Answer.NO_WAY),  # its own firewall lets nothing out
        ("Ncat: TIMEOUT.", Answer.SILENCE),
        ("* Connection timed out after 5001 milliseconds", Answer.SILENCE),
        ("nc: invalid option -- z", Answer.UNCLEAR),
    ],
)
def test_what_tools_say(words: str, answer: Answer) -> None:
    assert parse(f"Welcome!\nway 192.0.2.7 2181 {words}\n") == {("192.0.2.7", 2181): answer}


@pytest.mark.parametrize("line", ["way", "way here 2181 open", "way 192.0.2.7 x open", "way 192.0.2.7 2181", "open"])
def test_other_lines_are_passed_over(line: str) -> None:
    assert parse(line) == {}


def test_a_host_without_any_tool_says_so() -> None:
    argv = ["sh", "-c", PROBE_SCRIPT, "ways", "5", "127.0.0.1", "2181"]
    said = subprocess.run(
        argv, env={"PATH": "/usr/bin:/bin", "TOOL": "none"}, capture_output=True, text=True, check=True
    )
    assert said.stdout == "nothing\n"


def said_about_ways(site: Site) -> dict[str | None, str]:
    return {event.host: event.message or "" for event in site.said(Phase.PREFLIGHT) if event.step == "ways"}


def test_hosts_of_a_rehearsal_get_through(tmp_path: Path) -> None:
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        assert errors(site.replay(until=Phase.PREFLIGHT)) == []
        assert said_about_ways(site)["d"] == "12 of 12 ports on 3 hosts can be reached"


def test_a_blocked_port_is_told_by_every_host_that_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_probe, "SECONDS", 1)
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        session = site.hosts.session
        address = session.hosts["c"].address
        assert address
        with taking_nobody_in(address, 3888):
            outcome = site.replay(until=Phase.DISTRIBUTE)

            assert failed_phase(outcome) == Phase.PREFLIGHT
            found = {failure.step.host: failure.error for failure in outcome.failures}
            assert set(found) == {"a", "b"}, "d runs no ZooKeeper server"
            assert f"c ({address}) does not answer at 3888 (zk3, for zk1)" in found["a"].message
            assert "let a in on c, TCP 3888" in (found["a"].remedy or "")
            assert "port-blocked" in (found["a"].remedy or "")

            accepted = changed(session, ("accept",), {"port-blocked": "Docker leads past ufw"})
            assert errors(site.replay(accepted, until=Phase.PREFLIGHT)) == []
            told = [event.message or "" for event in site.events if event.event is Kind.LOG]
            assert any("at 3888 (zk3, for zk1) (accepted: Docker leads past ufw)" in message for message in told)
