"""Which transactions of a block are valid (core/committer/txvalidator, core/handlers/validation/builtin)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, transaction_pb2

from fabwiz.remote.rehearsal.channel import envelopes
from fabwiz.remote.rehearsal.channel.bundle import Bundle
from fabwiz.remote.rehearsal.channel.msp import MspError, verified_identities
from fabwiz.remote.rehearsal.channel.policies import satisfied
from fabwiz.remote.rehearsal.ledger.state import Sets, State, Version
from fabwiz.remote.rehearsal.peer.transactions import Action, read_action, transaction_id

Codes: Any = transaction_pb2.TxValidationCode
SYSTEM = frozenset({"lscc", "cscc", "qscc", "escc", "vscc"})


def validate(
    block: common_pb2.Block, bundle: Bundle, state: State, known: Callable[[str], bool], log: Callable[[str], None]
) -> tuple[list[int], list[tuple[Version, Sets]]]:
    """Validate every transaction. Returns their codes, and what the valid ones write."""
    codes: list[int] = []
    changes: list[tuple[Version, Sets]] = []
    written: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for number, data in enumerate(block.data.data):
        code, action, tx_id = _check(data, bundle, state)
        if code == Codes.VALID and action:
            # 1.0 looks for equal ids in earlier blocks only
            if known(tx_id) or (tx_id in seen and bundle.release.number >= (1, 1, 0)):
                code = Codes.DUPLICATE_TXID
            elif not state.fits(action.sets, written):
                code = Codes.MVCC_READ_CONFLICT
        if code == Codes.VALID and action:
            written |= {(space, write.key) for space, one in action.sets.items() for write in one.writes}
            changes.append(((block.header.number, number), action.sets))
        seen.add(tx_id)
        codes.append(code)
        if code != Codes.VALID:
            log(
                f"[committer/txvalidator] Validate -> ERRO [{bundle.channel}] Block [{block.header.number}] "
                f"Transaction index [{number}] TxId [{tx_id}] marked as invalid: {Codes.Name(code)}"
            )
    return codes, changes


def _check(data: bytes, bundle: Bundle, state: State) -> tuple[int, Action | None, str]:
    try:
        message = envelopes.read(common_pb2.Envelope.FromString(data))
    except Exception:  # envelopes.Malformed, or protobuf's DecodeError, which has no public base
        return Codes.BAD_PAYLOAD, None, ""
    tx_id = str(message.channel.tx_id)
    try:
        message.signed.verified(bundle.members)
    except MspError:
        return Codes.BAD_CREATOR_SIGNATURE, None, tx_id
    if message.channel.channel_id != bundle.channel:
        return Codes.TARGET_CHAIN_NOT_FOUND, None, tx_id
    if message.channel.type == common_pb2.CONFIG:
        return Codes.VALID, None, tx_id
    if message.channel.type != common_pb2.ENDORSER_TRANSACTION:
        return Codes.UNKNOWN_TX_TYPE, None, tx_id
    if tx_id != transaction_id(message.signature):
        return Codes.BAD_PROPOSAL_TXID, None, tx_id
    try:
        action = read_action(message)
    except envelopes.Malformed:
        return Codes.INVALID_ENDORSER_TRANSACTION, None, tx_id
    return _endorsed(action, bundle, state), action, tx_id


def _endorsed(action: Action, bundle: Bundle, state: State) -> int:
    identities = verified_identities(action.endorsements, bundle.members)
    if action.chaincode == "lscc":
        # any member endorses an instantiation; what it writes in the chaincode's own name is its Init's
        return int(Codes.VALID if identities else Codes.ENDORSEMENT_POLICY_FAILURE)
    writing = {space for space, one in action.sets.items() if one.writes} | {action.chaincode}
    for namespace in writing:
        if namespace in SYSTEM:
            return int(Codes.ILLEGAL_WRITESET)
        stored = state.get("lscc", namespace)
        if stored is None:
            return int(Codes.INVALID_OTHER_REASON)
        definition = chaincode_pb2.ChaincodeData.FromString(stored[0])
        if namespace == action.chaincode and action.version != definition.version:
            return int(Codes.EXPIRED_CHAINCODE)
        if not satisfied(definition.policy, identities, bundle.members):
            return int(Codes.ENDORSEMENT_POLICY_FAILURE)
    return int(Codes.VALID)
