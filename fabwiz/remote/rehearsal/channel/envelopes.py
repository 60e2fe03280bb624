"""Envelopes: reading them, and making them in a node's own name."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.common import common_pb2
from fabric_protos.msp import identities_pb2, msp_config_pb2, msp_principal_pb2

from fabwiz.remote.rehearsal.channel.msp import _ORDER, Identity, Msp, MspError, Signed, load_certificate

TIME_WINDOW = 15 * 60
"""Seconds that an envelope's time may differ from the node's (general.authentication.timewindow)."""


class Malformed(Exception):
    """Bytes that are no envelope, or lack what one must have."""


@dataclass(frozen=True, slots=True)
class Message:
    """An envelope, taken apart."""

    envelope: common_pb2.Envelope
    payload: common_pb2.Payload
    channel: common_pb2.ChannelHeader
    signature: common_pb2.SignatureHeader

    @property
    def signed(self) -> Signed:
        """Its payload with creator and signature."""
        return Signed(self.envelope.payload, self.signature.creator, self.envelope.signature)

    def check_time(self) -> None:
        """Raise Malformed for an envelope that is too far from this node's clock (common/deliver/deliver.go)."""
        sent = self.channel.timestamp.seconds
        if abs(time.time() - sent) > TIME_WINDOW:
            raise Malformed(
                f"envelope timestamp {datetime.fromtimestamp(sent, UTC)} is more than 15m0s apart from current server "
                f"time {datetime.now(UTC)}"
            )


def read(envelope: common_pb2.Envelope) -> Message:
    """Take an envelope apart. Raises Malformed."""
    try:
        payload = common_pb2.Payload.FromString(envelope.payload)
        channel = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        signature = common_pb2.SignatureHeader.FromString(payload.header.signature_header)
    except Exception as error:  # protobuf raises DecodeError, which has no public base
        raise Malformed(f"error unmarshaling envelope: {error}") from error
    if not payload.HasField("header"):
        raise Malformed("envelope has no header")
    return Message(envelope, payload, channel, signature)


class Signer:
    """A node's own identity, from its local MSP folder. Raises MspError in Fabric's words."""

    def __init__(self, folder: Path, msp_id: str, inside: str) -> None:
        if not folder.is_dir():
            raise MspError(f'cannot init crypto, folder "{inside}" does not exist')
        certificates = sorted((folder / "signcerts").glob("*"))
        if not certificates:
            raise MspError(
                f"could not load a valid signer certificate from directory {inside}/signcerts: stat "
                f"{inside}/signcerts: no such file or directory"
            )
        self.msp_id = msp_id
        self.certificate = certificates[0].read_bytes()
        self.serialized: bytes = identities_pb2.SerializedIdentity(
            mspid=msp_id, id_bytes=self.certificate
        ).SerializeToString()
        self._key = self._find_key(folder, inside)
        self.msp = Msp(_local_config(folder, msp_id, inside))
        if not self.msp.admins and msp_principal_pb2.MSPRole.ADMIN not in self.msp.units:
            raise MspError("administrators must be declared when no admin ou classification is set")
        self.msp.validate(Identity(self.serialized))

    def _find_key(self, folder: Path, inside: str) -> ec.EllipticCurvePrivateKey:
        public = load_certificate(self.certificate).public_key()
        for path in sorted((folder / "keystore").glob("*")):
            try:
                key = serialization.load_pem_private_key(path.read_bytes(), None)
            except (ValueError, TypeError, OSError):
                continue
            if isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == public:
                return key
        raise MspError(
            f"KeyMaterial not found in SigningIdentityInfo: no private key in {inside}/keystore belongs to the "
            "signer's certificate"
        )

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256 with a low S."""
        order = _ORDER[self._key.curve.name]
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, order - s))

    def signature_header(self) -> bytes:
        """A `common.SignatureHeader` with a fresh nonce, serialized."""
        header = common_pb2.SignatureHeader(creator=self.serialized, nonce=secrets.token_bytes(24))
        return bytes(header.SerializeToString())

    def envelope(self, kind: int, channel: str, data: bytes) -> common_pb2.Envelope:
        """A signed envelope of this node."""
        header = common_pb2.ChannelHeader(type=kind, channel_id=channel)
        header.timestamp.GetCurrentTime()
        payload = common_pb2.Payload(
            header=common_pb2.Header(
                channel_header=header.SerializeToString(), signature_header=self.signature_header()
            ),
            data=data,
        ).SerializeToString()
        return common_pb2.Envelope(payload=payload, signature=self.sign(payload))


def _local_config(folder: Path, msp_id: str, inside: str) -> msp_config_pb2.FabricMSPConfig:
    """A local MSP folder as configuration (msp/configbuilder.go)."""
    import yaml

    def pems(name: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((folder / name).glob("*.pem"))]

    config = msp_config_pb2.FabricMSPConfig(
        name=msp_id,
        root_certs=pems("cacerts"),
        intermediate_certs=pems("intermediatecerts"),
        admins=pems("admincerts"),
        tls_root_certs=pems("tlscacerts"),
    )
    if not config.root_certs:
        raise MspError(f"could not load a valid ca certificate from directory {inside}/cacerts")
    file = folder / "config.yaml"
    units = (yaml.safe_load(file.read_text()) or {}).get("NodeOUs", {}) if file.exists() else {}
    if units.get("Enable"):
        config.fabric_node_ous.enable = True
        for role in ("client", "peer", "admin", "orderer"):
            given = units.get(f"{role.capitalize()}OUIdentifier")
            if given:
                unit = getattr(config.fabric_node_ous, f"{role}_ou_identifier")
                unit.organizational_unit_identifier = given["OrganizationalUnitIdentifier"]
    return config
