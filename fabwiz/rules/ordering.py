"""The ordering service nodes, how they cut blocks, and TLS."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, OWN, WARNING, Problem, fix, rule, without
from fabwiz.rules.suggest import more_nodes
from fabwiz.session.network import Network
from fabwiz.session.units import format_duration

_MAX_UINT32 = 2**32 - 1


@rule(
    "batch-positive",
    ERROR,
    "timeout, message count and sizes of a block are above 0",
    "Orderers refuse a configuration in which a block may hold nothing, or must be cut at once. Counts and sizes are "
    "32-bit numbers there.",
    "Fabric: common/channelconfig/orderer.go, validateBatchSize and validateBatchTimeout",
)
def batch(network: Network) -> Iterator[Problem]:
    """Values that orderers refuse."""
    ordering = network.session.ordering
    if ordering.batch_timeout <= 0:
        path = ("ordering", "batch_timeout")
        yield Problem(
            path,
            f"batch_timeout is {format_duration(ordering.batch_timeout)}; it must be above 0",
            fix("use 2s", without(*path)),
        )
    for name in ("max_message_count", "absolute_max_bytes", "preferred_max_bytes"):
        value = getattr(ordering, name)
        if not 0 < value <= _MAX_UINT32:
            path = ("ordering", name)
            yield Problem(
                path, f"{name} is {value}; it must be 1 to {_MAX_UINT32}", fix("use the default", without(*path))
            )


@rule(
    "orderer-count",
    WARNING,
    "there are at least 2 orderers",
    "With Kafka ordering any number of orderers serve the same channels; with only one, its host is all that lies "
    "between the network and standing still.",
    OWN,
)
def count(network: Network) -> Iterator[Problem]:
    """Fewer than two orderers; none at all is an error."""
    orderers = len(network.orderers)
    if orderers >= 2:
        return
    edits = more_nodes(network, "orderers", network.orderers, 2 - orderers, "orderer")
    names = ", ".join(str(edit.path[1]) for edit in edits)
    yield Problem(
        ("orderers",),
        "there is only one orderer; the network stands still without it: add another"
        if orderers
        else "there is no orderer: name at least 2",
        fix(f"add {names}", *edits) if edits else None,
        severity=None if orderers else ERROR,
    )


@rule(
    "tls-disabled",
    WARNING,
    "peers, orderers and clients talk over TLS",
    "Without it transactions travel in the clear, and nobody can tell a real orderer or peer from an impostor.",
    OWN,
)
def tls(network: Network) -> Iterator[Problem]:
    """TLS switched off."""
    if not network.session.tls:
        yield Problem(
            ("tls",),
            "TLS is off: transactions travel in the clear between hosts; set tls to true",
            fix("use TLS", without("tls")),
        )
