"""What has become of a chaincode's private data collections, between what runs and what is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_protos.peer import collection_pb2


@dataclass(frozen=True, slots=True)
class CollectionChanges:
    """Names of collections, in order."""

    changed: tuple[str, ...]
    """New ones, and those that an upgrade of the chaincode can change."""
    removed: tuple[str, ...]
    """Those that Fabric never gives up, though they are wanted no more."""
    kept: tuple[str, ...]
    """Those whose block_to_live is another, which Fabric never changes."""


def collection_changes(there: bytes, wanted: bytes) -> CollectionChanges:
    """Compare two `common.CollectionConfigPackage`, serialized; their order does not matter.

    Source: core/handlers/validation/builtin/v13/lscc_validation_logic.go, `validateNewCollectionConfigsAgainstOld`.
    """
    now, then = _by_name(there), _by_name(wanted)
    common = [name for name in now if name in then]
    kept = tuple(name for name in common if now[name].block_to_live != then[name].block_to_live)
    return CollectionChanges(
        changed=tuple(name for name in then if name not in kept and now.get(name) != then[name]),
        removed=tuple(name for name in now if name not in then),
        kept=kept,
    )


def _by_name(package: bytes) -> dict[str, collection_pb2.StaticCollectionConfig]:
    found = collection_pb2.CollectionConfigPackage.FromString(package).config
    return {one.static_collection_config.name: one.static_collection_config for one in sorted(found, key=_name)}


def _name(one: collection_pb2.CollectionConfig) -> str:
    return str(one.static_collection_config.name)
