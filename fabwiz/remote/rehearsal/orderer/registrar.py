"""All channels of an orderer (orderer/common/multichannel/registrar.go)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from fabric_protos.common import common_pb2

from fabwiz.remote.rehearsal.channel.bundle import ConfigError, config_of
from fabwiz.remote.rehearsal.channel.envelopes import Signer
from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.ledger.blocks import new_block
from fabwiz.remote.rehearsal.ledger.store import BlockStore
from fabwiz.remote.rehearsal.orderer.chain import Chain
from fabwiz.remote.rehearsal.orderer.processor import Processor
from fabwiz.remote.rehearsal.orderer.retry import Retry
from fabwiz.remote.rehearsal.orderer.topic import TopicClientFactory


class Registrar:
    """Holds the chains, whose ledgers lie below `folder`."""

    def __init__(
        self,
        context: Context,
        log: Callable[[str], None],
        signer: Signer,
        folder: Path,
        retry: Retry,
        topic_client: TopicClientFactory,
    ) -> None:
        self.context = context
        self.log = log
        self.signer = signer
        self.retry = retry
        self.topic_client = topic_client
        self.processor = Processor(self)
        self.failed = threading.Event()
        self.last_words = ""
        self._folder = folder / "chains"
        self._chains: dict[str, Chain] = {}
        self._lock = threading.Lock()
        self.system_name = ""

    def panic(self, words: str) -> None:
        """A channel cannot go on: the whole orderer ends, as Fabric's does."""
        self.last_words = words
        self.failed.set()

    @property
    def system(self) -> Chain:
        """The system channel."""
        return self._chains[self.system_name]

    def find(self, name: str) -> Chain | None:
        """A channel by name."""
        return self._chains.get(name)

    def load(self) -> bool:
        """Take up the channels of the ledger. Returns whether there are any. Raises ConfigError."""
        for folder in sorted(self._folder.glob("*")):
            if not (folder / "blocks").exists() or not (folder / "blocks").stat().st_size:
                shutil.rmtree(folder)  # a crash came between folder and first block; replaying Kafka makes it anew
                continue
            self._add(Chain(self, folder))
        if self._chains and not self.system_name:
            raise ConfigError(
                "No system chain found.  If bootstrapping, does your system channel contain a consortiums "
                "group definition?"
            )
        return bool(self._chains)

    def bootstrap(self, genesis: common_pb2.Block) -> None:
        """Begin with a genesis block. Raises ConfigError."""
        name, _ = config_of(genesis)
        store = BlockStore(self._folder / name / "blocks")
        block = new_block(0, genesis.header.previous_hash, list(genesis.data.data))
        block.header.CopyFrom(genesis.header)
        store.append(block)
        store.close()
        self._add(Chain(self, self._folder / name))
        if not self.system_name:
            raise ConfigError(
                "No system chain found.  If bootstrapping, does your system channel contain a consortiums "
                "group definition?"
            )

    def _add(self, chain: Chain) -> None:
        if chain.bundle.consensus != "kafka":
            raise ConfigError(f"Error retrieving consenter of type: {chain.bundle.consensus}")
        if chain.bundle.is_system:
            self.system_name = chain.name
        with self._lock:
            self._chains[chain.name] = chain

    def start(self) -> None:
        """Connect every channel to Kafka."""
        for chain in list(self._chains.values()):
            chain.consenter.start()

    def new_chain(self, envelope: bytes) -> None:
        """Create a channel from its first configuration, unless it is there."""
        block = new_block(0, b"", [envelope])
        name, _ = config_of(block)
        if name in self._chains:
            return
        store = BlockStore(self._folder / name / "blocks")
        store.append(block)
        store.close()
        chain = Chain(self, self._folder / name)
        self._add(chain)
        self.log(f"[orderer/common/multichannel] newChain -> INFO Created and starting new chain {name}")
        chain.consenter.start()

    def close(self) -> None:
        """End all channels."""
        for chain in list(self._chains.values()):
            chain.close()
