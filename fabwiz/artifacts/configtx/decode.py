"""Blocks and transactions as plain data, every message inside bytes opened (what configtxlator calls decoding)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2, msp_principal_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import configuration_pb2 as peer_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message

_VALUES: Final[Mapping[str, type[Message]]] = {
    "AnchorPeers": peer_pb2.AnchorPeers,
    "BatchSize": orderer_pb2.BatchSize,
    "BatchTimeout": orderer_pb2.BatchTimeout,
    "BlockDataHashingStructure": configuration_pb2.BlockDataHashingStructure,
    "Capabilities": configuration_pb2.Capabilities,
    "ChannelCreationPolicy": policies_pb2.Policy,
    "ChannelRestrictions": orderer_pb2.ChannelRestrictions,
    "ConsensusType": orderer_pb2.ConsensusType,
    "Consortium": configuration_pb2.Consortium,
    "HashingAlgorithm": configuration_pb2.HashingAlgorithm,
    "KafkaBrokers": orderer_pb2.KafkaBrokers,
    "MSP": msp_config_pb2.MSPConfig,
    "OrdererAddresses": configuration_pb2.OrdererAddresses,
}
_POLICIES: Final[Mapping[int, type[Message]]] = {
    policies_pb2.Policy.SIGNATURE: policies_pb2.SignaturePolicyEnvelope,
    policies_pb2.Policy.IMPLICIT_META: policies_pb2.ImplicitMetaPolicy,
}
_PRINCIPALS: Final[Mapping[int, type[Message]]] = {
    msp_principal_pb2.MSPPrincipal.ROLE: msp_principal_pb2.MSPRole,
    msp_principal_pb2.MSPPrincipal.ORGANIZATION_UNIT: msp_principal_pb2.OrganizationUnit,
}


def decode_block(block: bytes) -> dict[str, Any]:
    """A block of configuration. Raises ValueError for anything else."""
    message = _parse(common_pb2.Block, block)
    plain = _plain(message)
    plain["data"] = {"data": [decode_transaction(data) for data in message.data.data]}
    return plain


def decode_transaction(transaction: bytes) -> dict[str, Any]:
    """An envelope that carries a configuration or an update of one. Raises ValueError for anything else."""
    envelope = _parse(common_pb2.Envelope, transaction)
    payload = _parse(common_pb2.Payload, envelope.payload)
    header = _parse(common_pb2.ChannelHeader, payload.header.channel_header)
    plain = _plain(envelope)
    plain["payload"] = {
        "header": {
            "channel_header": {**_plain(header), "type": header.type},
            "signature_header": _plain(_parse(common_pb2.SignatureHeader, payload.header.signature_header))
            if payload.header.signature_header
            else None,
        },
        "data": _data(header.type, payload.data),
    }
    return plain


def _data(kind: int, data: bytes) -> dict[str, Any]:
    if kind == common_pb2.CONFIG:
        envelope = _parse(configtx_pb2.ConfigEnvelope, data)
        config = {**_plain(envelope.config), "channel_group": _group(envelope.config.channel_group)}
        update = (
            decode_transaction(envelope.last_update.SerializeToString()) if envelope.HasField("last_update") else None
        )
        return {"config": config, "last_update": update}
    if kind == common_pb2.CONFIG_UPDATE:
        envelope = _parse(configtx_pb2.ConfigUpdateEnvelope, data)
        update = _parse(configtx_pb2.ConfigUpdate, envelope.config_update)
        plain = {**_plain(update), "read_set": _group(update.read_set), "write_set": _group(update.write_set)}
        return {**_plain(envelope), "config_update": plain}
    raise ValueError(f"a transaction of type {kind} carries no configuration")


def _group(group: configtx_pb2.ConfigGroup) -> dict[str, Any]:
    return {
        "version": str(group.version),
        "mod_policy": group.mod_policy,
        "groups": {name: _group(below) for name, below in group.groups.items()},
        "values": {name: {**_plain(value), "value": _value(name, value.value)} for name, value in group.values.items()},
        "policies": {
            name: {**_plain(policy), "policy": _policy(policy.policy) if policy.HasField("policy") else None}
            for name, policy in group.policies.items()
        },
    }


def _value(name: str, content: bytes) -> Any:
    if not content:
        return None
    kind = _VALUES.get(name)
    if kind is None:
        return content.hex()
    message = _parse(kind, content)
    if isinstance(message, policies_pb2.Policy):
        return _policy(message)
    if isinstance(message, msp_config_pb2.MSPConfig):
        config = _parse(msp_config_pb2.FabricMSPConfig, message.config)
        return {"type": message.type, "config": _plain(config)}
    return _plain(message)


def _policy(policy: policies_pb2.Policy) -> dict[str, Any]:
    kind = _POLICIES.get(policy.type)
    if kind is None:
        return _plain(policy)
    content = _parse(kind, policy.value)
    plain = _plain(content)
    if isinstance(content, policies_pb2.SignaturePolicyEnvelope):
        plain["identities"] = [_principal(principal) for principal in content.identities]
    return {"type": policy.type, "value": plain}


def _principal(principal: msp_principal_pb2.MSPPrincipal) -> dict[str, Any]:
    plain = _plain(principal)
    if kind := _PRINCIPALS.get(principal.principal_classification):
        plain["principal"] = _plain(_parse(kind, principal.principal))
    return plain


def _parse(kind: type[Message], content: bytes) -> Any:
    try:
        return kind.FromString(content)
    except DecodeError as error:
        raise ValueError(f"no {kind.DESCRIPTOR.full_name}: {error}") from error


def _plain(message: Message) -> dict[str, Any]:
    plain: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return plain
