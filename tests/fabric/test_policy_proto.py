"""The expected bytes were printed by `cauthdsl.FromString` of Fabric 1.4.12 (the last one also by 1.0.0's)."""

from __future__ import annotations

import pytest
from fabric_protos.peer import collection_pb2

from fabwiz.fabric.policy_proto import collection_package, policy_bytes, signature_policy
from fabwiz.session.model import CollectionSpec
from fabwiz.session.policy import PolicyError, parse

OFFICIAL = {
    "OR('Org1MSP.member')": "120812060801120208001a0b12090a074f7267314d5350",
    "AND ('Org1MSP.peer','Org2MSP.peer')": (
        "120c120a080212020800120208011a0d120b0a074f7267314d535010031a0d120b0a074f7267324d53501003"
    ),
    "OutOf(2, 'A.peer', OR('B.admin', AND('C.client', 'D.orderer')), 'A.peer')": (
        "1224122208021202080312161214080112020802120c120a08021202080012020801120208041a0712050a014310021a0712050a01441004"
        "1a0712050a014210011a0712050a014110031a0712050a01411003"
    ),
    "AND(OR('A.peer','B.peer'),'C.member',OR('D.member','E.member'))": (
        "122412220803120c120a0801120208001202080112020804120c120a080112020802120208031a0712050a014110031a0712050a01421003"
        "1a0512030a01441a0512030a01451a0512030a0143"
    ),
    "OR('A.member', AND('B.admin','C.member'))": (
        "12161214080112020802120c120a080212020800120208011a0712050a014210011a0512030a01431a0512030a0141"
    ),
}


@pytest.mark.parametrize("text", OFFICIAL)
def test_a_policy_becomes_what_fabric_makes_of_it(text: str) -> None:
    assert policy_bytes(text).hex() == OFFICIAL[text]


def test_no_policy_leaves_it_to_fabric() -> None:
    assert policy_bytes(None) == b""


def test_a_policy_that_does_not_parse_is_refused() -> None:
    with pytest.raises(PolicyError):
        policy_bytes("AND('Org1MSP.peer'")


def test_collections_carry_the_settings_of_the_session() -> None:
    spec = CollectionSpec(
        policy="OR('Org1MSP.member')", required_peers=1, max_peers=3, block_to_live=100, member_only_read=True
    )
    package = collection_pb2.CollectionConfigPackage.FromString(
        collection_package({"second": spec, "first": spec.model_copy(update={"block_to_live": 0})})
    )
    one, two = (entry.static_collection_config for entry in package.config)
    assert [one.name, two.name] == ["second", "first"]
    assert (one.required_peer_count, one.maximum_peer_count, one.block_to_live) == (1, 3, 100)
    assert one.member_only_read
    assert two.block_to_live == 0
    assert one.member_orgs_policy.signature_policy == signature_policy(parse("OR('Org1MSP.member')"))


def test_no_collections_are_no_bytes() -> None:
    assert collection_package({}) == b""
