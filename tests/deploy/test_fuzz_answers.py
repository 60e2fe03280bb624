"""Whatever hosts answer: what is read of it is a value or nothing, never an exception of Python's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given

from fabwiz.deploy import audit_probe, image_facts, way_probe, zookeeper
from fabwiz.deploy.docker import last_line, parse_containers
from fabwiz.deploy.host_probe import parse_probe, problems
from fabwiz.deploy.host_test import report
from fabwiz.deploy.logs import _LINE, _seconds
from fabwiz.deploy.node_log import NodeLog
from fabwiz.deploy.phases.generation import made_elsewhere
from fabwiz.diagnose import diagnose
from fabwiz.remote.answers import json_value, json_values, number
from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace
from tests.fuzzing import FUZZ, mutated

ROW = json.dumps(
    {
        "ID": "4c01db0b339c",
        "Image": "hyperledger/fabric-peer:1.4.12",
        "Labels": "fabwiz.network=lan4,fabwiz.node=peer0.org1.example.com,fabwiz.revision=abc",
        "Names": "peer0.org1.example.com",
        "Ports": "0.0.0.0:7051-7053->7051-7053/tcp, :::7050->7050/tcp, 9443/tcp",
        "Status": "Up 3 minutes (Paused)",
    }
)
PROBE = f"""clock=1790000000
arch=x86_64
uid=0
memory_kb=8000000
spare_kb=7000000
engine=26.1.4
plugin=2.27.1
free_kb=90000000
writable=/opt
listen=00000000:1B8B
listen=0100007F:0016
container={ROW}
volume=lan4_peer0
manifest={{"files": [{{"path": "orderer1/msp/cacerts/ca.pem", "mode": "0644", "sha256": "00"}}]}}
clock_at_end=1790000001
"""
IMAGES = """arch amd64
driver /var/lib/docker [["driver-type","io.containerd.snapshotter.v1"]]
image sha256:0a1b "2021-01-01T00:00:00Z" ["sha256:1","sha256:2"] ["hyperledger/fabric-peer:1.4.12"]
disk docker 9000000 /
disk files 9000000 /opt
part 1048576 /opt/fabwiz/lan4/.images/0a1b.tar.part
"""
AUDIT = """uid 0 1000
folder /opt/fabwiz/lan4
entry 81a4 0 0 120 ./docker-compose.yaml
sum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  ./docker-compose.yaml
key ./orderer1/msp/keystore/0a_sk
odd 81a4 0 0 12 9f86 2e2f610a62
docker
id 4c01db0b339c
box {"Id": "4c01", "Name": "/peer0", "Config": {"Labels": {}}, "HostConfig": {"CapDrop": ["ALL"]}, "Mounts": []}
volume lan4_peer0
network lan4_default
"""
WAYS = "way 192.0.2.1 7050 open\nway 2001:db8::1 7051 Connection refused\nway 192.0.2.3 7053 timed out\n"
SRVR = "Zookeeper version: 3.4.9\nLatency min/avg/max: 0/0/0\nMode: leader\nNode count: 4\n"
DUMP = "Sessions with Ephemerals (1):\n0x100000000000001:\n\t/brokers/ids/1\n\t/brokers/ids/0\n"
LINE = "peer0.org1.example.com 2026-01-01T00:00:10.123456789Z 2026-01-01 [gossip] x509: certificate has expired"


@pytest.fixture(scope="module")
def network() -> Network:
    found = Document.from_text(examples.text("four-lan-hosts")).network
    assert found
    return found


@FUZZ
@given(mutated([ROW, f"{ROW}\n{ROW}"]))
def test_fuzz_containers(text: str) -> None:
    for container in parse_containers(text):
        assert isinstance(container.name, str)
        assert all(0 <= port <= 99999 for port in container.ports)
    last_line(text)


def test_fuzz_probes(network: Network, tmp_path: Path) -> None:
    host = network.hosts["a"]
    workspace = Workspace(tmp_path / "lan4.yaml")

    @FUZZ
    @given(mutated([PROBE]))
    def check(text: str) -> None:
        probe = parse_probe(text)
        found = list(problems(network, host, probe, rehearsal=False))
        assert all(str(word) for word, _ in found)
        shown = report(network, host, probe)
        assert str(shown)
        made_elsewhere(probe.values.get("manifest", ""), probe.volumes, workspace)
        if "clock" in probe.values:
            assert probe.skew == probe.skew
        else:
            assert any("does not tell its time" in word for word, _ in found)

    check()


@FUZZ
@given(mutated([IMAGES]))
def test_fuzz_image_facts(text: str) -> None:
    facts = image_facts.parse(text)
    assert str(facts)


@FUZZ
@given(mutated([AUDIT]))
def test_fuzz_audit(text: str) -> None:
    found = audit_probe.parse(text)
    assert str(found)


@FUZZ
@given(mutated([WAYS]))
def test_fuzz_ways(text: str) -> None:
    assert all(isinstance(port, int) for _, port in way_probe.parse(text))


@FUZZ
@given(mutated([SRVR, DUMP, " /192.0.2.1:41234[1](queued=0,recved=1,sent=1,sid=0x100000000000001)"]))
def test_fuzz_four_letter_words(text: str) -> None:
    assert zookeeper.mode(text) in ("leader", "follower", "standalone", None)
    assert all(broker >= 0 for broker in zookeeper.brokers(text))
    zookeeper.connected(text)


def test_fuzz_log_lines(tmp_path: Path) -> None:
    log = NodeLog(tmp_path / "node.log", writes=False)

    @FUZZ
    @given(mutated([LINE]))
    def check(text: str) -> None:
        for line in text.split("\n"):
            if match := _LINE.match(line):
                _seconds(match[2])
                log.add(match[2], match[3])
            diagnose(line)

    check()


@FUZZ
@given(mutated(["12", "0", ROW, "1 2 3"]))
def test_fuzz_numbers_and_json(text: str) -> None:
    found = number(text)
    assert found is None or 0 <= found < 10**18
    readers: Iterable[object] = (json_value, json_values)
    for read in readers:
        try:
            read(text)  # type: ignore[operator]
        except ValueError:
            continue


@pytest.mark.parametrize("text", ["²", "٣", "-1", "", " ", "1_0", "9" * 19, "0x1", "1.0", None])
def test_what_is_no_number(text: str | None) -> None:
    assert number(text) is None


@pytest.mark.parametrize("line", ["clock=²", "free_kb=²", "clock=" + "9" * 5000, "free_kb=٣", "listen=0:" + "f" * 9000])
def test_numbers_that_are_none_are_not_said(network: Network, line: str) -> None:
    probe = parse_probe(PROBE.replace("clock=1790000000", "") + line)
    assert any("does not tell its time" in word for word, _ in problems(network, network.hosts["a"], probe, False))
    assert str(report(network, network.hosts["a"], probe))


def test_one_line_keeps_nobody_busy() -> None:
    row = json.loads(ROW)
    row["Ports"] = ":1-99999->" * 500_000
    (container,) = parse_containers(json.dumps(row))
    assert max(container.ports) == 65535
