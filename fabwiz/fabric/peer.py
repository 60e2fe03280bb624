"""A peer: its endorser, and the system chaincodes that tell about the peer and its channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.peer import (
    chaincode_pb2,
    peer_pb2_grpc,
    proposal_response_pb2,
    query_pb2,
    transaction_pb2,
)

from fabwiz.fabric.endpoint import Endpoint
from fabwiz.fabric.envelope import Now, Proposal, proposal, transaction_id, utc_now
from fabwiz.fabric.errors import FabricError, NotFound, from_answer, from_rpc
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.understanding import understood

_CODES: Any = transaction_pb2.TxValidationCode
_FIRST_ERROR = 400  # core/chaincode/shim/response.go: ERRORTHRESHOLD
_MOST_BLOCKS = 100_000
"""That are looked through one by one for a transaction; it comes within a few, unless the peer makes them up."""


@dataclass(frozen=True, slots=True)
class ChainInfo:
    """How far a peer is on a channel. Hashes are raw bytes (SHA-256 of the block header)."""

    height: int
    current_hash: bytes
    previous_hash: bytes


@dataclass(frozen=True, slots=True)
class ChaincodeInfo:
    """A chaincode as it is instantiated on a channel."""

    name: str
    version: str
    policy: bytes
    """The endorsement policy: `common.SignaturePolicyEnvelope`, serialized."""
    id: bytes
    """Fingerprint of the package that it was instantiated from, as `package_id` computes it."""


class PeerClient:
    """`protos.Endorser` of one peer. `timeout` (seconds) holds for each call that names none.

    `observer` is a member of the peer's own organization, in whose name the peer is asked whether a transaction is
    committed. Everybody else would have to ask through the channel, and then peers of 1.1 stand still for 30
    seconds if a block comes in: the call holds the state's lock while it waits for the block store's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        observer: SigningIdentity | None = None,
        timeout: float = 60.0,
        now: Now = utc_now,
    ) -> None:
        self.endpoint = endpoint
        self.observer = observer
        self.timeout = timeout
        self._now = now

    @property
    def name(self) -> str:
        """The peer's name."""
        return self.endpoint.name

    def send(self, signed: Proposal, *, timeout: float | None = None) -> proposal_response_pb2.ProposalResponse:
        """Have a proposal simulated and endorsed.

        Raises FabricError with the peer's or the chaincode's own words for statuses from 400 on, Unreachable and
        TimedOut where the peer does not answer.
        """
        stub = peer_pb2_grpc.EndorserStub(self.endpoint.channel)
        try:
            answer = stub.ProcessProposal(signed.signed, timeout=self.timeout if timeout is None else timeout)
        except grpc.RpcError as error:
            raise from_rpc(error, target=self.name, obstacle=self.endpoint.obstacle()) from error
        if answer.response.status >= _FIRST_ERROR or answer.response.status == 0:
            raise from_answer(answer.response.message, target=self.name, status=str(answer.response.status))
        return answer

    def call(
        self,
        identity: SigningIdentity,
        channel: str,
        chaincode: str,
        args: Sequence[bytes],
        *,
        transient: Mapping[str, bytes] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """The payload that a chaincode answers; nothing is ordered. Raises as `send`."""
        made = proposal(identity, channel, chaincode, args, transient=transient, now=self._now())
        return bytes(self.send(made, timeout=timeout).response.payload)

    @understood
    def channels(self, identity: SigningIdentity, *, timeout: float | None = None) -> tuple[str, ...]:
        """Channels that the peer has joined, sorted. The identity is any member of the peer's organization."""
        answer = self.call(identity, "", "cscc", [b"GetChannels"], timeout=timeout)
        return tuple(sorted(c.channel_id for c in query_pb2.ChannelQueryResponse.FromString(answer).channels))

    def join(self, identity: SigningIdentity, block: common_pb2.Block, *, timeout: float | None = None) -> None:
        """Join the channel whose block 0 this is; the identity is an admin of the peer's organization.

        Raises AlreadyJoined where it has, Forbidden for anyone else.
        """
        args = [b"JoinChain", block.SerializeToString()]
        made = proposal(identity, "", "cscc", args, kind=common_pb2.CONFIG, now=self._now())
        self.send(made, timeout=timeout)

    @understood
    def chain_info(self, identity: SigningIdentity, channel: str, *, timeout: float | None = None) -> ChainInfo:
        """Height and hashes of a channel on this peer, for a member of its organization that may read the channel.

        Raises NotFound where it has not joined.
        """
        answer = self.call(identity, "", "qscc", [b"GetChainInfo", channel.encode()], timeout=timeout)
        info = ledger_pb2.BlockchainInfo.FromString(answer)
        return ChainInfo(info.height, bytes(info.currentBlockHash), bytes(info.previousBlockHash))

    @understood
    def config_block(
        self, identity: SigningIdentity, channel: str, *, timeout: float | None = None
    ) -> common_pb2.Block:
        """The configuration block that the peer goes by, for a member of its organization. Raises as `send`."""
        answer = self.call(identity, "", "cscc", [b"GetConfigBlock", channel.encode()], timeout=timeout)
        return common_pb2.Block.FromString(answer)

    @understood
    def validation(
        self,
        identity: SigningIdentity,
        channel: str,
        tx_id: str,
        *,
        since: int | None = None,
        timeout: float | None = None,
    ) -> str | None:
        """The validation code (`VALID`, `MVCC_READ_CONFLICT`, ...) of a transaction, `None` while it is in no block.

        Where one envelope was ordered several times, only its first copy counts. Peers before 1.2 tell of the last
        one instead (FAB-8557): with `since`, a block's number from which on any copy must be, the blocks are looked
        through then. For a member of the peer's organization that may read the channel. Raises as `send`.
        """
        args = [b"GetTransactionByID", channel.encode(), tx_id.encode()]
        try:
            answer = self.call(identity, "", "qscc", args, timeout=timeout)
        except NotFound as error:
            if "transaction" in error.message:
                return None
            raise
        code = _code(transaction_pb2.ProcessedTransaction.FromString(answer).validationCode)
        if code == "VALID" or since is None:
            return code
        last = int(self.block_of(identity, channel, tx_id, timeout=timeout).header.number)
        if last - since > _MOST_BLOCKS:
            raise FabricError(f"says that the transaction is in block {last}, long after {since}", target=self.name)
        for number in range(since, last + 1):
            args = [b"GetBlockByNumber", channel.encode(), str(number).encode()]
            block = common_pb2.Block.FromString(self.call(identity, "", "qscc", args, timeout=timeout))
            for place, data in enumerate(block.data.data):
                if transaction_id(data) == tx_id:
                    return _code(block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER][place])
        return code

    @understood
    def block_of(
        self, identity: SigningIdentity, channel: str, tx_id: str, *, timeout: float | None = None
    ) -> common_pb2.Block:
        """The block that holds a transaction, for a member of the peer's organization. Raises NotFound."""
        args = [b"GetBlockByTxID", channel.encode(), tx_id.encode()]
        return common_pb2.Block.FromString(self.call(identity, "", "qscc", args, timeout=timeout))

    def install(self, identity: SigningIdentity, package: bytes, *, timeout: float | None = None) -> None:
        """Install a package (`protos.ChaincodeDeploymentSpec`, serialized) as an admin of the peer's organization.

        Raises AlreadyInstalled where that name and version are there, whatever their content.
        """
        self.call(identity, "", "lscc", [b"install", package], timeout=timeout)

    @understood
    def installed(self, identity: SigningIdentity, *, timeout: float | None = None) -> dict[tuple[str, str], bytes]:
        """Installed chaincodes: (name, version) -> fingerprint; 1.0 tells no fingerprint, it is empty there."""
        answer = self.call(identity, "", "lscc", [b"getinstalledchaincodes"], timeout=timeout)
        found = query_pb2.ChaincodeQueryResponse.FromString(answer).chaincodes
        return {(one.name, one.version): bytes(one.id) for one in found}

    @understood
    def instantiated(
        self, identity: SigningIdentity, channel: str, *, timeout: float | None = None
    ) -> dict[str, ChaincodeInfo]:
        """Chaincodes of a channel by name, as this peer's ledger has them; the identity is an admin of its own."""
        answer = self.call(identity, channel, "lscc", [b"getchaincodes"], timeout=timeout)
        found = {}
        for one in query_pb2.ChaincodeQueryResponse.FromString(answer).chaincodes:
            args = [b"getccdata", channel.encode(), one.name.encode()]
            data = chaincode_pb2.ChaincodeData.FromString(self.call(identity, channel, "lscc", args, timeout=timeout))
            found[one.name] = ChaincodeInfo(data.name, data.version, data.policy.SerializeToString(), bytes(data.id))
        return found

    def collections(
        self, identity: SigningIdentity, channel: str, chaincode: str, *, timeout: float | None = None
    ) -> bytes:
        """A chaincode's `common.CollectionConfigPackage`, serialized, `b""` where it has none.

        For readers of the channel; peers before 1.3 do not tell. Raises as `send`.
        """
        try:
            return self.call(identity, channel, "lscc", [b"GetCollectionsConfig", chaincode.encode()], timeout=timeout)
        except FabricError as error:
            if "collections config not defined" in error.message:
                return b""
            raise


def _code(number: int) -> str:
    try:
        return str(_CODES.Name(number))
    except ValueError:
        return str(number)
