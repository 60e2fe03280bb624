"""One channel on an orderer: its blocks, its configuration, its place in Kafka (orderer/common/multichannel)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_protos.common import common_pb2, configtx_pb2

from fabwiz.remote.rehearsal.channel.bundle import Bundle, config_of
from fabwiz.remote.rehearsal.ledger.blocks import header_bytes, new_block
from fabwiz.remote.rehearsal.ledger.store import BlockStore
from fabwiz.remote.rehearsal.orderer.consenter import Consenter
from fabwiz.remote.rehearsal.orderer.messages import kafka_metadata, read_kafka_metadata

if TYPE_CHECKING:
    from fabwiz.remote.rehearsal.orderer.registrar import Registrar


class Chain:
    """Made from its ledger folder, which holds at least block 0. Raises ConfigError."""

    def __init__(self, registrar: Registrar, folder: Path) -> None:
        self.registrar = registrar
        self.store = BlockStore(folder / "blocks")
        newest = self.store.block(self.store.height - 1)
        self._last_config = self._config_index(newest)
        self.name, config = config_of(self.store.block(self._last_config))
        self.bundle = Bundle(self.name, config.config, registrar.context.release)
        ordered = common_pb2.Metadata.FromString(newest.metadata.metadata[common_pb2.ORDERER])
        self.offset, self.original = read_kafka_metadata(ordered.value)
        self.lock = threading.RLock()
        self.consenter = Consenter(self)

    @staticmethod
    def _config_index(block: common_pb2.Block) -> int:
        if block.header.number == 0:
            return 0
        metadata = common_pb2.Metadata.FromString(block.metadata.metadata[common_pb2.LAST_CONFIG])
        return int(common_pb2.LastConfig.FromString(metadata.value).index)

    @property
    def available(self) -> bool:
        """Whether Kafka is behind it."""
        return self.consenter.started

    def write(self, envelopes: list[bytes], offset: int) -> None:
        """Cut a block of ordinary transactions."""
        self._append(envelopes, offset)

    def write_config(self, envelope: bytes, offset: int, original: int) -> None:
        """Cut a block with a configuration; on the system channel it may create a channel."""
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        if original:
            self.original = original
        if header.type == common_pb2.ORDERER_TRANSACTION:
            self.registrar.new_chain(payload.data)
            self._append([envelope], offset)
            return
        config = configtx_pb2.ConfigEnvelope.FromString(payload.data).config
        bundle = Bundle(self.name, config, self.bundle.release)
        self._last_config = self.store.height
        self._append([envelope], offset)
        self.bundle = bundle
        self.registrar.log(
            f"[orderer/common/multichannel] WriteConfigBlock -> INFO [channel: {self.name}] "
            f"configuration {bundle.sequence}"
        )

    def _append(self, envelopes: list[bytes], offset: int) -> None:
        block = new_block(self.store.height, self.store.last_hash, envelopes)
        signer = self.registrar.signer
        header = header_bytes(block.header)
        index = common_pb2.LastConfig(index=self._last_config).SerializeToString()
        for slot, value in ((common_pb2.SIGNATURES, b""), (common_pb2.LAST_CONFIG, index)):
            creator = signer.signature_header()
            signature = common_pb2.MetadataSignature(
                signature_header=creator, signature=signer.sign(value + creator + header)
            )
            metadata = common_pb2.Metadata(value=value, signatures=[signature])
            block.metadata.metadata[slot] = metadata.SerializeToString()
        block.metadata.metadata[common_pb2.ORDERER] = common_pb2.Metadata(
            value=kafka_metadata(offset, self.original)
        ).SerializeToString()
        self.offset = offset
        self.store.append(block)
        self.registrar.log(
            f"[orderer/common/multichannel] commitBlock -> INFO [channel: {self.name}] "
            f"Wrote block {block.header.number}"
        )

    def close(self) -> None:
        """Serve no more."""
        self.consenter.close()
        self.store.close()
