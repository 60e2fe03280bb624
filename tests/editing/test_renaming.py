"""A new name is taken over wherever the old one was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fabwiz.editing.renaming import rename_channel, rename_host, rename_node, rename_organization
from fabwiz.session import examples
from fabwiz.session.edits import EditError, edited
from fabwiz.session.findings import Edit


@pytest.fixture
def data() -> Any:
    return yaml.safe_load(examples.text("four-lan-hosts"))


def after(data: Any, *edits: Edit) -> Any:
    for edit in edits:
        data = edited(data, edit)
    return data


def test_nodes_and_jump_hosts_follow_a_host(data: Any) -> None:
    data = after(
        data,
        Edit(("zookeeper", "zk1"), {"host": "a", "id": 9}),
        Edit(("hosts", "b", "ssh", "jump"), "a"),
        Edit(("ssh", "jump"), "a"),
    )
    new = after(data, *rename_host(data, "a", "alpha"))

    assert list(new["hosts"]) == ["alpha", "b", "c", "d"]
    assert new["hosts"]["alpha"] == "203.0.113.11"
    assert new["zookeeper"] == {"zk1": {"host": "alpha", "id": 9}, "zk2": "b", "zk3": "c"}
    assert new["kafka"]["kafka1"] == "alpha"
    assert new["orderers"]["orderer1"] == "alpha"
    assert new["organizations"]["Org1"]["peers"] == {"peer0": "alpha", "peer1": "b"}
    assert new["hosts"]["b"]["ssh"]["jump"] == new["ssh"]["jump"] == "alpha"


def test_channels_consortiums_checks_and_policies_follow_an_organization(data: Any) -> None:
    check = [{"query": ["query", "a"], "organization": "Org1"}, {"query": ["query", "a"], "organization": "Org2"}]
    data = after(data, Edit(("consortiums",), {"C": ["Org2", "Org1"]}), Edit(("chaincodes", "mycc", "check"), check))
    new = after(data, *rename_organization(data, "Org1", "Sales"))

    assert list(new["organizations"]) == ["Sales", "Org2"]
    assert new["channels"]["mychannel"]["organizations"] == ["Sales", "Org2"]
    assert new["consortiums"]["C"] == ["Org2", "Sales"]
    assert [step["organization"] for step in new["chaincodes"]["mycc"]["check"]] == ["Sales", "Org2"]
    assert new["chaincodes"]["mycc"]["policy"] == "AND ('SalesMSP.peer','Org2MSP.peer')"


def test_policies_keep_an_msp_id_that_does_not_follow_the_name(data: Any) -> None:
    data = after(data, Edit(("organizations", "Org1", "msp_id"), "Org1MSP"))
    new = after(data, *rename_organization(data, "Org1", "Sales"))
    assert new["chaincodes"]["mycc"]["policy"] == "AND ('Org1MSP.peer','Org2MSP.peer')"


def test_chaincodes_follow_a_channel_and_anchors_a_peer(data: Any) -> None:
    new = after(data, *rename_channel(data, "mychannel", "trade"))
    assert new["chaincodes"]["mycc"]["channels"] == ["trade"]

    new = after(data, *rename_node(data, ("organizations", "Org1", "peers", "peer0"), "first"))
    assert new["organizations"]["Org1"]["anchors"] == ["first"]
    assert new["organizations"]["Org2"]["anchors"] == ["peer0"]


def test_seed_brokers_follow_a_broker(data: Any) -> None:
    data = after(data, Edit(("ordering", "kafka", "seed_brokers"), ["kafka2", "kafka1"]))
    new = after(data, *rename_node(data, ("kafka", "kafka1"), "broker1"))
    assert new["ordering"]["kafka"]["seed_brokers"] == ["kafka2", "broker1"]


def test_a_session_that_is_not_right_is_renamed_in_as_far_as_it_can_be_understood(data: Any) -> None:
    data = after(
        data,
        Edit(("fabric",), 14),
        Edit(("consortiums",), {"C": [7, "Org1"]}),
        Edit(("kafka", "kafka2", "port"), "many"),
    )
    new = after(data, *rename_host(data, "b", "beta"))
    assert new["kafka"]["kafka2"] == {"host": "beta", "port": "many"}

    new = after(data, *rename_organization(data, "Org1", "Sales"))
    assert new["consortiums"]["C"] == [7, "Sales"]


def test_a_name_that_is_taken_is_refused(data: Any) -> None:
    with pytest.raises(EditError, match="b is there already"):
        after(data, *rename_host(data, "a", "b"))
