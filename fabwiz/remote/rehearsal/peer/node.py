"""What a peer has: its identity, its channels, its chaincode packages."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from fabric_protos.common import common_pb2

from fabwiz.remote.rehearsal.channel.bundle import Bundle, ConfigError, config_of
from fabwiz.remote.rehearsal.channel.envelopes import Signer
from fabwiz.remote.rehearsal.channel.msp import Members
from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.ledger.store import BlockStore
from fabwiz.remote.rehearsal.peer.chaincode import Runtime
from fabwiz.remote.rehearsal.peer.channel import PeerChannel
from fabwiz.remote.rehearsal.peer.errors import CallError
from fabwiz.remote.rehearsal.peer.packages import Packages


class Node:
    """A running peer. `folder` is its ledger volume."""

    def __init__(self, context: Context, log: Callable[[str], None], signer: Signer, folder: Path, tls: bool) -> None:
        self.context = context
        self.log = log
        self.signer = signer
        self.local = Members([signer.msp])
        self.packages = Packages(folder / "chaincodes")
        self.runtime = Runtime(context, log)
        self.channels: dict[str, PeerChannel] = {}
        self._tls = tls
        self._folder = folder / "ledgersData" / "chains"
        self._lock = threading.Lock()

    def load(self) -> None:
        """Take up the channels of the ledger. Raises ConfigError."""
        for folder in sorted(self._folder.glob("*")):
            if not (folder / "blocks").exists() or not (folder / "blocks").stat().st_size:
                shutil.rmtree(folder)  # a crash came between folder and first block
                continue
            self._open(folder)

    def _open(self, folder: Path) -> None:
        channel = PeerChannel(self.context, self.log, self.signer, folder, self._tls)
        self.channels[channel.name] = channel
        channel.start()

    def join(self, block: common_pb2.Block) -> None:
        """Join a channel by its block 0. Raises CallError in Fabric's words."""
        try:
            name, config = config_of(block)
            Bundle(name, config.config, self.context.release)
        except ConfigError as error:
            raise CallError(f'"JoinChain" request failed validation of its block: {error}') from error
        if block.header.number != 0:
            raise CallError(f"cannot join channel {name} by block {block.header.number}: block 0 is wanted")
        with self._lock:
            if name in self.channels:
                if self.context.release.number >= (1, 3, 0):
                    raise CallError("cannot create ledger from genesis block: LedgerID already exists")
                raise CallError("Cannot create ledger from genesis block, due to LedgerID already exists")
            folder = self._folder / name
            store = BlockStore(folder / "blocks")
            while len(block.metadata.metadata) <= common_pb2.TRANSACTIONS_FILTER:
                block.metadata.metadata.append(b"")
            block.metadata.metadata[common_pb2.TRANSACTIONS_FILTER] = bytes(len(block.data.data))
            store.append(block)
            store.close()
            self._open(folder)
        self.log(f"[gossip/service] updateAnchors -> INFO Joined channel {name}")

    def close(self) -> None:
        """End all channels."""
        for channel in list(self.channels.values()):
            channel.close()
