"""What can be said of a node beside where it runs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fabwiz.editing.node_settings import node_settings
from fabwiz.editing.placing import moved_item
from fabwiz.session import examples
from fabwiz.session.edits import edited
from fabwiz.session.findings import SessionPath
from fabwiz.session.model import Session
from fabwiz.session.network import Network


def settings(data: Any, *path: str) -> dict[str, tuple[str, str]]:
    network = Network(Session.model_validate(data))
    node = next(one for one in network.nodes if one.path == path)
    return {one.name: (one.said, one.given) for one in node_settings(data, path, node)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("zookeeper", "zk2"), {"id": "2", "client_port": "2181", "peer_port": "2888", "election_port": "3888"}),
        (("kafka", "kafka4"), {"id": "4", "port": "9092"}),
        (("orderers", "orderer1"), {"port": "7050"}),
        (
            ("organizations", "Org1", "peers", "peer0"),
            {"port": "7051", "chaincode_port": "7052", "couchdb": "", "tools": ""},
        ),
    ],
)
def test_what_is_given_by_itself(path: tuple[str, ...], expected: dict[str, str]) -> None:
    data = yaml.safe_load(examples.text("four-lan-hosts"))
    assert settings(data, *path) == {name: ("", given) for name, given in expected.items()}


def test_what_is_said_is_told_beside_what_holds() -> None:
    data = yaml.safe_load(examples.text("thirteen-hosts"))
    data["kafka"]["kafka1"] = {"host": "kafka1", "port": 19092}
    assert settings(data, "kafka", "kafka1")["port"] == ("19092", "19092")
    assert settings(data, "organizations", "Org1", "peers", "peer0")["events_port"] == ("", "7053")


def test_a_node_that_is_not_understood_yet_has_its_settings_all_the_same() -> None:
    found = node_settings({"kafka": {"kafka1": 5}}, ("kafka", "kafka1"), None)
    assert [(one.name, one.said, one.given) for one in found] == [("id", "", ""), ("port", "", "")]


@pytest.mark.parametrize(("at", "by", "expected"), [(0, 1, "bac"), (2, -1, "acb"), (0, -1, "abc"), (2, 1, "abc")])
def test_items_of_a_list_change_places(at: int, by: int, expected: str) -> None:
    data: Any = {"chaincodes": {"one": {"check": list("abc")}}}
    path: SessionPath = ("chaincodes", "one", "check")
    for edit in moved_item(data, path, at, by):
        data = edited(data, edit)
    assert data["chaincodes"]["one"]["check"] == list(expected)
