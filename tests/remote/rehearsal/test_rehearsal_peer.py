"""The stand-in peer: joining, endorsing, committing, and what it refuses in Fabric's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import events_pb2_grpc

from fabwiz.fabric import lifecycle
from fabwiz.fabric.envelope import proposal, seek_envelope, utc_now
from fabwiz.fabric.errors import (
    AlreadyInstalled,
    AlreadyInstantiated,
    AlreadyJoined,
    FabricError,
    Forbidden,
    NotFound,
)
from fabwiz.fabric.package import build_package
from fabwiz.fabric.transaction import endorse, transaction_envelope, wait_for_commit


def test_money_moves_on_every_peer(lan: Any) -> None:
    before = int(lan.query("a"))
    assert lan.invoke("invoke", "a", "b", "10") == "VALID"
    assert [lan.query("a", o) for o in ("Org1", "Org2")] == [str(before - 10)] * 2
    infos = [lan.peer(o).chain_info(lan.user(o), "mychannel") for o in ("Org1", "Org2")]
    assert infos[0] == infos[1]


def test_too_few_endorsers_fail_the_policy(lan: Any) -> None:
    before = lan.query("a")
    assert lan.invoke("invoke", "a", "b", "1", endorsers=("Org1",)) == "ENDORSEMENT_POLICY_FAILURE"
    assert lan.query("a") == before


def test_the_second_of_two_that_read_the_same_loses(lan: Any) -> None:
    """Both are simulated before either is ordered: MVCC lets the first one through."""
    admin, peers = lan.user("Org1"), [lan.peer("Org1"), lan.peer("Org2")]
    made = [
        proposal(admin, "mychannel", "mycc", [b"invoke", b"a", b"b", b"1"], now=utc_now()) for _ in range(2)
    ]  # fmt: skip
    envelopes = [transaction_envelope(one, endorse(one, peers, timeout=60)) for one in made]
    for envelope in envelopes:
        lan.orderer().broadcast(envelope)
    wait_for_commit(admin, peers, "mychannel", made[0].tx_id, timeout=60)
    with pytest.raises(FabricError, match="MVCC_READ_CONFLICT"):
        wait_for_commit(admin, peers, "mychannel", made[1].tx_id, timeout=60)


def test_the_same_transaction_counts_once(lan: Any, wait_until: Callable[..., Any]) -> None:
    before = int(lan.query("b"))
    admin, peers = lan.user("Org1"), [lan.peer("Org1"), lan.peer("Org2")]
    made = proposal(admin, "mychannel", "mycc", [b"invoke", b"a", b"b", b"1"], now=utc_now())
    envelope = transaction_envelope(made, endorse(made, peers, timeout=60))
    height = peers[0].chain_info(admin, "mychannel").height
    lan.orderer().broadcast(envelope)
    wait_until(lambda: peers[0].chain_info(admin, "mychannel").height > height)
    lan.orderer().broadcast(envelope)
    wait_until(lambda: peers[0].chain_info(admin, "mychannel").height > height + 1)
    assert int(lan.query("b")) == before + 1


def test_the_chaincodes_own_refusals_come_through(lan: Any) -> None:
    peer, admin = lan.peer("Org1"), lan.user("Org1")
    with pytest.raises(FabricError, match='there is no account "zz"'):
        peer.call(admin, "mychannel", "mycc", [b"query", b"zz"])
    with pytest.raises(FabricError, match="which is less than 100000"):
        peer.call(admin, "mychannel", "mycc", [b"invoke", b"a", b"b", b"100000"])
    with pytest.raises(NotFound, match="could not find chaincode with name 'other'"):
        peer.call(admin, "mychannel", "other", [b"query", b"a"])


def test_joining_is_for_admins_and_once(lan: Any) -> None:
    block = lan.orderer().block("mychannel", lan.user("Org1"), 0)
    with pytest.raises(Forbidden, match="This identity is not an admin"):
        lan.peer("Org1").join(lan.user("Org1", "User1"), block)
    with pytest.raises(AlreadyJoined, match="cannot create ledger from genesis block: LedgerID already exists"):
        lan.peer("Org1").join(lan.user("Org1"), block)
    assert lan.peer("Org1").channels(lan.user("Org1", "User1")) == ("mychannel",)
    with pytest.raises(Forbidden, match="access denied: channel \\[\\] creator org \\[Org1MSP\\]"):
        lan.peer("Org2").channels(lan.user("Org1"))


def test_installing_is_for_admins_and_once(lan: Any) -> None:
    with pytest.raises(Forbidden, match=r"access denied for \[install\]"):
        lan.peer("Org1").install(lan.user("Org1", "User1"), lan.package("2.0"))
    with pytest.raises(AlreadyInstalled):
        lan.peer("Org1").install(lan.user("Org1"), lan.package())
    assert ("mycc", "1.0") in lan.peer("Org1").installed(lan.user("Org1"))


def test_instantiating_is_done_once_and_needs_the_package(lan: Any) -> None:
    peer, admin = lan.peer("Org1"), lan.user("Org1")
    again = ("mychannel", [peer], lan.orderer(), admin)
    with pytest.raises(AlreadyInstantiated, match="chaincode with name 'mycc' already exists"):
        lifecycle.instantiate(*again, "mycc", "1.0", [b"init"])
    with pytest.raises(FabricError, match=r"cannot get package for chaincode \(mycc:9\)"):
        lifecycle.upgrade(*again, "mycc", "9", [b"init"])
    user = lan.user("Org1", "User1")
    peer.install(admin, lan.package("3.0"))
    with pytest.raises(FabricError, match="instantiation policy violated"):
        lifecycle.upgrade("mychannel", [peer], lan.orderer(), user, "mycc", "3.0", [b"init"])
    assert peer.instantiated(admin, "mychannel")["mycc"].version == "1.0"


def test_a_forged_proposal_is_refused(lan: Any) -> None:
    made = proposal(lan.user("Org1"), "mychannel", "mycc", [b"query", b"a"], now=utc_now())
    made.signed.signature = made.signed.signature[:-1] + bytes([made.signed.signature[-1] ^ 1])
    with pytest.raises(Forbidden, match="access denied"):
        lan.peer("Org1").send(made)


def test_other_chaincode_is_not_pretended(lan: Any, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    peer, admin = lan.peer("Org1"), lan.user("Org1")
    peer.install(admin, build_package(tmp_path, "foreign", "1", "golang", lan.network.release))
    with pytest.raises(FabricError, match="a rehearsal runs only the logic of the sample chaincode"):
        lifecycle.instantiate("mychannel", [peer], lan.orderer(), admin, "foreign", "1", [b"init"])


def test_filtered_blocks_tell_the_codes(lan: Any) -> None:
    lan.invoke("invoke", "a", "b", "1")
    stub = events_pb2_grpc.DeliverStub(lan.peer("Org1").endpoint.channel)
    envelope = seek_envelope(lan.user("Org1"), "mychannel", None, None, wait=False, now=utc_now())
    answers = list(stub.DeliverFiltered(iter([envelope]), timeout=60))
    assert [t.tx_validation_code for t in answers[0].filtered_block.filtered_transactions] == [0]
    assert answers[-1].status == common_pb2.SUCCESS


def test_a_crash_loses_nothing(own_lan: Callable[..., Any], wait_until: Callable[..., Any]) -> None:
    lan = own_lan()
    lan.create()
    lan.instantiate("OR ('Org1MSP.member','Org2MSP.member')")
    assert lan.invoke("invoke", "a", "b", "10", endorsers=("Org1",)) == "VALID"
    before = lan.peer("Org2").chain_info(lan.user("Org2"), "mychannel")
    lan.rehearsal.crash("h2")
    # the network goes on without that host: one orderer, one broker, one peer
    wait_until(lambda: lan.serves(1))
    lan.rehearsal.start("h2")

    def back() -> bool:
        try:
            return bool(lan.peer("Org2").chain_info(lan.user("Org2"), "mychannel") == before)
        except FabricError:
            return False

    wait_until(back)
    wait_until(lambda: lan.serves(2, "mychannel"))
    assert lan.query("a", "Org2") == "90"
    assert lan.invoke("invoke", "a", "b", "5") == "VALID"
    assert [lan.query("a", o) for o in ("Org1", "Org2")] == ["85", "85"]


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("CORE_CHAINCODE_BUILDER", "hyperledger/fabric-ccenv:latest", r"Failed to pull .*API error \(404\)"),
        ("CORE_VM_DOCKER_HOSTCONFIG_NETWORKMODE", "gone_byfn", r"API error \(404\): network gone_byfn not found"),
        ("CORE_PEER_CHAINCODEADDRESS", "elsewhere:7052", "timeout expired while starting chaincode mycc:1.0"),
    ],
)
def test_chaincode_starts_only_where_its_container_would(
    own_lan: Callable[..., Any], wait_until: Callable[..., Any], setting: str, value: str, words: str
) -> None:
    lan = own_lan()
    lan.create()
    file = lan.shells["h1"].folder / "docker-compose.yaml"
    lines = file.read_text().splitlines()
    changed = [f'      {setting}: "{value}"' if line.strip().startswith(f"{setting}:") else line for line in lines]
    assert changed != lines
    file.write_text("\n".join(changed))
    lan.compose("h1", "up", "-d", "--no-deps", "peer0.org1.example.com")

    def answers() -> bool:
        try:
            return bool(lan.peer("Org1").channels(lan.user("Org1")) == ("mychannel",))
        except FabricError:
            return False

    wait_until(answers)
    with pytest.raises(FabricError, match=words):
        lan.instantiate()


def test_the_network_of_the_first_release(own_lan: Callable[..., Any]) -> None:
    lan = own_lan("1.0.0")
    lan.create()
    lan.instantiate()
    assert lan.invoke("invoke", "b", "a", "1") == "VALID"
    assert lan.query("a", "Org2") == "101"
    with pytest.raises(AlreadyJoined, match="Cannot create ledger from genesis block, due to LedgerID already exists"):
        lan.peer("Org1").join(lan.user("Org1"), lan.orderer().block("mychannel", lan.user("Org1"), 0))
    about = json.loads(lan.shells["h1"].run("docker", "inspect", "peer0.org1.example.com").out)
    assert about[0]["Config"]["Image"] == "hyperledger/fabric-peer:x86_64-1.0.0"
