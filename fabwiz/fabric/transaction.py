"""Transactions: endorsed by the peers that the policy needs, ordered, and waited for on every peer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2

from fabwiz.fabric.envelope import Now, Proposal, proposal, utc_now
from fabwiz.fabric.errors import FabricError, Invalid, TimedOut, Unreachable
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.peer import PeerClient

T = TypeVar("T")

_PAUSE = 0.15
SETTLE_1_0 = 0.5
"""Seconds for `settle` on 1.0: its peers list a transaction just before its writes reach the state database
(core/ledger/kvledger/kv_ledger.go v1.0.0: AddBlock, then txtmgmt.Commit, without a lock around both)."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction that every peer that was asked has found valid."""

    tx_id: str
    code: str
    """Always `VALID`; anything else is raised as `Invalid`."""
    block: int
    """Number of its block."""
    payload: bytes
    """What the chaincode answered."""


def invoke(
    identity: SigningIdentity,
    endorsers: Sequence[PeerClient],
    orderer: OrdererClient,
    channel: str,
    chaincode: str,
    args: Sequence[bytes],
    *,
    transient: Mapping[str, bytes] | None = None,
    committers: Sequence[PeerClient] = (),
    timeout: float = 60.0,
    patience: float = 0.0,
    settle: float = 0.0,
    now: Now = utc_now,
) -> Committed:
    """Endorse on all `endorsers`, hand in for ordering, wait until all `committers` (none: the endorsers) have it.

    `timeout` (seconds) holds for endorsing, and again for committing; `patience` is the orderer's (see `broadcast`);
    `settle` see `SETTLE_1_0`. Raises FabricError with the chaincode's or Fabric's words, also where endorsers do not
    agree; Invalid with the validation code; TimedOut naming the peers that do not have it.
    """
    made = proposal(identity, channel, chaincode, args, transient=transient, now=now())
    answers = endorse(made, endorsers, timeout=timeout)
    orderer.broadcast(transaction_envelope(made, answers), timeout=timeout, patience=patience)
    waiting = committers or endorsers
    wait_for_commit(identity, waiting, channel, made.tx_id, timeout=timeout)
    if settle:
        time.sleep(settle)
    block = waiting[0].block_of(waiting[0].observer or identity, channel, made.tx_id)
    return Committed(made.tx_id, "VALID", block.header.number, bytes(answers[0].response.payload))


def query(
    peer: PeerClient,
    identity: SigningIdentity,
    channel: str,
    chaincode: str,
    args: Sequence[bytes],
    *,
    timeout: float | None = None,
) -> bytes:
    """What the chaincode on one peer answers; nothing is ordered. Raises as `PeerClient.send`."""
    return peer.call(identity, channel, chaincode, args, timeout=timeout)


def endorse(
    made: Proposal, endorsers: Sequence[PeerClient], *, timeout: float
) -> list[proposal_response_pb2.ProposalResponse]:
    """Have all peers endorse at the same time; their answers in order.

    Raises the first refusal, or FabricError where the results differ (the chaincode is not deterministic, or the
    peers are not at the same block).
    """
    answers = _at_once(lambda peer: peer.send(made, timeout=timeout), endorsers)
    for peer, answer in zip(endorsers, answers, strict=True):
        if answer.payload != answers[0].payload:
            raise FabricError(
                f"gave another result for {made.chaincode} than {endorsers[0].name}: the peers are not at the same "
                "block, have different packages, or the chaincode is not deterministic",
                target=peer.name,
            )
    return answers


def transaction_envelope(
    made: Proposal, answers: Sequence[proposal_response_pb2.ProposalResponse]
) -> common_pb2.Envelope:
    """The signed transaction for the orderer (`CreateSignedTx` of protos/utils/txutils.go)."""
    header = common_pb2.Header.FromString(made.header)
    endorsed = transaction_pb2.ChaincodeEndorsedAction(
        proposal_response_payload=answers[0].payload, endorsements=[answer.endorsement for answer in answers]
    )
    action = transaction_pb2.ChaincodeActionPayload(chaincode_proposal_payload=made.payload, action=endorsed)
    transaction = transaction_pb2.Transaction(
        actions=[transaction_pb2.TransactionAction(header=header.signature_header, payload=action.SerializeToString())]
    )
    payload = common_pb2.Payload(header=header, data=transaction.SerializeToString()).SerializeToString()
    return common_pb2.Envelope(payload=payload, signature=made.identity.sign(payload))


def response_of(envelope: common_pb2.Envelope) -> bytes:
    """What the chaincode answered, from the transaction that was made of it."""
    payload = common_pb2.Payload.FromString(envelope.payload)
    action = transaction_pb2.Transaction.FromString(payload.data).actions[0]
    endorsed = transaction_pb2.ChaincodeActionPayload.FromString(action.payload).action
    answer = proposal_response_pb2.ProposalResponsePayload.FromString(endorsed.proposal_response_payload)
    return bytes(proposal_pb2.ChaincodeAction.FromString(answer.extension).response.payload)


def wait_for_commit(
    identity: SigningIdentity,
    peers: Sequence[PeerClient],
    channel: str,
    tx_id: str,
    *,
    timeout: float,
    since: int | None = None,
) -> None:
    """Wait until every peer has the transaction in a block and finds it valid.

    Peers of all releases are asked through qscc (1.0 has no Deliver), each in the name of its `observer`; `identity`
    asks where there is none, which only peers of its own organization allow. A peer that does not answer meanwhile is
    asked again. `since` is needed where the envelope may have been handed in more than once, see
    `PeerClient.validation`. Raises Invalid with the validation code, TimedOut naming the peers.
    """
    until = time.monotonic() + timeout

    def wait(peer: PeerClient) -> FabricError | None:
        last: FabricError | None = None
        while (left := until - time.monotonic()) > 0:
            try:
                asker = peer.observer or identity
                code = peer.validation(asker, channel, tx_id, since=since, timeout=max(1.0, left))
            except (Unreachable, TimedOut) as error:
                last = error
            else:
                if code == "VALID":
                    return None
                if code is not None:
                    text = f"transaction {tx_id} was written to channel {channel}, but is invalid: {code}"
                    return Invalid(text, target=peer.name, status=code)
            time.sleep(min(_PAUSE, max(0.0, left)))
        return last or TimedOut(f"transaction {tx_id} is in no block of channel {channel} yet", target=peer.name)

    failed = [error for error in _at_once(wait, peers) if error is not None]
    for error in failed:
        if isinstance(error, Invalid):
            raise error
    if failed:
        text = "; ".join(map(str, failed))
        raise TimedOut(f"after {timeout:g} s not committed everywhere: {text}", target=failed[0].target)


def _at_once(act: Callable[[PeerClient], T], peers: Sequence[PeerClient]) -> list[T]:
    if not peers:
        raise ValueError("there is no peer to ask")
    with ThreadPoolExecutor(max_workers=min(32, len(peers)), thread_name_prefix="fabric") as pool:
        return list(pool.map(act, peers))
