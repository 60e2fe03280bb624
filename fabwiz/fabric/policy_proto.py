"""Endorsement policies and collections as the messages that lscc takes."""

from __future__ import annotations

from collections.abc import Mapping

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import collection_pb2

from fabwiz.session.model import CollectionSpec
from fabwiz.session.policy import Policy, SignedBy, parse
from fabwiz.session.releases import Release


def signature_policy(policy: Policy) -> policies_pb2.SignaturePolicyEnvelope:
    """`common.SignaturePolicyEnvelope` as Fabric's `cauthdsl.FromString` builds it.

    Every principal gets an index of its own, also one that stands twice, in the order of `Policy.principals`.
    """

    def gate(n: int, rules: list[policies_pb2.SignaturePolicy]) -> policies_pb2.SignaturePolicy:
        return policies_pb2.SignaturePolicy(n_out_of=policies_pb2.SignaturePolicy.NOutOf(n=n, rules=rules))

    def leaf(index: int, _principal: SignedBy) -> policies_pb2.SignaturePolicy:
        return policies_pb2.SignaturePolicy(signed_by=index)

    return policies_pb2.SignaturePolicyEnvelope(
        version=0, rule=policy.build(gate, leaf), identities=[_principal(one) for one in policy.principals()]
    )


def policy_bytes(text: str | None, release: Release | None = None) -> bytes:
    """A policy of the session for lscc; nothing (`b""`) lets Fabric take its default, any member.

    Raises PolicyError of `fabwiz.session.policy`.
    """
    return b"" if text is None else _bytes(signature_policy(parse(text, release)))


def collection_package(collections: Mapping[str, CollectionSpec], release: Release | None = None) -> bytes:
    """`common.CollectionConfigPackage` for Fabric 1.2 and later, in the order of the session; `b""` for none.

    Raises PolicyError where a collection's policy does not parse.
    """
    if not collections:
        return b""
    package = collection_pb2.CollectionConfigPackage()
    for name, spec in collections.items():
        members = signature_policy(parse(spec.policy, release))
        package.config.add().static_collection_config.CopyFrom(
            collection_pb2.StaticCollectionConfig(
                name=name,
                member_orgs_policy=collection_pb2.CollectionPolicyConfig(signature_policy=members),
                required_peer_count=spec.required_peers,
                maximum_peer_count=spec.max_peers,
                block_to_live=spec.block_to_live,
                member_only_read=spec.member_only_read,
            )
        )
    return _bytes(package)


def _principal(signer: SignedBy) -> msp_principal_pb2.MSPPrincipal:
    role = msp_principal_pb2.MSPRole.MSPRoleType.Value(signer.role.upper())
    return msp_principal_pb2.MSPPrincipal(
        principal_classification=msp_principal_pb2.MSPPrincipal.ROLE,
        principal=msp_principal_pb2.MSPRole(msp_identifier=signer.msp_id, role=role).SerializeToString(),
    )


def _bytes(message: policies_pb2.SignaturePolicyEnvelope | collection_pb2.CollectionConfigPackage) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))
