"""What an orderer checks before it orders (orderer/common/msgprocessor, orderer/common/broadcast)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fabric_protos.common import common_pb2, configtx_pb2

from fabwiz.remote.rehearsal.channel import creation, envelopes, update
from fabwiz.remote.rehearsal.channel.bundle import ConfigError
from fabwiz.remote.rehearsal.channel.msp import MspError
from fabwiz.remote.rehearsal.channel.policies import PolicyError
from fabwiz.remote.rehearsal.containers.topics import KafkaError
from fabwiz.remote.rehearsal.orderer.messages import CONFIG, NORMAL, Record

if TYPE_CHECKING:
    from fabwiz.remote.rehearsal.orderer.chain import Chain
    from fabwiz.remote.rehearsal.orderer.registrar import Registrar

_CHANNEL = re.compile(r"^[a-z][a-z0-9.-]{0,248}$")


class Rejected(Exception):
    """An envelope that is not ordered: `status` is a `common.Status` number, the message Fabric's info."""

    def __init__(self, status: int, info: str) -> None:
        super().__init__(info)
        self.status = status


class Processor:
    """Checks envelopes and hands them to the right chain."""

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    def broadcast(self, envelope: common_pb2.Envelope) -> None:
        """Check and order one envelope. Raises Rejected."""
        try:
            message = envelopes.read(envelope)
        except envelopes.Malformed as error:
            raise Rejected(common_pb2.BAD_REQUEST, f"could not determine channel ID: {error}") from error
        name, kind = message.channel.channel_id, message.channel.type
        chain = self._registrar.find(name)
        record: Record
        try:
            if kind == common_pb2.CONFIG_UPDATE and chain is None:
                chain = self._registrar.system
                record = self._create(chain, message)
            elif kind == common_pb2.CONFIG_UPDATE and chain is not None:
                record = self._update(chain, message)
            elif kind in (common_pb2.CONFIG, common_pb2.ORDERER_TRANSACTION, common_pb2.DELIVER_SEEK_INFO):
                raise Rejected(
                    common_pb2.BAD_REQUEST, f"message of type {common_pb2.HeaderType.Name(kind)} not allowed"
                )
            elif chain is None:
                raise Rejected(common_pb2.NOT_FOUND, "channel does not exist")
            else:
                sequence = chain.bundle.sequence
                self.check_normal(chain, envelope)
                record = Record(NORMAL, sequence, 0, envelope.SerializeToString())
        except ConfigError as error:
            raise Rejected(common_pb2.BAD_REQUEST, str(error)) from error
        try:
            chain.consenter.order(record)
        except KafkaError as error:
            raise Rejected(common_pb2.SERVICE_UNAVAILABLE, str(error)) from error

    def check_normal(self, chain: Chain, envelope: common_pb2.Envelope) -> None:
        """The filters of every message: not empty, not expired, not too large, by one of the channel's writers."""
        if not envelope.payload:
            raise Rejected(common_pb2.BAD_REQUEST, "message payload is empty")
        message = envelopes.read(envelope)
        most = chain.bundle.batch_size.absolute_max_bytes
        size = len(envelope.payload) + len(envelope.signature)
        if size > most:
            raise Rejected(
                common_pb2.BAD_REQUEST, f"message payload is {size} bytes and exceeds maximum allowed {most} bytes"
            )
        try:
            chain.bundle.policies.evaluate("/Channel/Writers", [message.signed])
        except PolicyError as error:
            raise Rejected(common_pb2.FORBIDDEN, f"{error}: permission denied") from error
        try:
            chain.bundle.members.identity(message.signature.creator).check_expiry()
        except MspError as error:
            raise Rejected(common_pb2.BAD_REQUEST, str(error)) from error

    def _update(self, chain: Chain, message: envelopes.Message) -> Record:
        bundle = chain.bundle  # a block may change it meanwhile; the record says which one it was checked against
        self.check_normal(chain, message.envelope)
        try:
            config = update.propose(bundle, _parsed(message.payload.data))
        except ConfigError as error:
            front = f"error applying config update to existing channel '{chain.name}': "
            raise ConfigError(f"{front if bundle.release.number >= (1, 4, 1) else ''}{error}") from error
        wrapped = configtx_pb2.ConfigEnvelope(config=config, last_update=message.envelope)
        signed = self._registrar.signer.envelope(common_pb2.CONFIG, chain.name, wrapped.SerializeToString())
        return Record(CONFIG, bundle.sequence, 0, signed.SerializeToString())

    def _create(self, system: Chain, message: envelopes.Message) -> Record:
        name = message.channel.channel_id
        if not _CHANNEL.match(name):
            raise ConfigError(
                f"initializing configtx manager failed: bad channel ID: channel ID '{name}' contains illegal characters"
            )
        change = _parsed(message.payload.data)
        bundle = system.bundle
        try:
            template = creation.template(bundle, configtx_pb2.ConfigUpdate.FromString(change.config_update))
            config = update.propose(template, change)
        except ConfigError as error:
            front = (
                f"error validating channel creation transaction for new channel '{name}', could not succesfully apply "
                "update to template configuration: "
            )
            raise ConfigError(f"{front if bundle.release.number >= (1, 4, 1) else ''}{error}") from error
        signer = self._registrar.signer
        wrapped = configtx_pb2.ConfigEnvelope(config=config, last_update=message.envelope)
        genesis = signer.envelope(common_pb2.CONFIG, name, wrapped.SerializeToString())
        signed = signer.envelope(common_pb2.ORDERER_TRANSACTION, system.name, genesis.SerializeToString())
        return Record(CONFIG, bundle.sequence, 0, signed.SerializeToString())

    def renew(self, chain: Chain, envelope: bytes) -> tuple[bytes, int]:
        """Check a configuration again that was made for an older one. Returns the new one and its sequence."""
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        data = payload.data
        if header.type == common_pb2.ORDERER_TRANSACTION:
            inner = common_pb2.Envelope.FromString(payload.data)
            data = common_pb2.Payload.FromString(inner.payload).data
        asked = envelopes.read(configtx_pb2.ConfigEnvelope.FromString(data).last_update)
        try:
            creating = header.type == common_pb2.ORDERER_TRANSACTION
            record = self._create(chain, asked) if creating else self._update(chain, asked)
        except (Rejected, envelopes.Malformed) as error:
            raise ConfigError(str(error)) from error
        return record.envelope, record.number


def _parsed(data: bytes) -> configtx_pb2.ConfigUpdateEnvelope:
    try:
        return configtx_pb2.ConfigUpdateEnvelope.FromString(data)
    except Exception as error:  # protobuf raises DecodeError, which has no public base
        raise ConfigError(f"error unmarshaling config update: {error}") from error
