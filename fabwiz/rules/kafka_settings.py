"""How the Kafka cluster keeps what orderers give it. K brokers, N copies of every channel, M of them in sync."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, GUIDE, WARNING, Problem, fix, rule, setting, without
from fabwiz.session.findings import Fix
from fabwiz.session.network import Network
from fabwiz.session.units import format_duration

_BROKER_RESTART = 600.0
"""Seconds that a broker may take to come back (rule `kafka-retry`)."""

_AT = ("ordering", "kafka")


@rule(
    "kafka-isr",
    ERROR,
    "1 < min_insync_replicas < replication_factor",
    "A message counts as written when M copies have it. With M = 1 the loss of one broker may lose blocks; with M = N "
    "the loss of any broker stops the channels whose copies it holds.",
    GUIDE,
    waivable=True,
)
def in_sync(network: Network) -> Iterator[Problem]:
    """M that loses messages, or that stops at the loss of one broker."""
    kafka = network.session.ordering.kafka
    least, copies = kafka.min_insync_replicas, kafka.replication_factor
    if 1 < least < copies:
        return
    path = (*_AT, "min_insync_replicas")
    if least <= 1:
        says = f"min_insync_replicas is {least}: a message that only one broker has is lost with it"
    elif least == copies:
        says = f"min_insync_replicas and replication_factor are both {copies}: the loss of one broker stops channels"
    else:
        says = f"min_insync_replicas is {least} but replication_factor only {copies}: nothing could ever be written"
    yield Problem(path, f"{says}; keep 1 < min_insync_replicas < replication_factor", _mend(least, copies))


def _mend(least: int, copies: int) -> Fix:
    enough = max(copies, 3)
    fits = max(2, min(least, enough - 1))
    edits = []
    if enough != copies:
        edits.append(setting(enough, *_AT, "replication_factor"))
    if fits != least:
        edits.append(setting(fits, *_AT, "min_insync_replicas"))
    return fix(f"use min_insync_replicas {fits} with replication_factor {enough}", *edits)


@rule(
    "kafka-replication",
    ERROR,
    "replication_factor is below the number of brokers",
    "A channel can only be created while N brokers run. With N = K the loss of any broker means no new channels.",
    GUIDE,
    waivable=True,
)
def replication(network: Network) -> Iterator[Problem]:
    """N that leaves no broker to spare. Fewer than 4 brokers with the least N, 3, are `kafka-count`'s to tell."""
    copies, brokers = network.session.ordering.kafka.replication_factor, len(network.kafka)
    if copies < brokers or (brokers < 4 and copies <= 3):
        return
    path = (*_AT, "replication_factor")
    effect = "no channel can be created while one of them is down" if copies == brokers else "no channel can be created"
    least, fits = network.session.ordering.kafka.min_insync_replicas, max(brokers - 1, 3)
    edits = [setting(fits, *path)]
    if least >= fits:
        edits.append(setting(fits - 1, *_AT, "min_insync_replicas"))
    yield Problem(
        path,
        f"replication_factor is {copies} with {brokers} brokers: {effect}; keep it below the number of brokers",
        fix(f"use replication_factor {fits}", *edits),
    )


@rule(
    "kafka-retention",
    ERROR,
    "log.retention.ms is -1: messages stay for ever",
    "The channels' messages in Kafka are what orderers build their blocks from. When Kafka deletes old ones, an "
    "orderer that was away, or starts anew, can never catch up.",
    GUIDE,
)
def retention(network: Network) -> Iterator[Problem]:
    """A retention time."""
    value, path = network.session.ordering.kafka.log_retention_ms, (*_AT, "log_retention_ms")
    if value != -1:
        yield Problem(
            path,
            f"log_retention_ms is {value}: after {format_duration(max(value, 0) / 1000)} brokers would delete messages "
            "that orderers still need; use -1",
            fix("keep messages for ever", without(*path)),
        )


@rule(
    "kafka-unclean-election",
    ERROR,
    "unclean.leader.election.enable is false",
    "A broker that had fallen behind must not lead: it would give out the same positions again, with other messages, "
    "and the orderers' chains would part.",
    GUIDE,
)
def unclean_election(network: Network) -> Iterator[Problem]:
    """Unclean elections allowed."""
    path = (*_AT, "unclean_leader_election")
    if network.session.ordering.kafka.unclean_leader_election:
        yield Problem(
            path,
            "unclean_leader_election is true: a broker without the last blocks could become leader, and they would be "
            "lost; use false",
            fix("allow no unclean elections", without(*path)),
        )


@rule(
    "kafka-topic-replication",
    WARNING,
    "topic_replication_factor is not set below replication_factor",
    "Orderers of Fabric 1.3 and later create their own topics with this many copies, whatever the brokers' default is: "
    "with 1 every channel lives on a single broker.",
    "Fabric: sampleconfig/orderer.yaml, Kafka.Topic.ReplicationFactor",
)
def topic_replication(network: Network) -> Iterator[Problem]:
    """Fewer copies of topics than N."""
    kafka, path = network.session.ordering.kafka, (*_AT, "topic_replication_factor")
    copies = kafka.topic_replication_factor
    if copies is not None and copies < kafka.replication_factor:
        yield Problem(
            path,
            f"topic_replication_factor is {copies}, below replication_factor {kafka.replication_factor}: channels "
            f"would have only {copies} cop{'y' if copies == 1 else 'ies'}",
            fix("use replication_factor for topics, too", without(*path)),
        )


@rule(
    "kafka-tls",
    WARNING,
    "orderers and brokers talk over TLS",
    "Without it anyone on the path between orderers and brokers reads every transaction, and anyone who reaches a "
    "broker can write into the channels' topics.",
    GUIDE,
)
def tls(network: Network) -> Iterator[Problem]:
    """Plain connections to Kafka."""
    if not network.session.ordering.kafka.tls:
        yield Problem(
            (*_AT, "tls"),
            "orderers and brokers talk without TLS; set ordering.kafka.tls to true unless their network is trusted",
            fix("use TLS with Kafka", setting(True, *_AT, "tls")),
        )


@rule(
    "kafka-retry",
    WARNING,
    "orderers go on trying longer than a broker needs to restart",
    "An orderer that gives up stops with a panic. The notes that these rules come from gave up after 130 seconds, less "
    "than a broker with a large log takes to come back.",
    "Fabric: orderer/consensus/kafka/retry.go",
)
def retry(network: Network) -> Iterator[Problem]:
    """A long phase below ten minutes, or intervals that stop the orderer."""
    given, path = network.session.ordering.kafka.retry, (*_AT, "retry")
    for name, value in given:
        if value <= 0:
            yield Problem(
                (*path, name),
                f"{name} is {format_duration(value)}; an orderer stops with a panic unless it is above 0",
                fix("use the default", without(*path, name)),
                severity=ERROR,
            )
    if 0 < given.long_total < _BROKER_RESTART:
        yield Problem(
            (*path, "long_total"),
            f"orderers give up after {format_duration(given.short_total + given.long_total)}, before a broker may be "
            f"back: long_total is {format_duration(given.long_total)}; use {format_duration(_BROKER_RESTART)} or more "
            "(Fabric's own is 12h)",
            fix("go on trying for 12h", without(*path, "long_total")),
        )
