"""Placing, moving, renaming and removing: names go on in the session's style, and references follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.editing import placing, removing, renaming
from fabwiz.editing.draft import Draft, open_draft
from fabwiz.session import examples
from fabwiz.session.findings import Edit


def open_example(tmp_path: Path, name: str, **changes: Any) -> Draft:
    data = yaml.safe_load(examples.text(name))
    path = tmp_path / "session.yaml"
    path.write_text(yaml.safe_dump({**data, **changes}, sort_keys=False))
    opened = open_draft(path)
    assert isinstance(opened, Draft)
    return opened


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return open_example(tmp_path, "four-lan-hosts")


def errors(draft: Draft) -> list[str]:
    return [finding.message for finding in draft.settle().findings if finding.blocks]


@pytest.mark.parametrize(
    ("there", "group", "expected"),
    [
        ({}, ("zookeeper",), "zk1"),
        ({}, ("kafka",), "kafka1"),
        ({}, ("orderers",), "orderer1"),
        ({"zookeeper": {"zookeeper0": "a"}}, ("zookeeper",), "zookeeper1"),
        ({"kafka": {"kafka09": "a"}}, ("kafka",), "kafka10"),
        ({"kafka": {"kafka01": "a", "kafka04": "a"}}, ("kafka",), "kafka05"),
        ({"kafka": {"broker": "a"}}, ("kafka",), "broker2"),
        ({"zookeeper": {"kafka1": "b"}}, ("kafka",), "kafka2"),
        ({"kafka": {"east": "east", "west": {"host": "west"}}}, ("kafka",), "a"),
        ({"organizations": {"Org1": {"peers": {}}}}, ("organizations", "Org1", "peers"), "peer0"),
        (
            {"organizations": {"Org1": {"peers": {"node1": "a"}}, "Org2": {}}},
            ("organizations", "Org2", "peers"),
            "node1",
        ),
        (
            {"organizations": {"Org5": {"peers": {"foo27": "x", "bar": "y"}}}},
            ("organizations", "Org5", "peers"),
            "foo28",
        ),
        ({"kafka": "nonsense", "orderers": [1], "organizations": None}, ("kafka",), "kafka1"),
    ],
)
def test_names_go_on_in_the_style_that_is_there(there: dict[str, Any], group: tuple[str, ...], expected: str) -> None:
    assert placing.next_name(there, group, "a") == expected


def test_one_more_node_gets_an_id_only_where_its_positions_is_taken(draft: Draft) -> None:
    assert placing.place(draft.data, ("kafka",), "a") == Edit(("kafka", "kafka5"), "a")
    draft.change("", [Edit(("kafka", "kafka2", "id"), 5)])
    assert placing.place(draft.data, ("kafka",), "a") == Edit(("kafka", "kafka5"), {"host": "a", "id": 6})


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({}, "a"),
        ({"kafka": {"kafka1": "a"}}, "b"),
        ({"kafka": {"kafka1": "a", "kafka2": "b"}, "zookeeper": {"zk1": "c"}}, "c"),
        ({"kafka": {"kafka1": "a", "kafka2": "b", "kafka3": "c"}}, "a"),
    ],
)
def test_one_more_goes_to_a_host_without_anything_else_to_one_without_its_kind(
    there: dict[str, Any], expected: str
) -> None:
    data = {"hosts": {"a": None, "b": None, "c": None}, **there}
    assert placing.likely_host(data, ("kafka",)) == expected
    assert placing.likely_host({}, ("kafka",)) is None


def test_a_moved_node_keeps_its_settings(draft: Draft) -> None:
    draft.change("", [Edit(("kafka", "kafka2"), {"host": "b", "port": 19092})])
    draft.change("", [placing.move(("kafka", "kafka2"), "d"), placing.move(("kafka", "kafka1"), "d")])
    assert draft.get(("kafka", "kafka2")) == {"host": "d", "port": 19092}
    assert draft.get(("kafka", "kafka1")) == "d"


def test_a_removed_or_renamed_peer_leaves_no_dangling_anchor(draft: Draft) -> None:
    draft.change("", renaming.rename_node(draft.data, ("organizations", "Org1", "peers", "peer0"), "gate"))
    assert draft.get(("organizations", "Org1", "anchors")) == ["gate"]
    assert list(draft.get(("organizations", "Org1", "peers"))) == ["gate", "peer1"]
    draft.change("", placing.remove(draft.data, ("organizations", "Org1", "peers", "gate")))
    assert draft.get(("organizations", "Org1", "anchors")) is None
    assert errors(draft) == []


def test_all_that_refers_to_an_organization_follows_its_new_name(draft: Draft) -> None:
    draft.change(
        "",
        [
            Edit(("consortiums",), {"All": ["Org1", "Org2"]}),
            Edit(("chaincodes", "mycc", "check", 0, "organization"), "Org1"),
            Edit(("chaincodes", "mycc", "collections"), {"secret": {"policy": "OR('Org1MSP.member')"}}),
        ],
    )
    before = errors(draft)
    draft.change("", renaming.rename_organization(draft.data, "Org1", "Buyer"))

    assert draft.get(("channels", "mychannel", "organizations")) == ["Buyer", "Org2"]
    assert draft.get(("consortiums", "All")) == ["Buyer", "Org2"]
    assert draft.get(("chaincodes", "mycc", "policy")) == "AND ('BuyerMSP.peer','Org2MSP.peer')"
    assert draft.get(("chaincodes", "mycc", "collections", "secret", "policy")) == "OR('BuyerMSP.member')"
    assert draft.get(("chaincodes", "mycc", "check", 0, "organization")) == "Buyer"
    assert errors(draft) == before == []


def test_policies_stay_where_the_msp_id_is_said_itself(draft: Draft) -> None:
    draft.change("", [Edit(("organizations", "Org1", "msp_id"), "Org1MSP")])
    draft.change("", renaming.rename_organization(draft.data, "Org1", "Buyer"))
    assert draft.get(("chaincodes", "mycc", "policy")) == "AND ('Org1MSP.peer','Org2MSP.peer')"
    assert errors(draft) == []


def test_all_that_refers_to_a_channel_a_consortium_or_a_host_follows(tmp_path: Path) -> None:
    draft = open_example(tmp_path, "three-orgs-one-host", ssh={"jump": "here"})
    draft.change("", [Edit(("chaincodes", "mycc", "check", 0, "channel"), "channel2")])
    draft.change("", renaming.rename_channel(draft.data, "channel2", "trade"))
    draft.change("", renaming.rename_consortium(draft.data, "Consortium2", "Traders"))
    draft.change("", renaming.rename_host(draft.data, "here", "box"))

    assert draft.get(("chaincodes", "mycc", "channels")) == ["channel1", "trade", "channel3"]
    assert draft.get(("chaincodes", "mycc", "check", 0, "channel")) == "trade"
    assert draft.get(("channels", "trade", "consortium")) == "Traders"
    assert {place.host for place in placing.placed(draft.data)} == {"box"}
    assert draft.get(("ssh", "jump")) == "box"


def test_what_is_removed_is_referred_to_no_more(tmp_path: Path) -> None:
    draft = open_example(tmp_path, "three-orgs-one-host")
    draft.change("", [Edit(("chaincodes", "mycc", "check", 0), {"query": ["query", "a"], "organization": "Org1"})])
    draft.change("", [Edit(("chaincodes", "mycc", "check", 1, "channel"), "channel1")])
    draft.change("", removing.remove_channel(draft.data, "channel1"))
    draft.change("", removing.remove_organization(draft.data, "Org1"))
    draft.change("", removing.remove_consortium(draft.data, "Consortium1"))

    assert draft.get(("chaincodes", "mycc", "channels")) == ["channel2", "channel3"]
    assert draft.get(("chaincodes", "mycc", "check", 0)) == {"query": ["query", "a"]}
    assert draft.get(("chaincodes", "mycc", "check", 1)) == {"invoke": ["invoke", "b", "a", "1"]}
    assert list(draft.get(("consortiums",))) == ["Consortium2", "Consortium3"]
    assert errors(draft) == []


def test_the_only_member_leaves_an_empty_list_that_a_finding_tells_of(tmp_path: Path) -> None:
    draft = open_example(tmp_path, "three-orgs-one-host")
    draft.change("", removing.remove_organization(draft.data, "Org2"))
    assert draft.get(("channels", "channel2", "organizations")) == []
    assert draft.get(("consortiums", "Consortium2")) == []
    assert any("channel2" in message for message in errors(draft))


def test_the_last_consortium_takes_the_part_away(tmp_path: Path) -> None:
    draft = open_example(tmp_path, "four-lan-hosts", consortiums={"All": ["Org1", "Org2"]})
    draft.change("", [Edit(("channels", "mychannel", "consortium"), "All")])
    draft.change("", removing.remove_consortium(draft.data, "All"))
    assert draft.get(("consortiums",)) is None
    assert errors(draft) == []


def test_members_stand_in_the_order_of_the_organizations(draft: Draft) -> None:
    path = ("channels", "mychannel", "organizations")
    draft.change("", placing.without_item(draft.data, path, "Org1"))
    assert placing.with_item(draft.data, path, "Org1", ["Org1", "Org2"]) == Edit(path, ["Org1", "Org2"])
    assert placing.with_item(draft.data, path, "Org3", ["Org1", "Org2", "Org3"]) == Edit(path, ["Org2", "Org3"])
