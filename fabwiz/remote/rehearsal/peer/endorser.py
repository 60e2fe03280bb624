"""`protos.Endorser` over gRPC (core/endorser)."""

from __future__ import annotations

import grpc
from fabric_protos.common import common_pb2
from fabric_protos.peer import (
    chaincode_pb2,
    peer_pb2_grpc,
    proposal_pb2,
    proposal_response_pb2,
)

from fabwiz.remote.rehearsal.channel.msp import Identity, MspError, Signed
from fabwiz.remote.rehearsal.channel.policies import PolicyError
from fabwiz.remote.rehearsal.ledger.state import Simulator
from fabwiz.remote.rehearsal.peer.channel import PeerChannel
from fabwiz.remote.rehearsal.peer.errors import CallError, Refused
from fabwiz.remote.rehearsal.peer.lscc import definition_of, lscc, missing, success
from fabwiz.remote.rehearsal.peer.node import Node
from fabwiz.remote.rehearsal.peer.system import cscc, qscc
from fabwiz.remote.rehearsal.peer.transactions import proposal_hash, transaction_id


class Endorser(peer_pb2_grpc.EndorserServicer):  # type: ignore[misc]
    """Simulates proposals and signs the results."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def ProcessProposal(  # noqa: N802 - gRPC's name
        self, request: proposal_pb2.SignedProposal, context: grpc.ServicerContext
    ) -> proposal_response_pb2.ProposalResponse:
        """Check, simulate, endorse."""
        try:
            return self._process(request)
        except Refused as error:
            self._node.log(f"[endorser] ProcessProposal -> ERRO {error}")
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except CallError as error:
            self._node.log(f"[endorser] callChaincode -> DEBU [{context.peer()}] {error}")
            return proposal_response_pb2.ProposalResponse(
                response=proposal_response_pb2.Response(status=500, message=str(error))
            )

    def _process(self, request: proposal_pb2.SignedProposal) -> proposal_response_pb2.ProposalResponse:
        proposal, header, channel_header, signature_header = self._parsed(request)
        signed = Signed(request.proposal_bytes, signature_header.creator, request.signature)
        channel = self._check_creator(signed, channel_header.channel_id)
        if channel_header.tx_id != transaction_id(signature_header):
            raise Refused(f"invalid txid. got [{channel_header.tx_id}], expected [{transaction_id(signature_header)}]")
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        called = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
        name, args = str(called.chaincode_id.name), list(called.input.args)
        if not args:
            raise CallError("incorrect number of arguments: 0")
        if channel is not None and channel_header.tx_id in channel.transactions:
            raise Refused(
                f"duplicate transaction found [{channel_header.tx_id}]. Creator [{signature_header.creator.hex()}]"
            )
        simulator = Simulator(channel.state) if channel else None
        version = self._node.context.release.version
        if name in ("cscc", "qscc"):
            answer = (cscc if name == "cscc" else qscc)(self._node, signed, args)
        elif name == "lscc":
            answer = lscc(self._node, channel, simulator, signed, args)
        else:
            answer, version = self._user(channel, simulator, signed, name, args)
        response = success(answer)
        if channel is None or simulator is None:
            return proposal_response_pb2.ProposalResponse(version=1, response=response)
        return self._endorse(header, proposal.payload, simulator, response, name, version)

    @staticmethod
    def _parsed(
        request: proposal_pb2.SignedProposal,
    ) -> tuple[proposal_pb2.Proposal, common_pb2.Header, common_pb2.ChannelHeader, common_pb2.SignatureHeader]:
        try:
            proposal = proposal_pb2.Proposal.FromString(request.proposal_bytes)
            header = common_pb2.Header.FromString(proposal.header)
            channel_header = common_pb2.ChannelHeader.FromString(header.channel_header)
            signature_header = common_pb2.SignatureHeader.FromString(header.signature_header)
        except Exception as error:  # protobuf raises DecodeError, which has no public base
            raise Refused(f"error unmarshaling Proposal: {error}") from error
        if channel_header.type not in (common_pb2.ENDORSER_TRANSACTION, common_pb2.CONFIG):
            raise Refused(f"invalid header type {channel_header.type}")
        return proposal, header, channel_header, signature_header

    def _check_creator(self, signed: Signed, name: str) -> PeerChannel | None:
        """The creator is known on the channel, or in the peer's own organization where no channel is named."""
        channel = self._node.channels.get(name)
        try:
            if name and channel is None:
                raise MspError(f"MSP of channel {name} is unknown")
            signed.verified(channel.bundle.members if channel else self._node.local)
        except MspError as error:
            self._node.log(f"[protoutils] ValidateProposalMessage -> WARN channel [{name}]: {error}")
            try:
                organization = Identity(signed.serialized).msp_id
            except MspError:
                organization = ""
            raise Refused(f"access denied: channel [{name}] creator org [{organization}]") from error
        return channel

    def _user(
        self,
        channel: PeerChannel | None,
        simulator: Simulator | None,
        signed: Signed,
        name: str,
        args: list[bytes],
    ) -> tuple[bytes, str]:
        if channel is None or simulator is None:
            raise CallError(f"channel name is required to call chaincode {name}")
        policy = "/Channel/Application/Writers"
        try:
            channel.bundle.policies.evaluate(policy, [signed])
        except PolicyError as error:
            raise Refused(
                f"failed evaluating policy on signed data during check policy [{policy}]: [{error}]"
            ) from error
        simulator.get("lscc", name)
        definition = definition_of(channel, name)
        if definition is None:
            raise CallError(
                f"make sure the chaincode {name} has been successfully instantiated and try again: {missing(name)}"
            )
        package = self._node.packages.find(name, definition.version)
        if package.fingerprint[1] != definition.id:
            raise CallError("chaincode fingerprint mismatch: data mismatch")
        return self._node.runtime.call(package, simulator, args, init=False), str(definition.version)

    def _endorse(
        self,
        header: common_pb2.Header,
        payload: bytes,
        simulator: Simulator,
        response: proposal_response_pb2.Response,
        name: str,
        version: str,
    ) -> proposal_response_pb2.ProposalResponse:
        action = proposal_pb2.ChaincodeAction(
            results=simulator.results(),
            response=response,
            chaincode_id=chaincode_pb2.ChaincodeID(name=name, version=version),
        )
        result = proposal_response_pb2.ProposalResponsePayload(
            proposal_hash=proposal_hash(header, payload), extension=action.SerializeToString()
        ).SerializeToString()
        signer = self._node.signer
        answer = proposal_response_pb2.ProposalResponse(
            version=1,
            response=response,
            payload=result,
            endorsement=proposal_response_pb2.Endorsement(
                endorser=signer.serialized, signature=signer.sign(result + signer.serialized)
            ),
        )
        answer.timestamp.GetCurrentTime()
        return answer
