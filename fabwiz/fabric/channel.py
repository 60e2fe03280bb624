"""Channels: created, fetched and given their anchor peers, each only where it is not so already."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2
from fabric_protos.peer import configuration_pb2 as peer_configuration_pb2

from fabwiz.fabric.config import Anchor, ChannelConfig, ConfigError, parse_config, signatures_to_create
from fabwiz.fabric.config_update import compute_update, signed_update, update_of_transaction
from fabwiz.fabric.envelope import Now, utc_now
from fabwiz.fabric.errors import ChannelExists, FabricError, NotFound, ServiceUnavailable, TimedOut
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient

_PAUSE = 0.3


def create_channel(
    orderer: OrdererClient,
    transaction: bytes,
    signers: Sequence[SigningIdentity],
    submitter: SigningIdentity,
    *,
    timeout: float = 180.0,
    now: Now = utc_now,
) -> bool:
    """Create a channel from its `.tx` file, and wait until the orderer serves it.

    `signers` are admins of as many member organizations as the policy needs (`signatures_to_create`); `submitter` is
    an admin of one of them. True where it was created, False where it existed. Raises FabricError in the orderer's
    words, ServiceUnavailable or TimedOut after `timeout` seconds.
    """
    channel, update = update_of_transaction(transaction)
    if _exists(orderer, channel, submitter):
        return False
    until = time.monotonic() + timeout
    envelope = signed_update(update, channel, signers, submitter, now=now())
    created = True
    try:
        orderer.broadcast(envelope, patience=timeout)
    except ChannelExists:
        created = False
    except FabricError:
        # 1.0 gives no reason with BAD_REQUEST: somebody may have been faster
        if not _exists(orderer, channel, submitter):
            raise
        created = False
    _await(lambda: orderer.serves(channel, submitter), until, f"channel {channel} is not served yet", orderer.name)
    return created


def _exists(orderer: OrdererClient, channel: str, identity: SigningIdentity) -> bool:
    try:
        orderer.newest(channel, identity)
    except NotFound:
        return False
    except ServiceUnavailable:
        return True
    return True


def signers_needed(
    orderer: OrdererClient, system_channel: str, orderer_admin: SigningIdentity, transaction: bytes
) -> int:
    """How many organizations must sign the creation of the channel in a `.tx` file.

    Read from the orderers' own configuration, which only the orderers' organization may see. Raises ConfigError for
    an unknown consortium, else as `OrdererClient.deliver`.
    """
    _, envelope = update_of_transaction(transaction)
    wanted = configtx_pb2.ConfigUpdate.FromString(envelope.config_update).write_set
    consortium = configuration_pb2.Consortium.FromString(wanted.values["Consortium"].value).name
    system = parse_config(orderer.config_block(system_channel, orderer_admin))
    return signatures_to_create(system, consortium, len(wanted.groups["Application"].groups))


def fetch_config(orderer: OrdererClient, channel: str, identity: SigningIdentity) -> ChannelConfig:
    """The channel's current configuration. Raises as `OrdererClient.deliver`."""
    return parse_config(orderer.config_block(channel, identity))


def genesis_of(orderer: OrdererClient, channel: str, identity: SigningIdentity) -> common_pb2.Block:
    """Block 0 of a channel, which peers join with. Raises as `OrdererClient.deliver`."""
    return orderer.block(channel, identity, 0)


def set_anchors(
    orderer: OrdererClient,
    channel: str,
    admin: SigningIdentity,
    anchors: Sequence[Anchor],
    *,
    transaction: bytes | None = None,
    timeout: float = 60.0,
    now: Now = utc_now,
) -> bool:
    """Make these the anchor peers of the admin's organization, and wait until the configuration says so.

    `transaction` is the organization's anchors `.tx` file. It is taken where it fits: the organization has not been
    changed on the channel, and the file names who may change it next, which 1.0's does not (the anchors could then
    never be changed again). Otherwise the update is computed from the current configuration. False where the anchors
    are set already, in any order. Raises ConfigError where the organization is no member or can no longer be changed,
    FabricError in the orderer's words, TimedOut after `timeout` seconds.
    """
    until = time.monotonic() + timeout
    config = fetch_config(orderer, channel, admin)
    if set(config.anchors[admin.msp_id]) == set(anchors):
        return False
    update = _fitting(config, admin.msp_id, transaction) or anchor_update(config, admin.msp_id, anchors)

    def done() -> bool:
        return set(fetch_config(orderer, channel, admin).anchors[admin.msp_id]) == set(anchors)

    try:
        orderer.broadcast(signed_update(update, channel, [admin], admin, now=now()), patience=timeout)
    except FabricError:
        if not done():  # the same update from elsewhere may have come first
            raise
    missing = f"the new anchor peers of {admin.msp_id} are in no block of channel {channel} yet"
    _await(done, until, missing, orderer.name)
    return True


def _fitting(config: ChannelConfig, msp_id: str, transaction: bytes | None) -> configtx_pb2.ConfigUpdateEnvelope | None:
    if transaction is None:
        return None
    _, envelope = update_of_transaction(transaction)
    organization = config.organization(msp_id)
    written = configtx_pb2.ConfigUpdate.FromString(envelope.config_update).write_set.groups["Application"]
    untouched = config.group.groups["Application"].groups[organization].version == 0
    return envelope if untouched and written.groups[organization].mod_policy else None


def anchor_update(config: ChannelConfig, msp_id: str, anchors: Sequence[Anchor]) -> configtx_pb2.ConfigUpdate:
    """The update that gives an organization these anchor peers (or none), against the current configuration.

    Raises ConfigError where the organization is no member, nothing changes, or nobody may change it.
    """
    wanted = configtx_pb2.ConfigGroup()
    wanted.CopyFrom(config.group)
    organization = wanted.groups["Application"].groups[config.organization(msp_id)]
    if not organization.mod_policy:
        raise ConfigError(
            f"the configuration of {msp_id} on channel {config.channel} can no longer be changed: its anchor peers "
            "were set with a file of Fabric 1.0's configtxgen, which leaves nobody who may. Make a new channel"
        )
    values = organization.values
    peers = [peer_configuration_pb2.AnchorPeer(host=one.host, port=one.port) for one in anchors]
    if peers:
        values["AnchorPeers"].value = peer_configuration_pb2.AnchorPeers(anchor_peers=peers).SerializeToString()
        values["AnchorPeers"].mod_policy = "Admins"
    else:
        values.pop("AnchorPeers", None)
    return compute_update(config.channel, config.group, wanted)


def _await(reached: Callable[[], bool], until: float, otherwise: str, target: str) -> None:
    while not reached():
        if time.monotonic() > until:
            raise TimedOut(otherwise, target=target)
        time.sleep(_PAUSE)
