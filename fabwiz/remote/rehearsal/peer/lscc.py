"""The lifecycle system chaincode (core/scc/lscc): install, deploy, upgrade, and what is there."""

from __future__ import annotations

import contextlib
import re

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import chaincode_pb2, proposal_response_pb2, query_pb2

from fabwiz.remote.rehearsal.channel.msp import MspError, Signed
from fabwiz.remote.rehearsal.channel.policies import satisfied
from fabwiz.remote.rehearsal.ledger.state import Simulator
from fabwiz.remote.rehearsal.peer.channel import PeerChannel
from fabwiz.remote.rehearsal.peer.errors import CallError
from fabwiz.remote.rehearsal.peer.node import Node
from fabwiz.remote.rehearsal.peer.packages import Package
from fabwiz.remote.rehearsal.peer.system import check_local

_NAME = re.compile(r"^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$")
_VERSION = re.compile(r"^[A-Za-z0-9_.+-]+$")


def any_of(msp_ids: list[str], role: int) -> policies_pb2.SignaturePolicyEnvelope:
    """One signature of a member, or an admin, of any of these organizations (cauthdsl.SignedByAnyMember, ...Admin)."""
    envelope = policies_pb2.SignaturePolicyEnvelope()
    envelope.rule.n_out_of.n = 1
    for number, msp_id in enumerate(msp_ids):
        envelope.rule.n_out_of.rules.add(signed_by=number)
        principal = msp_principal_pb2.MSPRole(msp_identifier=msp_id, role=role)
        envelope.identities.add(
            principal_classification=msp_principal_pb2.MSPPrincipal.ROLE, principal=principal.SerializeToString()
        )
    return envelope


def lscc(
    node: Node, channel: PeerChannel | None, simulator: Simulator | None, signed: Signed, args: list[bytes]
) -> bytes:
    """Run a function; `deploy` and `upgrade` write into the simulator and call Init. Raises CallError."""
    function = args[0].decode()
    if function == "install":
        check_local(node, signed, function, admin=True)
        node.packages.install(args[1])
        return b"OK"
    if function in ("getinstalledchaincodes", "GetInstalledChaincodes"):
        check_local(node, signed, function, admin=True)
        return _installed(node)
    if channel is None or simulator is None:
        raise CallError(f"invalid channel name: {function} is asked of a channel")
    if function in ("deploy", "upgrade"):
        return _deploy(node, channel, simulator, signed, args)
    if function in ("getchaincodes", "GetChaincodes"):
        return _instantiated(node, channel)
    if function in ("getid", "getdepspec", "getccdata", "ChaincodeExists", "GetChaincodeData", "GetDeploymentSpec"):
        if len(args) < 3:
            raise CallError(f"invalid number of arguments to lscc: {len(args)}")
        return _about(node, channel, function, args[2].decode())
    # since 1.3
    if function in ("GetCollectionsConfig", "getcollectionsconfig") and node.context.release.number >= (1, 3, 0):
        name = args[1].decode()
        stored = channel.state.get("lscc", f"{name}~collection")
        if stored is None:
            raise CallError(f"collections config not defined for chaincode {name}")
        return stored[0]
    raise CallError(f"invalid function to lscc: {function}")


def _installed(node: Node) -> bytes:
    answer = query_pb2.ChaincodeQueryResponse()
    for package in node.packages.all():
        # 1.0 tells no fingerprint
        identity = package.fingerprint[1] if node.context.release.number >= (1, 1, 0) else b""
        answer.chaincodes.add(name=package.name, version=package.version, path=package.path, id=identity)
    return bytes(answer.SerializeToString())


def _instantiated(node: Node, channel: PeerChannel) -> bytes:
    answer = query_pb2.ChaincodeQueryResponse()
    for key in channel.state.keys("lscc"):
        if "~" in key:
            continue
        definition = definition_of(channel, key)
        if definition is None:
            continue
        path = ""
        with contextlib.suppress(CallError):  # not installed here: the real one leaves path and input out as well
            path = node.packages.find(definition.name, definition.version).path
        answer.chaincodes.add(
            name=definition.name, version=definition.version, path=path, escc=definition.escc, vscc=definition.vscc
        )
    return bytes(answer.SerializeToString())


def definition_of(channel: PeerChannel, name: str) -> chaincode_pb2.ChaincodeData | None:
    """A chaincode as it is instantiated."""
    stored = channel.state.get("lscc", name)
    return chaincode_pb2.ChaincodeData.FromString(stored[0]) if stored else None


def missing(name: str) -> str:
    """Fabric's words for a chaincode that is not on the channel."""
    return f"could not find chaincode with name '{name}'"


def _about(node: Node, channel: PeerChannel, function: str, name: str) -> bytes:
    definition = definition_of(channel, name)
    if definition is None:
        raise CallError(missing(name))
    if function in ("getid", "ChaincodeExists"):
        return str(definition.name).encode()
    if function in ("getccdata", "GetChaincodeData"):
        stored = channel.state.get("lscc", name)
        assert stored
        return stored[0]
    return bytes(node.packages.find(definition.name, definition.version).spec.SerializeToString())


def _deploy(node: Node, channel: PeerChannel, simulator: Simulator, signed: Signed, args: list[bytes]) -> bytes:
    function = args[0].decode()
    if len(args) < 3:
        raise CallError(f"invalid number of arguments to lscc: {len(args)}")
    if args[1].decode() != channel.name:
        raise CallError(f"invalid channel name: {args[1].decode()}")
    asked = Package(args[2])
    if not _NAME.match(asked.name):
        raise CallError(f"invalid chaincode name '{asked.name}'")
    if not _VERSION.match(asked.version):
        raise CallError(f"invalid chaincode version '{asked.version}'")
    current = simulator.get("lscc", asked.name)
    _check_existing(node, function, asked, current)
    package = node.packages.find(asked.name, asked.version)
    policy = policies_pb2.SignaturePolicyEnvelope()
    if len(args) > 3 and args[3]:
        policy = policies_pb2.SignaturePolicyEnvelope.FromString(args[3])
    else:
        policy = any_of(channel.bundle.application_msp_ids, msp_principal_pb2.MSPRole.MEMBER)
    _check_instantiator(channel, signed)
    data, identity = package.fingerprint
    definition = chaincode_pb2.ChaincodeData(
        name=asked.name,
        version=asked.version,
        escc=(args[4].decode() if len(args) > 4 and args[4] else "escc"),
        vscc=(args[5].decode() if len(args) > 5 and args[5] else "vscc"),
        policy=policy,
        data=data,
        id=identity,
    ).SerializeToString()
    simulator.put("lscc", asked.name, definition)
    if len(args) > 6 and args[6]:
        if not node.context.release.has_collections:
            raise CallError(f"invalid number of arguments to lscc: {len(args)}")
        simulator.put("lscc", f"{asked.name}~collection", args[6])
    # the endorser calls Init within the same simulation
    node.runtime.call(package, simulator, list(asked.spec.chaincode_spec.input.args), init=True)
    return bytes(definition)


def _check_existing(node: Node, function: str, asked: Package, current: bytes | None) -> None:
    new = node.context.release.number >= (1, 2, 0)
    if function == "deploy":
        if current is not None:
            raise CallError(
                f"chaincode with name '{asked.name}' already exists" if new else f"chaincode exists {asked.name}"
            )
        return
    if current is None:
        raise CallError(missing(asked.name))
    if chaincode_pb2.ChaincodeData.FromString(current).version == asked.version:
        name = f"'{asked.name}'" if new else asked.name
        raise CallError(f"version already exists for chaincode with name {name}")


def _check_instantiator(channel: PeerChannel, signed: Signed) -> None:
    """The default instantiation policy: an admin of any organization of the channel."""
    policy = any_of(channel.bundle.application_msp_ids, msp_principal_pb2.MSPRole.ADMIN)
    try:
        identity = signed.verified(channel.bundle.members)
    except MspError as error:
        raise CallError(f"chaincode instantiation policy violated({error})") from error
    if not satisfied(policy, [identity], channel.bundle.members):
        raise CallError("chaincode instantiation policy violated(signature set did not satisfy policy)")


def success(payload: bytes) -> proposal_response_pb2.Response:
    """Status 200."""
    return proposal_response_pb2.Response(status=200, payload=payload)
