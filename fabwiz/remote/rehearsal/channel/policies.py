"""Policies of a channel's configuration, evaluated as Fabric does (common/policies, common/cauthdsl)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fabric_protos.common import configtx_pb2, policies_pb2

from fabwiz.remote.rehearsal.channel.msp import Identity, Members, Signed, verified_identities
from fabwiz.session.releases import Release


class PolicyError(Exception):
    """A policy that is not satisfied; the message is Fabric's."""


def satisfied(envelope: policies_pb2.SignaturePolicyEnvelope, identities: Sequence[Identity], members: Members) -> bool:
    """Evaluate a signature policy: every identity counts for one principal of a rule at most."""
    used = [False] * len(identities)
    return _holds(envelope.rule, envelope, identities, members, used)


def _holds(
    rule: policies_pb2.SignaturePolicy,
    envelope: policies_pb2.SignaturePolicyEnvelope,
    identities: Sequence[Identity],
    members: Members,
    used: list[bool],
) -> bool:
    if rule.WhichOneof("Type") == "n_out_of":
        verified = 0
        for part in rule.n_out_of.rules:
            trial = list(used)
            if _holds(part, envelope, identities, members, trial):
                verified += 1
                used[:] = trial
        return verified >= int(rule.n_out_of.n)
    if rule.signed_by >= len(envelope.identities):
        return False
    principal = envelope.identities[rule.signed_by]
    for number, identity in enumerate(identities):
        if not used[number] and members.satisfies(identity, principal):
            used[number] = True
            return True
    return False


class Policies:
    """The policies of one group of the configuration and those below it."""

    def __init__(self, group: configtx_pb2.ConfigGroup, members: Members, release: Release, path: str) -> None:
        self._group = group
        self._members = members
        self._release = release
        self._path = path

    def below(self, name: str) -> Policies:
        """Those of a subgroup. Raises PolicyError."""
        if name not in self._group.groups:
            raise PolicyError(f"policy manager {self._path}/{name} does not exist")
        return Policies(self._group.groups[name], self._members, self._release, f"{self._path}/{name}")

    def _children(self) -> Iterator[Policies]:
        for name in self._group.groups:
            yield self.below(name)

    def evaluate(self, name: str, signed: Sequence[Signed]) -> None:
        """Evaluate a policy by name, or by absolute path (`/Channel/Application/Writers`). Raises PolicyError."""
        self.check(name, verified_identities(signed, self._members))

    def check(self, name: str, identities: Sequence[Identity]) -> None:
        """As `evaluate`, with identities whose signatures are verified already."""
        if name.startswith("/"):
            parts = name.strip("/").split("/")
            if parts[0] != "Channel" or self._path != "/Channel":
                raise PolicyError(f"policy {name} not found")
            at = self
            for part in parts[1:-1]:
                at = at.below(part)
            at.check(parts[-1], identities)
            return
        if name not in self._group.policies:
            raise PolicyError(f"policy {name} not found")
        policy = self._group.policies[name].policy
        if policy.type == policies_pb2.Policy.SIGNATURE:
            envelope = policies_pb2.SignaturePolicyEnvelope.FromString(policy.value)
            if not satisfied(envelope, identities, self._members):
                raise PolicyError(
                    "signature set did not satisfy policy" if self._new else "Failed to authenticate policy"
                )
        elif policy.type == policies_pb2.Policy.IMPLICIT_META:
            self._implicit(policies_pb2.ImplicitMetaPolicy.FromString(policy.value), identities)
        else:
            raise PolicyError(f"unknown policy type {policy.type}")

    @property
    def _new(self) -> bool:
        return self._release.number >= (1, 4, 1)

    def _implicit(self, meta: policies_pb2.ImplicitMetaPolicy, identities: Sequence[Identity]) -> None:
        children = list(self._children())
        rules: Any = policies_pb2.ImplicitMetaPolicy
        threshold = {rules.ANY: 1, rules.ALL: len(children), rules.MAJORITY: len(children) // 2 + 1}[meta.rule]
        if not children:
            threshold = 0
        reached = 0
        for child in children:
            try:
                child.check(meta.sub_policy, identities)
            except PolicyError:
                continue
            reached += 1
        if reached >= threshold:
            return
        if self._new:
            raise PolicyError(
                f"implicit policy evaluation failed - {reached} sub-policies were satisfied, but this policy requires "
                f"{threshold} of the '{meta.sub_policy}' sub-policies to be satisfied"
            )
        raise PolicyError(
            f"Failed to reach implicit threshold of {threshold} sub-policies, required {threshold - reached} remaining"
        )
