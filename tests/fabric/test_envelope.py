from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2

from fabwiz.fabric.envelope import proposal, seek_envelope, signed_envelope
from fabwiz.fabric.identity import SigningIdentity

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def test_a_transaction_id_is_the_hash_of_nonce_and_creator(identity: SigningIdentity) -> None:
    made = proposal(identity, "mychannel", "mycc", [b"query", b"a"], now=NOON)
    header = common_pb2.Header.FromString(made.header)
    creator = common_pb2.SignatureHeader.FromString(header.signature_header)
    assert len(creator.nonce) == 24
    assert made.tx_id == hashlib.sha256(creator.nonce + creator.creator).hexdigest()
    assert common_pb2.ChannelHeader.FromString(header.channel_header).tx_id == made.tx_id


def test_no_two_proposals_share_a_nonce(identity: SigningIdentity) -> None:
    ids = {proposal(identity, "mychannel", "mycc", [], now=NOON).tx_id for _ in range(20)}
    assert len(ids) == 20


def test_a_proposal_says_what_it_calls_and_is_signed(identity: SigningIdentity, verify: Any) -> None:
    made = proposal(identity, "mychannel", "mycc", [b"invoke", b"\x00\xff"], now=NOON)
    assert verify(identity.serialized(), made.signed.signature, made.signed.proposal_bytes) == "Org1MSP"
    sent = proposal_pb2.Proposal.FromString(made.signed.proposal_bytes)
    header = common_pb2.ChannelHeader.FromString(common_pb2.Header.FromString(sent.header).channel_header)
    assert (header.type, header.channel_id, header.epoch) == (common_pb2.ENDORSER_TRANSACTION, "mychannel", 0)
    assert header.timestamp.ToDatetime(UTC) == NOON
    extension = proposal_pb2.ChaincodeHeaderExtension.FromString(header.extension)
    assert extension.chaincode_id.name == "mycc"
    called = proposal_pb2.ChaincodeProposalPayload.FromString(sent.payload).input
    spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(called).chaincode_spec
    assert list(spec.input.args) == [b"invoke", b"\x00\xff"]


def test_transient_data_goes_to_endorsers_only(identity: SigningIdentity) -> None:
    made = proposal(identity, "mychannel", "mycc", [b"put"], transient={"secret": b"42"}, now=NOON)
    sent = proposal_pb2.Proposal.FromString(made.signed.proposal_bytes)
    assert dict(proposal_pb2.ChaincodeProposalPayload.FromString(sent.payload).TransientMap) == {"secret": b"42"}
    public = proposal_pb2.ChaincodeProposalPayload.FromString(made.payload)
    assert not public.TransientMap
    assert public.input


def test_an_envelope_is_signed_and_carries_the_given_time(identity: SigningIdentity, opened: Any) -> None:
    data = common_pb2.LastConfig(index=7)
    header, content = opened(signed_envelope(identity, common_pb2.CONFIG_UPDATE, "mychannel", data, now=NOON))
    assert (header.type, header.channel_id) == (common_pb2.CONFIG_UPDATE, "mychannel")
    assert header.timestamp.ToDatetime(UTC) == NOON
    assert common_pb2.LastConfig.FromString(content).index == 7


def test_seeking_a_range_or_the_newest(identity: SigningIdentity, opened: Any) -> None:
    _, data = opened(seek_envelope(identity, "mychannel", 0, None, wait=False, now=NOON))
    seek = ab_pb2.SeekInfo.FromString(data)
    assert seek.start.specified.number == 0
    assert seek.start.WhichOneof("Type") == "specified"
    assert seek.stop.WhichOneof("Type") == "newest"
    assert seek.behavior == ab_pb2.SeekInfo.FAIL_IF_NOT_READY
    _, data = opened(seek_envelope(identity, "mychannel", 3, 9, wait=True, now=NOON))
    assert ab_pb2.SeekInfo.FromString(data).behavior == ab_pb2.SeekInfo.BLOCK_UNTIL_READY
