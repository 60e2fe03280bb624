from __future__ import annotations

from typing import Any

import pytest

from fabwiz.fabric.collections import CollectionChanges, collection_changes
from fabwiz.fabric.errors import FabricError
from fabwiz.fabric.peer import PeerClient
from fabwiz.fabric.policy_proto import collection_package
from fabwiz.session.model import CollectionSpec


def package(**collections: dict[str, Any]) -> bytes:
    base = {"policy": "OR('Org1MSP.member')", "required_peers": 0, "max_peers": 1}
    return collection_package({name: CollectionSpec.model_validate(base | c) for name, c in collections.items()})


def test_the_same_collections_in_another_order_are_the_same() -> None:
    assert collection_changes(package(a={}, b={}), package(b={}, a={})) == CollectionChanges((), (), ())


def test_what_an_upgrade_changes_and_what_fabric_never_does() -> None:
    there = package(policy={}, left={}, life={"block_to_live": 5}, same={})
    wanted = package(policy={"policy": "OR('Org2MSP.member')"}, life={"block_to_live": 6}, same={}, new={})

    assert collection_changes(there, wanted) == CollectionChanges(("new", "policy"), ("left",), ("life",))


@pytest.fixture
def peer(endorser: Any, serve: Any, authority: Any) -> PeerClient:
    return PeerClient(serve("peer0.org1.example.com", authority, endorser), timeout=60)


def test_a_chaincode_without_collections_is_no_error(
    peer: PeerClient, endorser: Any, identity: Any, ok: Any, no: Any
) -> None:
    endorser.answer = lambda call: no("collections config not defined for chaincode mycc")
    assert peer.collections(identity, "mychannel", "mycc") == b""
    endorser.answer = lambda call: ok(package(a={}))
    assert peer.collections(identity, "mychannel", "mycc") == package(a={})
    assert endorser.calls[-1].args == [b"GetCollectionsConfig", b"mycc"]
    endorser.answer = lambda call: no("invalid function to lscc: GetCollectionsConfig")
    with pytest.raises(FabricError, match="invalid function"):
        peer.collections(identity, "mychannel", "mycc")
