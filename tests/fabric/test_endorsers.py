from __future__ import annotations

import pytest

from fabwiz.fabric.endorsers import NotEnoughEndorsers, choose_endorsers
from fabwiz.session.policy import parse

PEERS = {"Org1MSP": ["peer0.org1", "peer1.org1"], "Org2MSP": ["peer0.org2"], "Org3MSP": []}


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        ("AND('Org1MSP.peer','Org2MSP.peer')", ("peer0.org1", "peer0.org2")),
        ("OR('Org3MSP.peer','Org2MSP.member')", ("peer0.org2",)),
        ("AND('Org1MSP.peer','Org1MSP.member')", ("peer0.org1", "peer1.org1")),
        ("OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')", ("peer0.org1", "peer0.org2")),
        ("OR(AND('Org1MSP.peer','Org2MSP.peer'),'Org1MSP.member')", ("peer0.org1",)),
        ("OutOf(0,'Org2MSP.peer')", ("peer0.org1",)),
    ],
)
def test_the_smallest_satisfying_set_is_taken(policy: str, chosen: tuple[str, ...]) -> None:
    assert choose_endorsers(parse(policy), PEERS) == chosen


def test_without_a_policy_any_member_is_enough() -> None:
    assert choose_endorsers(None, {"Org3MSP": [], "Org2MSP": ["peer0.org2"]}) == ("peer0.org2",)


@pytest.mark.parametrize(
    "policy", ["AND('Org1MSP.peer','Org3MSP.peer')", "OR('Org1MSP.admin')", "AND('Org2MSP.peer','Org2MSP.peer')"]
)
def test_peers_that_cannot_satisfy_it_are_named(policy: str) -> None:
    with pytest.raises(NotEnoughEndorsers, match="2 of Org1MSP, 1 of Org2MSP"):
        choose_endorsers(parse(policy), PEERS)


def test_no_peers_at_all() -> None:
    with pytest.raises(NotEnoughEndorsers):
        choose_endorsers(None, {})
