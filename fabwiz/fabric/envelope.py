"""Headers, signed envelopes and proposals: the shapes that everything sent to Fabric has.

After `protos/utils/txutils.go`, `proputils.go` and `commonutils.go` of Fabric 1.x. Times are the workstation's: nodes
refuse envelopes that are more than 15 minutes away from their own clocks.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from fabwiz.fabric.identity import SigningIdentity

Now = Callable[[], datetime]
"""The clock; tests put their own in."""

NONCE_BYTES = 24


def utc_now() -> datetime:
    """The workstation's clock."""
    return datetime.now(UTC)


def timestamp(now: datetime) -> Timestamp:
    """`google.protobuf.Timestamp` of an aware datetime."""
    stamp = Timestamp()
    stamp.FromDatetime(now)
    return stamp


def tx_id(nonce: bytes, creator: bytes) -> str:
    """A transaction's id: SHA-256 of nonce and creator in lower-case hex (`ComputeProposalTxID`)."""
    return hashlib.sha256(nonce + creator).hexdigest()


def transaction_id(envelope: bytes) -> str:
    """The transaction's id that a serialized `common.Envelope` carries; empty for configurations."""
    payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
    return str(common_pb2.ChannelHeader.FromString(payload.header.channel_header).tx_id)


def channel_header(
    kind: int, channel: str, now: datetime, *, transaction: str = "", extension: bytes = b""
) -> common_pb2.ChannelHeader:
    """`common.ChannelHeader`; `kind` is a `common.HeaderType`, the channel is empty for calls that concern a peer."""
    return common_pb2.ChannelHeader(
        type=kind, channel_id=channel, tx_id=transaction, timestamp=timestamp(now), extension=extension
    )


def signature_header(identity: SigningIdentity) -> common_pb2.SignatureHeader:
    """`common.SignatureHeader` with a fresh nonce of 24 bytes."""
    return common_pb2.SignatureHeader(creator=identity.serialized(), nonce=secrets.token_bytes(NONCE_BYTES))


def signed_envelope(
    identity: SigningIdentity, kind: int, channel: str, data: Any, *, now: datetime
) -> common_pb2.Envelope:
    """`common.Envelope` around a message, signed (`CreateSignedEnvelope`)."""
    header = common_pb2.Header(
        channel_header=channel_header(kind, channel, now).SerializeToString(),
        signature_header=signature_header(identity).SerializeToString(),
    )
    payload = common_pb2.Payload(header=header, data=data.SerializeToString()).SerializeToString()
    return common_pb2.Envelope(payload=payload, signature=identity.sign(payload))


def seek_envelope(
    identity: SigningIdentity, channel: str, start: int | None, stop: int | None, *, wait: bool, now: datetime
) -> common_pb2.Envelope:
    """Ask Deliver for blocks `start` to `stop`; `None` means the newest. `wait` for those that are yet to come."""
    behavior = ab_pb2.SeekInfo.BLOCK_UNTIL_READY if wait else ab_pb2.SeekInfo.FAIL_IF_NOT_READY
    seek = ab_pb2.SeekInfo(start=_position(start), stop=_position(stop), behavior=behavior)
    return signed_envelope(identity, common_pb2.DELIVER_SEEK_INFO, channel, seek, now=now)


def _position(number: int | None) -> ab_pb2.SeekPosition:
    if number is None:
        return ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())
    return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=number))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A signed call of a chaincode; the same one goes to every endorser."""

    tx_id: str
    channel: str
    chaincode: str
    identity: SigningIdentity = field(repr=False)
    header: bytes = field(repr=False)
    """`common.Header`, serialized."""
    payload: bytes = field(repr=False)
    """`protos.ChaincodeProposalPayload` without the transient data, as it goes into a transaction."""
    signed: proposal_pb2.SignedProposal = field(repr=False)


def proposal(
    identity: SigningIdentity,
    channel: str,
    chaincode: str,
    args: Sequence[bytes],
    *,
    transient: Mapping[str, bytes] | None = None,
    kind: int = common_pb2.ENDORSER_TRANSACTION,
    now: datetime,
) -> Proposal:
    """Make and sign a proposal; `args` holds the function first, `transient` what only the endorsers may see."""
    creator = signature_header(identity)
    transaction = tx_id(creator.nonce, creator.creator)
    chaincode_id = chaincode_pb2.ChaincodeID(name=chaincode)
    extension = proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_id).SerializeToString()
    header = common_pb2.Header(
        channel_header=channel_header(
            kind, channel, now, transaction=transaction, extension=extension
        ).SerializeToString(),
        signature_header=creator.SerializeToString(),
    ).SerializeToString()
    spec = chaincode_pb2.ChaincodeSpec(
        type=chaincode_pb2.ChaincodeSpec.GOLANG,
        chaincode_id=chaincode_id,
        input=chaincode_pb2.ChaincodeInput(args=args),
    )
    called = chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString()
    public = proposal_pb2.ChaincodeProposalPayload(input=called)
    whole = proposal_pb2.ChaincodeProposalPayload(input=called, TransientMap=transient or {})
    message = proposal_pb2.Proposal(header=header, payload=whole.SerializeToString()).SerializeToString()
    signed = proposal_pb2.SignedProposal(proposal_bytes=message, signature=identity.sign(message))
    return Proposal(transaction, channel, chaincode, identity, header, public.SerializeToString(), signed)
