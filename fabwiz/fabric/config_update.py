"""Changes of a channel's configuration: what differs, and who signs it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2

from fabwiz.fabric.config import ConfigError
from fabwiz.fabric.envelope import signature_header, signed_envelope
from fabwiz.fabric.identity import SigningIdentity


def compute_update(
    channel: str, current: configtx_pb2.ConfigGroup, wanted: configtx_pb2.ConfigGroup
) -> configtx_pb2.ConfigUpdate:
    """The smallest `common.ConfigUpdate` that turns one `/Channel` group into the other.

    Versions follow Fabric's rule (docs: configtx): what is named with its current version is read, what is named
    with the next version is written; a group's own version grows only when its members or its mod_policy change.
    Raises ConfigError when nothing differs.
    """
    read, write, changed = _group(current, wanted)
    if not changed:
        raise ConfigError(f"nothing to change in the configuration of channel {channel}")
    return configtx_pb2.ConfigUpdate(channel_id=channel, read_set=read, write_set=write)


def _group(
    current: configtx_pb2.ConfigGroup, wanted: configtx_pb2.ConfigGroup
) -> tuple[configtx_pb2.ConfigGroup, configtx_pb2.ConfigGroup, bool]:
    read = configtx_pb2.ConfigGroup(version=current.version)
    write = configtx_pb2.ConfigGroup(version=current.version)
    same: list[tuple[str, str, Any]] = []
    members_differ = False
    changed = False
    for kind, content in (("policies", "policy"), ("values", "value")):
        now, then = getattr(current, kind), getattr(wanted, kind)
        members_differ |= set(now) != set(then)
        for name in then:
            if name not in now:
                getattr(write, kind)[name].CopyFrom(then[name])
                getattr(write, kind)[name].version = 0
            elif now[name].mod_policy == then[name].mod_policy and _equal(now[name], then[name], content):
                same.append((kind, name, type(now[name])(version=now[name].version)))
            else:
                getattr(write, kind)[name].CopyFrom(then[name])
                getattr(write, kind)[name].version = now[name].version + 1
                changed = True
    members_differ |= set(current.groups) != set(wanted.groups)
    for name in wanted.groups:
        if name not in current.groups:
            write.groups[name].CopyFrom(_fresh(wanted.groups[name]))
            continue
        read_one, write_one, differs = _group(current.groups[name], wanted.groups[name])
        if differs:
            read.groups[name].CopyFrom(read_one)
            write.groups[name].CopyFrom(write_one)
            changed = True
        else:
            same.append(("groups", name, read_one))
    if members_differ or current.mod_policy != wanted.mod_policy:
        changed = True
        write.version = current.version + 1
        write.mod_policy = wanted.mod_policy
        for kind, name, unchanged in same:
            getattr(read, kind)[name].CopyFrom(unchanged)
            getattr(write, kind)[name].CopyFrom(unchanged)
    return read, write, changed


def _equal(now: Any, then: Any, content: str) -> bool:
    return bool(getattr(now, content) == getattr(then, content))


def _fresh(group: configtx_pb2.ConfigGroup) -> configtx_pb2.ConfigGroup:
    """A group as it is written for the first time: everything in it has version 0."""
    made = configtx_pb2.ConfigGroup()
    made.CopyFrom(group)
    made.version = 0
    for kind in ("policies", "values"):
        for one in getattr(made, kind).values():
            one.version = 0
    for name in group.groups:
        made.groups[name].CopyFrom(_fresh(group.groups[name]))
    return made


def update_of_transaction(transaction: bytes) -> tuple[str, configtx_pb2.ConfigUpdateEnvelope]:
    """Channel id and update envelope of a `.tx` file as configtxgen writes it. Raises ConfigError for another file."""
    try:
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(transaction).payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        envelope = configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
    except Exception as error:  # protobuf's DecodeError has no stable home
        raise ConfigError(f"no channel transaction: {error}") from error
    if header.type != common_pb2.CONFIG_UPDATE or not header.channel_id:
        raise ConfigError("no channel transaction: it carries no configuration update")
    return header.channel_id, envelope


def signed_update(
    update: configtx_pb2.ConfigUpdateEnvelope | configtx_pb2.ConfigUpdate,
    channel: str,
    signers: Iterable[SigningIdentity],
    submitter: SigningIdentity,
    *,
    now: datetime,
) -> common_pb2.Envelope:
    """The envelope for the orderer: the update with a signature of each signer, submitted by `submitter`.

    A submitter is no signer by itself: name it among the signers too, unless another's signature is enough.
    """
    envelope = configtx_pb2.ConfigUpdateEnvelope()
    if isinstance(update, configtx_pb2.ConfigUpdate):
        envelope.config_update = update.SerializeToString()
    else:
        envelope.CopyFrom(update)
    for signer in signers:
        header = signature_header(signer).SerializeToString()
        envelope.signatures.add(signature_header=header, signature=signer.sign(header + envelope.config_update))
    return signed_envelope(submitter, common_pb2.CONFIG_UPDATE, channel, envelope, now=now)
