"""Changing a channel's configuration (common/configtx: compare.go, configmap.go, update.go)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2

from fabwiz.remote.rehearsal.channel.bundle import Bundle, ConfigError
from fabwiz.remote.rehearsal.channel.msp import Signed
from fabwiz.remote.rehearsal.channel.policies import Policies, PolicyError

_PREFIX = {"group": "[Group]  ", "value": "[Value]  ", "policy": "[Policy] "}


@dataclass(slots=True)
class Element:
    """A group, value or policy with its place in the tree."""

    kind: str
    name: str
    path: tuple[str, ...]
    """The groups above it, `Channel` first."""
    item: Any

    @property
    def key(self) -> str:
        """As Fabric's errors name it: `[Group]  /Channel/Application`."""
        return _PREFIX[self.kind] + "/" + "/".join((*self.path, self.name))


def flatten(root: configtx_pb2.ConfigGroup) -> dict[str, Element]:
    """Every element by its key."""
    return {element.key: element for element in _walk(root, "Channel", ())}


def _walk(group: configtx_pb2.ConfigGroup, name: str, path: tuple[str, ...]) -> Iterator[Element]:
    yield Element("group", name, path, group)
    inside = (*path, name)
    for key, value in group.values.items():
        yield Element("value", key, inside, value)
    for key, policy in group.policies.items():
        yield Element("policy", key, inside, policy)
    for key in group.groups:
        yield from _walk(group.groups[key], key, inside)


def propose(bundle: Bundle, envelope: configtx_pb2.ConfigUpdateEnvelope) -> configtx_pb2.Config:
    """The configuration that a signed update leads to. Raises ConfigError in Fabric's words."""
    update = configtx_pb2.ConfigUpdate.FromString(envelope.config_update)
    if update.channel_id != bundle.channel:
        raise ConfigError(f"Update not for correct channel: {update.channel_id} for {bundle.channel}")
    current = flatten(bundle.root)
    reads, writes = flatten(update.read_set), flatten(update.write_set)
    try:
        _check_reads(bundle, current, reads)
    except ConfigError as error:
        raise ConfigError(f"error authorizing update: error validating ReadSet: {error}") from error
    delta = {k: e for k, e in writes.items() if k not in reads or reads[k].item.version != e.item.version}
    try:
        _check_delta(bundle, current, delta, _signatures(envelope))
    except ConfigError as error:
        raise ConfigError(f"error authorizing update: error validating DeltaSet: {error}") from error
    merged = {**current, **delta}
    for key in writes:
        if key not in merged:
            raise ConfigError(
                f"error authorizing update: full config did not verify: writeset contained key {key} which "
                "did not appear in proposed config"
            )
    root = configtx_pb2.ConfigGroup()
    _rebuild(merged, "Channel", (), root)
    return configtx_pb2.Config(sequence=bundle.sequence + 1, channel_group=root)


def _check_reads(bundle: Bundle, current: dict[str, Element], reads: dict[str, Element]) -> None:
    for key, element in reads.items():
        if key not in current:
            raise ConfigError(f"existing config does not contain element for {key} but was in the read set")
        wanted, there = element.item.version, current[key].item.version
        if wanted == there:
            continue
        if bundle.release.number >= (1, 4, 1):
            raise ConfigError(
                f"proposed update requires that key {key} be at version {wanted}, but it is currently at "
                f"version {there}"
            )
        raise ConfigError(f"readset expected key {key} at version {wanted}, but got version {there}")


def _check_delta(bundle: Bundle, current: dict[str, Element], delta: dict[str, Element], signed: list[Signed]) -> None:
    if not delta:
        raise ConfigError("delta set was empty -- update would have no effect")
    for key, element in delta.items():
        mod_policy = element.item.mod_policy
        if not mod_policy and bundle.release.number >= (1, 1, 0):  # 1.0 takes elements that nobody may change again
            raise ConfigError(f"invalid mod_policy for element {key}: mod_policy not set")
        if key not in current:
            if element.item.version != 0:
                raise ConfigError(
                    f"attempted to set key {key} to version {element.item.version}, but key does not exist"
                )
            continue
        there = current[key]
        if element.item.version != there.item.version + 1:
            raise ConfigError(
                f"attempt to set key {key} to version {element.item.version}, but key is at version "
                f"{there.item.version}"
            )
        if not there.item.mod_policy:
            raise ConfigError(f"unexpected missing policy for item {key}")
        try:
            _policies_for(bundle.policies, there).evaluate(there.item.mod_policy, signed)
        except PolicyError as error:
            raise ConfigError(f"policy for {key} not satisfied: {error}") from error


def _policies_for(root: Policies, element: Element) -> Policies:
    """Where a relative mod_policy is looked up: in the group itself, or in the group around a value or policy."""
    if element.item.mod_policy.startswith("/"):
        return root
    groups = (*element.path, element.name) if element.kind == "group" else element.path
    found = root
    for name in groups[1:]:
        found = found.below(name)
    return found


def _signatures(envelope: configtx_pb2.ConfigUpdateEnvelope) -> list[Signed]:
    signed = []
    for signature in envelope.signatures:
        header = common_pb2.SignatureHeader.FromString(signature.signature_header)
        signed.append(Signed(signature.signature_header + envelope.config_update, header.creator, signature.signature))
    return signed


def _rebuild(elements: dict[str, Element], name: str, path: tuple[str, ...], into: configtx_pb2.ConfigGroup) -> None:
    """A group from the map: its members are those that its own newest version lists."""
    group = elements[_PREFIX["group"] + "/" + "/".join((*path, name))].item
    inside = (*path, name)
    front = "/".join(inside)
    into.version, into.mod_policy = group.version, group.mod_policy
    for key in group.values:
        into.values[key].CopyFrom(elements[f"{_PREFIX['value']}/{front}/{key}"].item)
    for key in group.policies:
        into.policies[key].CopyFrom(elements[f"{_PREFIX['policy']}/{front}/{key}"].item)
    for key in group.groups:
        _rebuild(elements, key, inside, into.groups[key])
