"""Organizations with real keys, and nodes of one process that check what they are sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fabric_protos.common import common_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc
from fabric_protos.peer import chaincode_pb2, peer_pb2_grpc, proposal_pb2, proposal_response_pb2

from fabwiz.fabric.endpoint import Endpoint
from fabwiz.fabric.identity import SigningIdentity

Key = ec.EllipticCurvePrivateKey


@dataclass
class Authority:
    """A CA that issues certificates for names."""

    common_name: str
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = self._sign(self.common_name, self.key.public_key(), ca=True)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, key: Key | None = None) -> tuple[bytes, Key]:
        key = key or ec.generate_private_key(ec.SECP256R1())
        return self._sign(name, key.public_key(), ca=False).public_bytes(serialization.Encoding.PEM), key

    def _sign(self, name: str, public: Any, *, ca: bool) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def pem_of(key: Any) -> bytes:
    return bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def write_msp(folder: Path, authority: Authority, name: str, key: Key | None = None) -> Path:
    certificate, key = authority.issue(name, key)
    (folder / "signcerts").mkdir(parents=True)
    (folder / "keystore").mkdir()
    (folder / "signcerts" / f"{name}-cert.pem").write_bytes(certificate)
    (folder / "keystore" / "priv_sk").write_bytes(pem_of(key))
    return folder


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority("ca.org1.example.com")


@pytest.fixture
def identity(tmp_path: Path, authority: Authority) -> SigningIdentity:
    return SigningIdentity.load(write_msp(tmp_path / "msp", authority, "Admin@org1.example.com"), "Org1MSP")


def verify(creator: bytes, signature: bytes, message: bytes) -> str:
    """The MSP id of a creator whose signature is right; raises InvalidSignature otherwise."""
    serialized = identities_pb2.SerializedIdentity.FromString(creator)
    public = x509.load_pem_x509_certificate(serialized.id_bytes).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    return str(serialized.mspid)


def opened(envelope: common_pb2.Envelope) -> tuple[common_pb2.ChannelHeader, bytes]:
    """Channel header and data of an envelope whose signature is right."""
    payload = common_pb2.Payload.FromString(envelope.payload)
    creator = common_pb2.SignatureHeader.FromString(payload.header.signature_header).creator
    verify(creator, envelope.signature, envelope.payload)
    return common_pb2.ChannelHeader.FromString(payload.header.channel_header), payload.data


@dataclass
class Call:
    """A chaincode call as an endorser sees it."""

    channel: str
    chaincode: str
    args: list[bytes]
    msp_id: str
    tx_id: str


Answer = Callable[[Call], proposal_response_pb2.ProposalResponse]


def ok(payload: bytes = b"", result: bytes = b"result") -> proposal_response_pb2.ProposalResponse:
    return proposal_response_pb2.ProposalResponse(
        response=proposal_response_pb2.Response(status=200, payload=payload),
        payload=result,
        endorsement=proposal_response_pb2.Endorsement(endorser=b"peer", signature=b"signature"),
    )


def no(message: str, status: int = 500) -> proposal_response_pb2.ProposalResponse:
    return proposal_response_pb2.ProposalResponse(
        response=proposal_response_pb2.Response(status=status, message=message)
    )


class Endorser(peer_pb2_grpc.EndorserServicer):  # type: ignore[misc]
    """Checks a proposal's signature, then answers as it is told."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    def ProcessProposal(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        proposal = proposal_pb2.Proposal.FromString(request.proposal_bytes)
        header = common_pb2.Header.FromString(proposal.header)
        channel_header = common_pb2.ChannelHeader.FromString(header.channel_header)
        creator = common_pb2.SignatureHeader.FromString(header.signature_header).creator
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
        call = Call(
            channel_header.channel_id,
            spec.chaincode_id.name,
            list(spec.input.args),
            verify(creator, request.signature, request.proposal_bytes),
            channel_header.tx_id,
        )
        self.calls.append(call)
        return self.answer(call)


class Orderer(ab_pb2_grpc.AtomicBroadcastServicer):  # type: ignore[misc]
    """Takes envelopes with right signatures; answers in turn as it is told, then SUCCESS. Keeps blocks by channel."""

    def __init__(self) -> None:
        self.taken: list[tuple[common_pb2.ChannelHeader, bytes]] = []
        self.refusals: list[ab_pb2.BroadcastResponse] = []
        self.blocks: dict[str, list[common_pb2.Block]] = {}
        self.status: dict[str, int] = {}
        self.on_taken: Callable[[common_pb2.ChannelHeader, bytes], None] = lambda header, data: None

    def Broadcast(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        for envelope in request_iterator:
            header, data = opened(envelope)
            if self.refusals:
                yield self.refusals.pop(0)
                continue
            self.taken.append((header, data))
            self.on_taken(header, data)
            yield ab_pb2.BroadcastResponse(status=common_pb2.SUCCESS)

    def Deliver(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        for envelope in request_iterator:
            header, data = opened(envelope)
            yield from self._blocks(header.channel_id, ab_pb2.SeekInfo.FromString(data))

    def _blocks(self, channel: str, seek: ab_pb2.SeekInfo) -> Iterator[ab_pb2.DeliverResponse]:
        refused = self.status.get(channel) or (0 if channel in self.blocks else common_pb2.NOT_FOUND)
        if refused:
            yield ab_pb2.DeliverResponse(status=refused)
            return
        blocks = self.blocks[channel]

        def number(position: ab_pb2.SeekPosition) -> int:
            return len(blocks) - 1 if position.WhichOneof("Type") == "newest" else int(position.specified.number)

        for wanted in range(number(seek.start), number(seek.stop) + 1):
            if wanted >= len(blocks):
                yield ab_pb2.DeliverResponse(status=common_pb2.NOT_FOUND)
                return
            yield ab_pb2.DeliverResponse(block=blocks[wanted])
        yield ab_pb2.DeliverResponse(status=common_pb2.SUCCESS)


Serve = Callable[..., Endpoint]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Run servicers on a free loopback port: `serve(name, tls, endorser or orderer)` -> Endpoint that trusts `tls`.

    `tls=None` is plain. `name` is what the node's certificate says, `called` what the client calls it.
    """
    import grpc

    servers: list[grpc.Server] = []
    endpoints: list[Endpoint] = []

    def run(
        name: str,
        tls: Authority | None,
        servicer: Endorser | Orderer,
        *,
        trust: Authority | None = None,
        called: str = "",
    ) -> Endpoint:
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
        if isinstance(servicer, Endorser):
            peer_pb2_grpc.add_EndorserServicer_to_server(servicer, server)
        else:
            ab_pb2_grpc.add_AtomicBroadcastServicer_to_server(servicer, server)
        if tls is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            certificate, key = tls.issue(name)
            credentials = grpc.ssl_server_credentials([(pem_of(key), certificate)])
            port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        servers.append(server)
        trusted = trust or tls
        endpoint = Endpoint(called or name, f"127.0.0.1:{port}", trusted.pem if trusted else None)
        endpoints.append(endpoint)
        return endpoint

    yield run
    for endpoint in endpoints:
        endpoint.close()
    for server in servers:
        server.stop(None).wait()


# helpers as fixtures: test modules cannot import from a conftest in importlib mode
@pytest.fixture(name="make_msp")
def _make_msp() -> Callable[..., Path]:
    return write_msp


@pytest.fixture(name="pem")
def _pem() -> Callable[[Any], bytes]:
    return pem_of


@pytest.fixture(name="verify")
def _verify() -> Callable[[bytes, bytes, bytes], str]:
    return verify


@pytest.fixture(name="opened")
def _opened() -> Callable[[common_pb2.Envelope], tuple[common_pb2.ChannelHeader, bytes]]:
    return opened


@pytest.fixture(name="ok")
def _ok() -> Callable[..., proposal_response_pb2.ProposalResponse]:
    return ok


@pytest.fixture(name="no")
def _no() -> Callable[..., proposal_response_pb2.ProposalResponse]:
    return no


@pytest.fixture
def other_authority() -> Authority:
    return Authority("ca.org1.example.com")


@pytest.fixture
def endorser_class() -> type[Endorser]:
    return Endorser


@pytest.fixture
def endorser() -> Endorser:
    return Endorser(lambda call: ok())


@pytest.fixture
def orderer_node() -> Orderer:
    return Orderer()
