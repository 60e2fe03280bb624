"""Transactions taken apart, and their checks (core/common/validation/msgvalidation.go)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2

from fabwiz.remote.rehearsal.channel.envelopes import Malformed, Message
from fabwiz.remote.rehearsal.channel.msp import Signed
from fabwiz.remote.rehearsal.ledger.state import Sets, read_sets


@dataclass(frozen=True, slots=True)
class Action:
    """What an endorsed transaction does."""

    chaincode: str
    version: str
    sets: Sets
    endorsements: list[Signed]


def transaction_id(signature: common_pb2.SignatureHeader) -> str:
    """SHA-256 of nonce and creator, in hex."""
    return hashlib.sha256(signature.nonce + signature.creator).hexdigest()


def proposal_hash(header: common_pb2.Header, payload: bytes) -> bytes:
    """What endorsements refer to: the headers and the payload without transient data (GetProposalHash1)."""
    visible = proposal_pb2.ChaincodeProposalPayload.FromString(payload)
    visible.ClearField("TransientMap")
    return hashlib.sha256(header.channel_header + header.signature_header + visible.SerializeToString()).digest()


def read_action(message: Message) -> Action:
    """Take an endorser transaction apart. Raises Malformed where its parts do not belong together."""
    try:
        transaction = transaction_pb2.Transaction.FromString(message.payload.data)
        if len(transaction.actions) != 1:
            raise Malformed(f"only one action per transaction is supported, tx contains {len(transaction.actions)}")
        action = transaction.actions[0]
        payload = transaction_pb2.ChaincodeActionPayload.FromString(action.payload)
        answer = proposal_response_pb2.ProposalResponsePayload.FromString(payload.action.proposal_response_payload)
        done = proposal_pb2.ChaincodeAction.FromString(answer.extension)
        extension = proposal_pb2.ChaincodeHeaderExtension.FromString(message.channel.extension)
    except Malformed:
        raise
    except Exception as error:  # protobuf raises DecodeError, which has no public base
        raise Malformed(f"bad transaction: {error}") from error
    if action.header != message.payload.header.signature_header:
        raise Malformed("the creator's signature header is not the same as that of the action")
    if answer.proposal_hash != proposal_hash(message.payload.header, payload.chaincode_proposal_payload):
        raise Malformed("proposal hash does not match")
    if extension.chaincode_id.name != done.chaincode_id.name:
        raise Malformed("inconsistent chaincode ID info")
    endorsements = [
        Signed(payload.action.proposal_response_payload + one.endorser, one.endorser, one.signature)
        for one in payload.action.endorsements
    ]
    return Action(done.chaincode_id.name, done.chaincode_id.version, read_sets(done.results), endorsements)
