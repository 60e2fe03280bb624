"""What is handed over: everything that matters, no secret, readable by its owner alone, whatever names hold."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fabwiz.report.contents import commands, keys
from fabwiz.report.facts import Facts
from fabwiz.report.markdown import height, markdown
from fabwiz.report.topology import topology_svg
from fabwiz.report.write import write_report
from fabwiz.session.document import Document
from fabwiz.session.examples import names, text
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

FACTS = Facts(
    "2026-01-31T12:00:00.000Z",
    {"zk1": "Up 3 minutes", "kafka2": "Exited (1) | <b>now</b>"},
    frozenset(["zk1"]),
    {},
    {"mychannel": {"peer0": 7, "peer1": 7}, "other": {"peer0": 7, "peer1": 6}},
    ("mycc on mychannel: invoke a b 10; query a = 90",),
)


def network_of(name: str) -> Network:
    network = Document.from_text(text(name)).network
    assert network
    return network


@pytest.mark.parametrize("name", names())
def test_it_names_every_host_node_channel_and_chaincode(name: str, tmp_path: Path) -> None:
    network = network_of(name)
    report = markdown(network, Workspace(tmp_path / "net.yaml"), FACTS)

    for host in network.hosts.values():
        assert host.name in report
        assert (host.address or "this workstation") in report
    for node in network.nodes:
        assert f"| {node.name} |" in report
        assert all(str(port) in report for port in node.ports.values())
    for one in (*network.channels, *network.chaincodes):
        assert f"| {one} |" in report


def test_it_says_what_was_seen_and_nothing_that_hosts_say_becomes_markup(tmp_path: Path) -> None:
    report = markdown(network_of("four-lan-hosts"), Workspace(tmp_path / "lan4.yaml"), FACTS, "topology.svg")

    assert "Up 3 minutes" in report
    assert r"Exited (1) \| &lt;b&gt;now&lt;/b&gt;" in report
    assert "- mycc on mychannel: invoke a b 10; query a = 90" in report
    assert "![Topology](topology.svg)" in report
    assert "2026-01-31 12:00:00 UTC" in report
    assert "rehearsal" not in report
    assert "not asked" in report


def test_a_rehearsal_is_told_to_be_one(tmp_path: Path) -> None:
    network, facts = network_of("four-lan-hosts"), Facts(FACTS.time, rehearsal=True)

    assert "(rehearsal)" in markdown(network, Workspace(tmp_path / "lan4.yaml"), facts).splitlines()[0]
    assert "(rehearsal)" in topology_svg(network, rehearsal=True)


def test_heights_are_one_number_only_where_all_peers_agree() -> None:
    assert height(FACTS, "mychannel") == "7 blocks on every peer"
    assert height(FACTS, "other") == "peer0: 7; peer1: 6"
    assert height(FACTS, "third") == "not asked"
    assert FACTS.agreed == {"mychannel": 7}


@pytest.mark.parametrize("name", names())
def test_the_picture_is_well_formed_and_shows_every_node_on_its_host(name: str) -> None:
    network = network_of(name)
    root = ElementTree.fromstring(topology_svg(network))
    words = {element.text for element in root.iter() if element.text}

    for node in network.nodes:
        assert {node.name, node.host} <= words or len(node.name) > 34
    assert not [element.tag for element in root.iter() if element.tag.endswith(("script", "image", "foreignObject"))]


def test_names_that_look_like_markup_stay_text_in_the_picture() -> None:
    network = Document.from_text(text("four-lan-hosts").replace("\n  a: ", '\n  "<b>&": ')).network
    assert network

    assert "&lt;b&gt;&amp;" in topology_svg(network)
    ElementTree.fromstring(topology_svg(network))


def test_both_files_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "lan4.yaml")
    for _ in range(2):
        files = write_report(network_of("four-lan-hosts"), workspace, FACTS)

    assert [file.name for file in files] == ["report.md", "topology.svg"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert sorted(file.name for file in workspace.root.iterdir()) == ["report.md", "topology.svg"]


def test_the_commands_can_be_pasted_whatever_the_file_is_called(tmp_path: Path) -> None:
    session_file = tmp_path / "my net's.yaml"
    crypto = Workspace(session_file).crypto_config
    crypto.mkdir(parents=True)
    (crypto / "key").write_text("k")
    backup = next(command for command, does in commands(session_file) if "back up" in does)

    subprocess.run(["sh", "-ec", backup], cwd=tmp_path, check=True)

    (archive,) = tmp_path.glob("*.tar.gz")
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    listed = subprocess.run(["tar", "-tzf", archive], capture_output=True, text=True, check=True).stdout
    assert "crypto-config/key" in listed


def test_keys_are_named_by_whose_they_are(tmp_path: Path) -> None:
    found = dict(keys(network_of("four-lan-hosts"), Workspace(tmp_path / "lan4.yaml")))

    assert found["OrdererMSP: certificate authority"].parts[-4:] == (
        "crypto-config",
        "ordererOrganizations",
        "example.com",
        "ca",
    )
    assert any(name.endswith(": admin") for name in found)
