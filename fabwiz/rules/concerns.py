"""Which rules a setting is subject to, so that somebody who changes it knows beforehand."""

from __future__ import annotations

from fabwiz.rules.registry import RULES, Rule

# the setting's path pattern -> ids; tests/rules hold this against sessions that break each rule
_CONCERNS: dict[str, tuple[str, ...]] = {
    "name": ("name-syntax",),
    "fabric": ("fabric-version", "image-missing"),
    "domain": ("domain-syntax",),
    "system_channel": ("channel-name", "channel-system"),
    "remote_dir": ("remote-dir",),
    "tls": ("tls-disabled",),
    "ssh.user": ("ssh-user",),
    "ssh.password": ("secret-in-session",),
    "orderer_organization.name": ("name-syntax",),
    "orderer_organization.msp_id": ("duplicate-msp",),
    "ordering.batch_timeout": ("batch-positive",),
    "ordering.max_message_count": ("batch-positive",),
    "ordering.absolute_max_bytes": ("batch-preferred", "kafka-message-headroom", "kafka-message-size"),
    "ordering.preferred_max_bytes": ("batch-positive", "batch-preferred", "batch-preferred-large"),
    "ordering.kafka.min_insync_replicas": ("kafka-isr", "kafka-replication"),
    "ordering.kafka.replication_factor": ("kafka-isr", "kafka-replication"),
    "ordering.kafka.topic_replication_factor": ("kafka-topic-replication",),
    "ordering.kafka.message_max_bytes": ("kafka-message-size",),
    "ordering.kafka.replica_fetch_max_bytes": ("kafka-message-size",),
    "ordering.kafka.socket_request_max_bytes": ("kafka-message-size",),
    "ordering.kafka.log_retention_ms": ("kafka-retention",),
    "ordering.kafka.unclean_leader_election": ("kafka-unclean-election",),
    "ordering.kafka.seed_brokers": ("kafka-seed-brokers",),
    "ordering.kafka.tls": ("kafka-tls",),
    "ordering.kafka.retry.short_interval": ("kafka-retry",),
    "ordering.kafka.retry.short_total": ("kafka-retry",),
    "ordering.kafka.retry.long_interval": ("kafka-retry",),
    "ordering.kafka.retry.long_total": ("kafka-retry",),
    "images.overrides": ("image-missing",),
    "images.source": ("images-archives",),
    "images.archives": ("images-archives",),
    "accept": ("accept-unknown",),
}


def rules_about(setting: str) -> tuple[Rule, ...]:
    """The rules that a setting's value may break, beside those about its type: `ordering.kafka.tls` -> kafka-tls."""
    return tuple(RULES[rule] for rule in _CONCERNS.get(setting, ()))
