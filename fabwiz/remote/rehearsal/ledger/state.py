"""A channel's state: key-value pairs by namespace, each with the version (block, transaction) that wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

Version = tuple[int, int]
Sets = dict[str, kv_rwset_pb2.KVRWSet]


class State:
    """Built from the blocks whenever a peer starts. One writer; readers see whole blocks or none of them."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[bytes, Version]] = {}

    def get(self, namespace: str, key: str) -> tuple[bytes, Version] | None:
        """Value and version."""
        return self._values.get((namespace, key))

    def keys(self, namespace: str) -> Iterator[str]:
        """All keys of a namespace, sorted."""
        yield from sorted(key for space, key in list(self._values) if space == namespace)

    def fits(self, sets: Sets, written: set[tuple[str, str]]) -> bool:
        """Whether everything read is still as it was, and not written earlier in the same block (MVCC)."""
        for namespace, one in sets.items():
            for read in one.reads:
                there = self.get(namespace, read.key)
                version = (read.version.block_num, read.version.tx_num) if read.HasField("version") else None
                if (namespace, read.key) in written or version != (there[1] if there else None):
                    return False
        return True

    def apply(self, changes: list[tuple[Version, Sets]]) -> None:
        """Take over what the valid transactions of a block write."""
        values = dict(self._values)
        for version, sets in changes:
            for namespace, one in sets.items():
                for write in one.writes:
                    if write.is_delete:
                        values.pop((namespace, write.key), None)
                    else:
                        values[namespace, write.key] = (write.value, version)
        self._values = values


class Simulator:
    """Runs a proposal against the state without changing it, and notes what was read and written.

    As in Fabric, a transaction does not see its own writes.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._reads: dict[str, dict[str, Version | None]] = {}
        self._writes: dict[str, dict[str, bytes | None]] = {}

    def get(self, namespace: str, key: str) -> bytes | None:
        """A committed value."""
        found = self._state.get(namespace, key)
        self._reads.setdefault(namespace, {}).setdefault(key, found[1] if found else None)
        return found[0] if found else None

    def put(self, namespace: str, key: str, value: bytes | None) -> None:
        """Write a value; None deletes."""
        self._writes.setdefault(namespace, {})[key] = value

    def results(self) -> bytes:
        """A `rwset.TxReadWriteSet`, serialized; namespaces and keys sorted, so that endorsers agree byte for byte."""
        result = rwset_pb2.TxReadWriteSet(data_model=rwset_pb2.TxReadWriteSet.KV)
        for namespace in sorted({*self._reads, *self._writes}):
            one = kv_rwset_pb2.KVRWSet()
            for key, version in sorted(self._reads.get(namespace, {}).items()):
                read = one.reads.add(key=key)
                if version:
                    read.version.block_num, read.version.tx_num = version
            for key, value in sorted(self._writes.get(namespace, {}).items()):
                one.writes.add(key=key, is_delete=value is None, value=value or b"")
            result.ns_rwset.add(namespace=namespace, rwset=one.SerializeToString())
        return bytes(result.SerializeToString())


def read_sets(results: bytes) -> Sets:
    """A transaction's read and write sets by namespace."""
    parsed = rwset_pb2.TxReadWriteSet.FromString(results)
    return {one.namespace: kv_rwset_pb2.KVRWSet.FromString(one.rwset) for one in parsed.ns_rwset}
