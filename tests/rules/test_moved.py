"""Ports and ids that the session does not name: what is added at an end moves nobody, what moves others is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fabwiz.rules import check
from fabwiz.session.assigned import Assigned
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding, Severity
from fabwiz.session.model import Session
from fabwiz.session.network import Network

HOSTS = ["a", "b"]
placed = st.sampled_from(HOSTS)
Data = dict[str, Any]


def several(stem: str, least: int = 1) -> st.SearchStrategy[dict[str, str]]:
    """`{zk1: a, zk2: a, ...}`."""
    return st.lists(placed, min_size=least, max_size=6).map(
        lambda hosts: {f"{stem}{number}": host for number, host in enumerate(hosts, 1)}
    )


def organization(number: int, peers: dict[str, str]) -> Data:
    return {"domain": f"org{number}.example.com", "peers": peers}


sessions = st.builds(
    lambda zookeeper, kafka, orderers, organizations, fabric, tls: {
        "fabwiz": 1, "name": "lab", "fabric": fabric, "domain": "example.com",
        "hosts": {"a": "198.51.100.11", "b": "198.51.100.12"},
        "zookeeper": zookeeper, "kafka": kafka, "orderers": orderers,
        "organizations": {f"Org{n}": organization(n, peers) for n, peers in enumerate(organizations, 1)},
        "ordering": {"kafka": {"tls": tls}},
    },
    several("zk"), several("kafka"), several("orderer"), st.lists(several("peer"), min_size=1, max_size=3),
    st.sampled_from(["1.0.0", "1.4.12"]), st.booleans(),
)  # fmt: skip


def network_of(data: Data) -> Network:
    return Network(Session.model_validate(data))


def had(network: Network) -> dict[str, Assigned]:
    return {node.name: Assigned(node.host, node.id, dict(node.ports)) for node in network.nodes}


def told(data: Data, before: Mapping[str, Assigned]) -> tuple[Document, list[Finding]]:
    document = Document.from_text(yaml.safe_dump(data, sort_keys=False))
    assert document.network, document.findings
    found = check(document.network, None, before)
    return document, [finding for finding in found if finding.rule in ("node-moved", "port-conflict")]


@given(sessions, st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_added_at_the_end_moves_nobody(data: Data, draw: st.DataObject) -> None:
    before = had(network_of(data))
    grown = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    for section in ("zookeeper", "kafka", "orderers"):
        grown[section] |= {f"new{section}{n}": host for n, host in enumerate(draw.draw(st.lists(placed, max_size=3)))}
    last = list(grown["organizations"])[-1]
    peers = grown["organizations"][last]["peers"] | {f"new{n}": h for n, h in enumerate(draw.draw(st.lists(placed)))}
    grown["organizations"][last] = grown["organizations"][last] | {"peers": peers}
    grown["organizations"]["New"] = organization(9, draw.draw(several("peer")))

    after = had(network_of(grown))

    assert {name: after[name] for name in before} == before
    assert told(grown, before)[1] == []


@given(sessions, st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_moves_is_told_and_one_fix_a_kind_brings_it_back(data: Data, draw: st.DataObject) -> None:
    """Nodes are put in, and taken out, at any place."""
    before = had(network_of(data))
    other = dict(data)
    for section in ("zookeeper", "kafka", "orderers"):
        other[section] = _stirred(data[section], draw)
    other["organizations"] = {
        name: one | {"peers": _stirred(one["peers"], draw)} for name, one in data["organizations"].items()
    }
    after = had(network_of(other))
    moved = {name for name in before.keys() & after.keys() if before[name] != after[name]}

    document, found = told(other, before)
    assert {str(finding.message).split()[0] for finding in found} == moved
    for finding in {finding.path[0]: finding for finding in found}.values():
        assert finding.fix
        document = document.edit(finding.fix.edits)

    assert document.network, document.findings
    mended = had(document.network)
    assert {name: mended[name] for name in before.keys() & mended.keys()} == {
        name: before[name] for name in before.keys() & mended.keys()
    }
    assert [finding.rule for finding in told(yaml.safe_load(document.text), before)[1]] == []


def _stirred(nodes: dict[str, str], draw: st.DataObject) -> dict[str, str]:
    entries = list(nodes.items())
    if len(entries) > 1 and draw.draw(st.booleans()):
        entries.pop(draw.draw(st.integers(0, len(entries) - 1)))
    for number in range(draw.draw(st.integers(0, 2))):
        entries.insert(draw.draw(st.integers(0, len(entries))), (f"extra{number}-{len(entries)}", draw.draw(placed)))
    return dict(entries)


LAB: Data = {
    "fabwiz": 1, "name": "lab", "fabric": "1.0.0", "hosts": {"a": "198.51.100.11"},
    "zookeeper": {"zk1": "a", "zk2": "a"}, "kafka": {"kafka1": "a", "kafka2": "a"}, "orderers": {"orderer1": "a"},
    "organizations": {"Org1": organization(1, {"peer0": "a"}), "Org2": organization(2, {"peer0": "a"})},
}  # fmt: skip


def with_(section: str, value: Any) -> Data:
    return LAB | {section: value}


def test_a_peer_more_in_the_first_organization_lets_the_second_keep_all_its_ports() -> None:
    peers = LAB["organizations"] | {"Org1": organization(1, {"peer0": "a", "peer1": "a"})}

    document, (finding,) = told(with_("organizations", peers), had(network_of(LAB)))

    assert finding.severity is Severity.ERROR
    assert finding.dotted == "organizations.Org2.peers.peer0"
    assert "grpc port 9051 instead of 8051" in finding.message
    assert "chaincode port 9052 instead of 8052" in finding.message
    assert finding.fix
    network = document.edit(finding.fix.edits).network
    assert network
    assert [tuple(peer.ports.values()) for peer in network.peers] == [
        (7051, 7052, 7053), (9051, 9052, 9053), (8051, 8052, 8053),
    ]  # fmt: skip


def test_a_broker_put_in_between_goes_to_the_end_of_the_list() -> None:
    document, (finding,) = told(
        with_("kafka", {"kafka1": "a", "kafka3": {"host": "a", "port": 9500}, "kafka2": "a"}), had(network_of(LAB))
    )

    assert "id 3 instead of 2" in finding.message
    assert finding.fix
    assert finding.fix.title == "list kafka3 last"
    mended = yaml.safe_load(document.edit(finding.fix.edits).text)
    assert list(mended["kafka"].items()) == [
        ("kafka1", "a"), ("kafka2", "a"), ("kafka3", {"host": "a", "port": 9500}),
    ]  # fmt: skip


def test_ports_may_move_when_that_is_accepted_but_no_broker_gets_anothers_id() -> None:
    accepted = {"accept": {"node-moved": "nobody uses it yet"}}
    peers = LAB["organizations"] | {"Org1": organization(1, {"peer0": "a", "peer1": "a"})}
    _, (finding,) = told(with_("organizations", peers) | accepted, had(network_of(LAB)))
    assert not finding.blocks

    _, (finding,) = told(with_("kafka", {"kafka2": "a"}) | accepted, had(network_of(LAB)))
    assert finding.blocks


@pytest.mark.parametrize(
    "other",
    [
        with_("kafka", {"kafka1": "a", "kafka2": {"host": "a", "port": 9999}}),
        with_("ordering", {"kafka": {"tls": True}}),
        with_("fabric", "1.4.12"),
        with_("hosts", {"a": "198.51.100.11", "b": "198.51.100.12"}) | {"orderers": {"orderer1": "b"}},
    ],
    ids=["a port is named", "brokers get TLS", "a release without port for events", "another host"],
)
def test_what_the_session_says_itself_is_no_slip(other: Data) -> None:
    assert told(other, had(network_of(LAB)))[1] == []
