from __future__ import annotations

import time
from typing import Any

import pytest
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.peer import chaincode_pb2, query_pb2, transaction_pb2

from fabwiz.fabric.envelope import signed_envelope, utc_now
from fabwiz.fabric.errors import AlreadyInstalled, FabricError, Forbidden, NotFound, TimedOut
from fabwiz.fabric.peer import ChainInfo, PeerClient


@pytest.fixture
def peer(endorser: Any, serve: Any, authority: Any) -> PeerClient:
    return PeerClient(serve("peer0.org1.example.com", authority, endorser), timeout=60)


def test_a_query_answers_bytes(peer: PeerClient, endorser: Any, identity: Any, ok: Any) -> None:
    endorser.answer = lambda call: ok(b"90")
    assert peer.call(identity, "mychannel", "mycc", [b"query", b"a"]) == b"90"
    [call] = endorser.calls
    assert (call.channel, call.chaincode, call.args, call.msp_id) == ("mychannel", "mycc", [b"query", b"a"], "Org1MSP")


def test_the_chaincodes_words_are_passed_on(peer: PeerClient, endorser: Any, identity: Any, no: Any) -> None:
    endorser.answer = lambda call: no('there is no account "zz"')
    with pytest.raises(FabricError, match=r'peer0\.org1\.example\.com: there is no account "zz"') as caught:
        peer.call(identity, "mychannel", "mycc", [b"query", b"zz"])
    assert caught.value.status == "500"


def test_what_the_peer_throws_instead_of_answering_counts_too(peer: PeerClient, endorser: Any, identity: Any) -> None:
    """1.0 and 1.1 answer with a gRPC error where later releases answer status 500."""

    def refuse(call: Any) -> None:
        raise RuntimeError("access denied for [install]")

    endorser.answer = refuse
    with pytest.raises(Forbidden):
        peer.call(identity, "", "lscc", [b"install", b""])


def test_a_peer_that_does_not_answer_in_time(peer: PeerClient, endorser: Any, identity: Any, ok: Any) -> None:
    def late(call: Any) -> Any:
        time.sleep(1)
        return ok()

    endorser.answer = late
    with pytest.raises(TimedOut):
        peer.call(identity, "mychannel", "mycc", [b"query"], timeout=0.2)


def test_channels_are_asked_without_a_channel(peer: PeerClient, endorser: Any, identity: Any, ok: Any) -> None:
    names = [query_pb2.ChannelInfo(channel_id=name) for name in ("zeta", "alpha")]
    endorser.answer = lambda call: ok(query_pb2.ChannelQueryResponse(channels=names).SerializeToString())
    assert peer.channels(identity) == ("alpha", "zeta")
    assert (endorser.calls[0].channel, endorser.calls[0].chaincode) == ("", "cscc")


def test_joining_hands_over_the_first_block(peer: PeerClient, endorser: Any, identity: Any, ok: Any) -> None:
    endorser.answer = lambda call: ok()
    block = common_pb2.Block(header=common_pb2.BlockHeader(number=0, data_hash=b"x"))
    peer.join(identity, block)
    function, sent = endorser.calls[0].args
    assert function == b"JoinChain"
    assert common_pb2.Block.FromString(sent) == block


def test_chain_info(peer: PeerClient, endorser: Any, identity: Any, ok: Any) -> None:
    info = ledger_pb2.BlockchainInfo(height=7, currentBlockHash=b"c", previousBlockHash=b"p")
    endorser.answer = lambda call: ok(info.SerializeToString())
    assert peer.chain_info(identity, "mychannel") == ChainInfo(7, b"c", b"p")


def test_a_transaction_is_none_until_it_is_in_a_block(
    peer: PeerClient, endorser: Any, identity: Any, ok: Any, no: Any
) -> None:
    endorser.answer = lambda call: no("Failed to get transaction with id 0, error Entry not found in index")
    assert peer.validation(identity, "mychannel", "0") is None
    done = transaction_pb2.ProcessedTransaction(validationCode=11)
    endorser.answer = lambda call: ok(done.SerializeToString())
    assert peer.validation(identity, "mychannel", "0") == "MVCC_READ_CONFLICT"
    # through the channel, peers of 1.1 would stand still while a block comes in
    assert {call.channel for call in endorser.calls} == {""}


def test_of_several_copies_of_a_transaction_the_first_one_counts(
    peer: PeerClient, endorser: Any, identity: Any, ok: Any
) -> None:
    """As a peer of 1.0 or 1.1 has it: its index knows the last copy only."""
    envelope = signed_envelope(
        identity, common_pb2.ENDORSER_TRANSACTION, "mychannel", common_pb2.Header(), now=utc_now()
    )
    payload = common_pb2.Payload.FromString(envelope.payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    header.tx_id = "ab12"
    payload.header.channel_header = header.SerializeToString()
    copy = common_pb2.Envelope(payload=payload.SerializeToString()).SerializeToString()

    def block(number: int, code: int) -> common_pb2.Block:
        made = common_pb2.Block(header=common_pb2.BlockHeader(number=number))
        made.data.data.append(copy)
        made.metadata.metadata.extend([b"", b"", bytes([code])])
        return made

    blocks = {5: block(5, 0), 6: block(6, 9), 7: block(7, 9)}

    def answer(call: Any) -> Any:
        if call.args[0] == b"GetTransactionByID":
            return ok(transaction_pb2.ProcessedTransaction(validationCode=9).SerializeToString())
        number = 7 if call.args[0] == b"GetBlockByTxID" else int(call.args[2])
        return ok(blocks[number].SerializeToString())

    endorser.answer = answer
    assert peer.validation(identity, "mychannel", "ab12") == "DUPLICATE_TXID"
    assert peer.validation(identity, "mychannel", "ab12", since=5) == "VALID"


def test_an_unknown_channel_is_not_a_pending_transaction(
    peer: PeerClient, endorser: Any, identity: Any, no: Any
) -> None:
    endorser.answer = lambda call: no("Invalid chain ID, mychannel")
    with pytest.raises(NotFound):
        peer.validation(identity, "mychannel", "0")


def test_installing_and_what_is_installed(peer: PeerClient, endorser: Any, identity: Any, ok: Any, no: Any) -> None:
    found = query_pb2.ChaincodeQueryResponse(
        chaincodes=[query_pb2.ChaincodeInfo(name="mycc", version="1.0", id=b"fingerprint")]
    )
    endorser.answer = lambda call: ok(found.SerializeToString())
    assert peer.installed(identity) == {("mycc", "1.0"): b"fingerprint"}
    endorser.answer = lambda call: no("error installing chaincode code mycc:1.0(chaincode /x/mycc.1.0 exists)")
    with pytest.raises(AlreadyInstalled):
        peer.install(identity, b"package")
    assert endorser.calls[-1].args == [b"install", b"package"]


def test_instantiated_chaincodes_with_policy_and_fingerprint(
    peer: PeerClient, endorser: Any, identity: Any, ok: Any
) -> None:
    listed = query_pb2.ChaincodeQueryResponse(chaincodes=[query_pb2.ChaincodeInfo(name="mycc", version="1.0")])
    data = chaincode_pb2.ChaincodeData(name="mycc", version="1.0", id=b"fingerprint")
    data.policy.rule.n_out_of.n = 1
    answers = {b"getchaincodes": listed, b"getccdata": data}
    endorser.answer = lambda call: ok(answers[call.args[0]].SerializeToString())
    info = peer.instantiated(identity, "mychannel")["mycc"]
    assert (info.version, info.id, info.policy) == ("1.0", b"fingerprint", data.policy.SerializeToString())
    assert endorser.calls[1].args == [b"getccdata", b"mychannel", b"mycc"]


def test_messages_may_be_large(peer: PeerClient, endorser: Any, identity: Any, ok: Any) -> None:
    endorser.answer = lambda call: ok(call.args[1])
    assert len(peer.call(identity, "mychannel", "mycc", [b"echo", b"x" * (3 << 20)])) == 3 << 20
