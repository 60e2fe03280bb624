"""Policies of the channel configuration (`common/policies`, `common/cauthdsl`)."""

from __future__ import annotations

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2

_ROLES = {
    "member": msp_principal_pb2.MSPRole.MEMBER,
    "admin": msp_principal_pb2.MSPRole.ADMIN,
    "client": msp_principal_pb2.MSPRole.CLIENT,
    "peer": msp_principal_pb2.MSPRole.PEER,
}


def implicit_meta(rule: str, sub_policy: str) -> policies_pb2.Policy:
    """`ANY`, `ALL` or `MAJORITY` of the groups below must satisfy their policy `sub_policy`."""
    meta = policies_pb2.ImplicitMetaPolicy(sub_policy=sub_policy, rule=policies_pb2.ImplicitMetaPolicy.Rule.Value(rule))
    return policies_pb2.Policy(type=policies_pb2.Policy.IMPLICIT_META, value=meta.SerializeToString())


def signed_by_any(msp_id: str, roles: tuple[str, ...]) -> policies_pb2.Policy:
    """One signature of an organization's member in one of these roles; with no role, no signature at all."""
    principals = [
        msp_principal_pb2.MSPPrincipal(
            principal_classification=msp_principal_pb2.MSPPrincipal.ROLE,
            principal=msp_principal_pb2.MSPRole(msp_identifier=msp_id, role=_ROLES[role]).SerializeToString(),
        )
        for role in roles
    ]
    rule = policies_pb2.SignaturePolicy(
        n_out_of=policies_pb2.SignaturePolicy.NOutOf(
            n=1 if roles else 0,
            rules=[policies_pb2.SignaturePolicy(signed_by=position) for position in range(len(roles))],
        )
    )
    envelope = policies_pb2.SignaturePolicyEnvelope(version=0, rule=rule, identities=principals)
    return policies_pb2.Policy(type=policies_pb2.Policy.SIGNATURE, value=envelope.SerializeToString())


def accept_all() -> policies_pb2.Policy:
    """Holds whoever signs (`cauthdsl.AcceptAllPolicy`)."""
    return signed_by_any("", ())


def organization_roles(node_ous: bool) -> dict[str, tuple[str, ...]]:
    """Who of an organization may read, write and administer, from 1.2 on; the same text stands in configtx.yaml."""
    if node_ous:
        return {"Readers": ("admin", "peer", "client"), "Writers": ("admin", "client"), "Admins": ("admin",)}
    return {"Readers": ("member",), "Writers": ("member",), "Admins": ("admin",)}
