"""System chaincodes cscc and qscc: joining, and telling about channels (core/scc)."""

from __future__ import annotations

from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import query_pb2, transaction_pb2

from fabwiz.remote.rehearsal.channel.msp import MspError, Signed
from fabwiz.remote.rehearsal.channel.policies import PolicyError
from fabwiz.remote.rehearsal.ledger.blocks import header_hash
from fabwiz.remote.rehearsal.peer.channel import PeerChannel
from fabwiz.remote.rehearsal.peer.errors import CallError
from fabwiz.remote.rehearsal.peer.node import Node


def check_local(node: Node, signed: Signed, function: str, *, admin: bool, channel: str = "") -> None:
    """Only members, or admins, of the peer's own organization. Raises CallError in Fabric's words."""
    try:
        identity = signed.verified(node.local)
        role = msp_principal_pb2.MSPRole.ADMIN if admin else msp_principal_pb2.MSPRole.MEMBER
        if node.signer.msp.has_role(identity, role):
            return
        why = "This identity is not an admin"
    except MspError as error:
        why = str(error)
    place = f"[{channel}]" if channel else ""
    raise CallError(
        f"access denied for [{function}]{place}: Failed verifying that proposal's creator satisfies local MSP "
        f"principal during channelless check policy with policy [{'Admins' if admin else 'Members'}]: [{why}]"
    )


def _check_reader(channel: PeerChannel, signed: Signed, function: str) -> None:
    try:
        channel.bundle.policies.evaluate("/Channel/Application/Readers", [signed])
    except PolicyError as error:
        raise CallError(
            f"access denied for [{function}][{channel.name}]: Failed evaluating policy on signed data during check "
            f"policy [/Channel/Application/Readers]: [{error}]"
        ) from error


def cscc(node: Node, signed: Signed, args: list[bytes]) -> bytes:
    """JoinChain, GetChannels, GetConfigBlock; returns the payload. Raises CallError."""
    function = args[0].decode()
    if function == "JoinChain":
        try:
            block = common_pb2.Block.FromString(args[1])
        except Exception as error:  # a missing argument, or protobuf's DecodeError, which has no public base
            raise CallError(f"Failed to reconstruct the genesis block, {error}") from error
        check_local(node, signed, function, admin=True)
        node.join(block)
        return b""
    if function == "GetChannels":
        check_local(node, signed, function, admin=False)
        answer = query_pb2.ChannelQueryResponse()
        for name in sorted(node.channels):
            answer.channels.add(channel_id=name)
        return bytes(answer.SerializeToString())
    if function == "GetConfigBlock":
        name = args[1].decode()
        if name not in node.channels:
            raise CallError(f"Unknown chain ID, {name}")
        _check_reader(node.channels[name], signed, function)
        return bytes(node.channels[name].config_block.SerializeToString())
    raise CallError(f"Requested function {function} not found.")


def qscc(node: Node, signed: Signed, args: list[bytes]) -> bytes:
    """GetChainInfo, GetBlockByNumber, -Hash, -TxID, GetTransactionByID; returns the payload. Raises CallError."""
    function, name = args[0].decode(), args[1].decode() if len(args) > 1 else ""
    channel = node.channels.get(name)
    if channel is None:
        raise CallError(f"Invalid chain ID, {name}")
    _check_reader(channel, signed, function)
    if function == "GetChainInfo":
        height = channel.store.height
        newest = channel.store.block(height - 1)
        return bytes(
            ledger_pb2.BlockchainInfo(
                height=height,
                currentBlockHash=header_hash(newest.header),
                previousBlockHash=newest.header.previous_hash,
            ).SerializeToString()
        )
    if len(args) < 3:
        raise CallError(f"missing 3rd argument for {function}")
    wanted = args[2]
    if function == "GetBlockByNumber":
        try:
            return bytes(channel.store.block(int(wanted)).SerializeToString())
        except (IndexError, ValueError) as error:
            raise CallError(f"Failed to get block number {wanted.decode()}, error Entry not found in index") from error
    if function == "GetBlockByHash":
        for number in range(channel.store.height):
            block = channel.store.block(number)
            if header_hash(block.header) == wanted:
                return bytes(block.SerializeToString())
        raise CallError(f"Failed to get block hash {wanted.hex()}, error Entry not found in index")
    if function in ("GetTransactionByID", "GetBlockByTxID"):
        return _by_transaction(channel, function, wanted.decode())
    raise CallError(f"Requested function {function} not found.")


def _by_transaction(channel: PeerChannel, function: str, tx_id: str) -> bytes:
    if tx_id not in channel.transactions:
        what = "transaction with id" if function == "GetTransactionByID" else "block for txID"
        raise CallError(f"Failed to get {what} {tx_id}, error Entry not found in index")
    number, place = channel.transactions[tx_id]
    block = channel.store.block(number)
    if function == "GetBlockByTxID":
        return bytes(block.SerializeToString())
    found = transaction_pb2.ProcessedTransaction(
        transactionEnvelope=common_pb2.Envelope.FromString(block.data.data[place]),
        validationCode=block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER][place],
    )
    return bytes(found.SerializeToString())
