"""A channel that a peer has joined: its ledger, and the blocks that it pulls from an orderer."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc

from fabwiz.remote.rehearsal.channel.bundle import Bundle, config_of
from fabwiz.remote.rehearsal.channel.envelopes import Signer, read
from fabwiz.remote.rehearsal.channel.msp import Signed
from fabwiz.remote.rehearsal.channel.policies import PolicyError
from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.ledger.blocks import data_hash, header_bytes
from fabwiz.remote.rehearsal.ledger.state import State, Version
from fabwiz.remote.rehearsal.ledger.store import BlockStore
from fabwiz.remote.rehearsal.peer.transactions import read_action
from fabwiz.remote.rehearsal.peer.validation import Codes, validate

_LAST = 2**63 - 1
_ANSWER_WITHIN = 3.0


class PeerChannel:
    """Made from its ledger folder, which holds at least block 0. Raises ConfigError."""

    def __init__(self, context: Context, log: Callable[[str], None], signer: Signer, folder: Path, tls: bool) -> None:
        self._context = context
        self._log = log
        self._signer = signer
        self._tls = tls
        self.store = BlockStore(folder / "blocks")
        self.state = State()
        self.transactions: dict[str, tuple[int, int]] = {}
        """Transaction id: block and place in it."""
        self.config_block = self.store.block(0)
        self.name, config = config_of(self.config_block)
        self.bundle = Bundle(self.name, config.config, context.release)
        self._closed = threading.Event()
        self._call: Any = None
        for number in range(self.store.height):
            block = self.store.block(number)
            self._take_in(block, list(block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER]))

    @property
    def available(self) -> bool:
        """Peers hand out what they have."""
        return not self._closed.is_set()

    def start(self) -> None:
        """Begin to pull blocks."""
        threading.Thread(target=self._pull, name=f"deliver {self.name}", daemon=True).start()

    def close(self) -> None:
        """Pull no more."""
        self._closed.set()
        if self._call is not None:
            self._call.cancel()
        self.store.close()

    # blocks come in
    def _pull(self) -> None:
        for turn in itertools.count():
            if self._closed.is_set() or self._context.stop.is_set():
                return
            addresses = self.bundle.orderer_addresses
            # every peer begins with another orderer
            target = addresses[(turn + sum(self._signer.certificate)) % len(addresses)]
            try:
                self._pull_from(target)
            except grpc.FutureTimeoutError:
                self._complain(target, "context deadline exceeded")
            except (grpc.RpcError, OSError, ValueError) as error:
                self._complain(target, str(error.details() if isinstance(error, grpc.Call) else error))
            self._closed.wait(0.3)

    def _complain(self, target: str, why: str) -> None:
        if not self._closed.is_set():
            self._log(
                f"[core/deliverservice] try -> WARN Got error: orderer client failed to connect to {target}: "
                f"failed to create new connection: {why}"
            )

    def _pull_from(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        address = f"ipv4:{self._context.resolve(host)}:{port}"
        options = (
            ("grpc.ssl_target_name_override", host),
            ("grpc.default_authority", host),
            ("grpc.enable_http_proxy", 0),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", 100 << 20),
        )
        if self._tls:
            credentials = grpc.ssl_channel_credentials(self.bundle.orderer_tls_roots)
            channel = grpc.secure_channel(address, credentials, options)
        else:
            channel = grpc.insecure_channel(address, options)
        with channel:
            grpc.channel_ready_future(channel).result(_ANSWER_WITHIN)
            seek = ab_pb2.SeekInfo(behavior=ab_pb2.SeekInfo.BLOCK_UNTIL_READY)
            seek.start.specified.number, seek.stop.specified.number = self.store.height, _LAST
            envelope = self._signer.envelope(common_pb2.DELIVER_SEEK_INFO, self.name, seek.SerializeToString())
            self._call = ab_pb2_grpc.AtomicBroadcastStub(channel).Deliver(iter([envelope]))
            for answer in self._call:
                if self._closed.is_set():
                    return
                if answer.WhichOneof("Type") != "block":
                    raise ValueError(f"got bad status {common_pb2.Status.Name(answer.status)}")
                self._receive(answer.block)

    def _receive(self, block: common_pb2.Block) -> None:
        """Verify a block, validate its transactions, and commit. Raises ValueError."""
        if data_hash(block.data) != block.header.data_hash:
            raise ValueError(
                f"Header.DataHash is different from Hash(block.Data) for block with id [{block.header.number}]"
            )
        self._verify_orderer(block)
        codes, changes = validate(block, self.bundle, self.state, self.transactions.__contains__, self._log)
        block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes(codes)
        self.store.append(block)
        self.state.apply(changes)
        self._note(block)
        self._log(
            f"[kvledger] CommitWithPvtData -> INFO [{self.name}] Committed block [{block.header.number}] with "
            f"{len(block.data.data)} transaction(s)"
        )

    def _verify_orderer(self, block: common_pb2.Block) -> None:
        metadata = common_pb2.Metadata.FromString(block.metadata.metadata[common_pb2.SIGNATURES])
        header = header_bytes(block.header)
        signed = []
        for signature in metadata.signatures:
            creator = common_pb2.SignatureHeader.FromString(signature.signature_header).creator
            signed.append(Signed(metadata.value + signature.signature_header + header, creator, signature.signature))
        try:
            self.bundle.policies.evaluate("/Channel/Orderer/BlockValidation", signed)
        except PolicyError as error:
            raise ValueError(f"failed verifying block [{block.header.number}]: {error}") from error

    def _take_in(self, block: common_pb2.Block, codes: list[int]) -> None:
        """A block of the ledger, validated when it came: rebuild the state from it."""
        changes: list[tuple[Version, Any]] = []
        for number, message in self._messages(block):
            if message.channel.type == common_pb2.ENDORSER_TRANSACTION and codes[number] == Codes.VALID:
                changes.append(((block.header.number, number), read_action(message).sets))
        self.state.apply(changes)
        self._note(block)

    @staticmethod
    def _messages(block: common_pb2.Block) -> Iterator[tuple[int, Any]]:
        for number, data in enumerate(block.data.data):
            yield number, read(common_pb2.Envelope.FromString(data))

    def _note(self, block: common_pb2.Block) -> None:
        for number, message in self._messages(block):
            tx_id = message.channel.tx_id
            # before 1.2 a further copy takes the place of the first one in the index (FAB-8557)
            if tx_id and (tx_id not in self.transactions or self._context.release.number < (1, 2, 0)):
                self.transactions[tx_id] = (block.header.number, number)
            if message.channel.type == common_pb2.CONFIG:
                self.config_block = block
                self.bundle = Bundle(self.name, config_of(block)[1].config, self._context.release)
