"""Chaincode on a channel: instantiated, upgraded (lscc of Fabric 1.x)."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_protos.peer import chaincode_pb2

from fabwiz.fabric.envelope import Now, utc_now
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.peer import PeerClient
from fabwiz.fabric.transaction import Committed, invoke

LANGUAGES = {
    "golang": chaincode_pb2.ChaincodeSpec.GOLANG,
    "node": chaincode_pb2.ChaincodeSpec.NODE,
    "java": chaincode_pb2.ChaincodeSpec.JAVA,
}


def instantiate(
    channel: str,
    endorsers: Sequence[PeerClient],
    orderer: OrdererClient,
    identity: SigningIdentity,
    name: str,
    version: str,
    args: Sequence[bytes],
    *,
    language: str = "golang",
    path: str = "",
    policy: bytes = b"",
    collections: bytes = b"",
    committers: Sequence[PeerClient] = (),
    timeout: float = 600.0,
    patience: float = 0.0,
    settle: float = 0.0,
    now: Now = utc_now,
) -> Committed:
    """Start an installed chaincode on a channel: its container is built and its Init called with `args`.

    One endorser is enough. The identity is an admin of one of the channel's organizations. `policy` and `collections`
    are what `policy_proto` makes; `b""` leaves them out. Raises AlreadyInstantiated where the channel has a chaincode
    of that name, else as `invoke`.
    """
    arguments = _arguments(b"deploy", channel, name, version, args, language, path, policy, collections)
    return invoke(
        identity, endorsers, orderer, channel, "lscc", arguments,
        committers=committers, timeout=timeout, patience=patience, settle=settle, now=now,
    )  # fmt: skip


def upgrade(
    channel: str,
    endorsers: Sequence[PeerClient],
    orderer: OrdererClient,
    identity: SigningIdentity,
    name: str,
    version: str,
    args: Sequence[bytes],
    *,
    language: str = "golang",
    path: str = "",
    policy: bytes = b"",
    collections: bytes = b"",
    committers: Sequence[PeerClient] = (),
    timeout: float = 600.0,
    patience: float = 0.0,
    settle: float = 0.0,
    now: Now = utc_now,
) -> Committed:
    """Go over to another installed version; Init is called again. As `instantiate`.

    A policy that is left out becomes Fabric's default, not the earlier one. Raises AlreadyInstantiated where the
    channel is at that version.
    """
    arguments = _arguments(b"upgrade", channel, name, version, args, language, path, policy, collections)
    return invoke(
        identity, endorsers, orderer, channel, "lscc", arguments,
        committers=committers, timeout=timeout, patience=patience, settle=settle, now=now,
    )  # fmt: skip


def _arguments(
    function: bytes,
    channel: str,
    name: str,
    version: str,
    args: Sequence[bytes],
    language: str,
    path: str,
    policy: bytes,
    collections: bytes,
) -> list[bytes]:
    spec = chaincode_pb2.ChaincodeSpec(
        type=LANGUAGES[language],
        chaincode_id=chaincode_pb2.ChaincodeID(name=name, version=version, path=path),
        input=chaincode_pb2.ChaincodeInput(args=args),
    )
    deployment = chaincode_pb2.ChaincodeDeploymentSpec(chaincode_spec=spec).SerializeToString()
    # 1.0 takes an empty name of escc or vscc at its word, so both are named
    arguments = [function, channel.encode(), deployment, policy, b"escc", b"vscc"]
    return [*arguments, collections] if collections else arguments
