"""`accept:` lowers a waivable error to a warning that shows the reason; everything else about it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from fabwiz.rules import RULES
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding, Severity

Change = Callable[[Mapping[str, object]], Document]
Told = Callable[[Document], list[Finding]]

WAIVABLE = {"zookeeper-count", "kafka-count", "kafka-isr", "kafka-replication", "node-moved", "port-blocked"}


def test_only_these_can_be_accepted() -> None:
    assert {rule.id for rule in RULES.values() if rule.waivable} == WAIVABLE


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        ("zookeeper-count", {"zookeeper": {"zk1": "a"}}),
        ("kafka-count", {"kafka.kafka4": None}),
        ("kafka-isr", {"ordering.kafka.min_insync_replicas": 1}),
        ("kafka-replication", {"ordering.kafka.replication_factor": 4}),
    ],
)
def test_an_accepted_error_is_a_warning_with_the_reason(
    rule: str, settings: dict[str, object], change: Change, told: Told
) -> None:
    (before,) = told(change(settings))
    (after,) = told(change({**settings, f"accept.{rule}": "lab only"}))
    assert (before.severity, before.accepted) == (Severity.ERROR, None)
    assert (after.severity, after.accepted) == (Severity.WARNING, "lab only")
    assert after.rule == rule
    assert after.message == f"{before.message} (accepted: lab only)"
    assert after.fix == before.fix


def test_a_lab_of_one_broker_can_be_accepted_as_a_whole_but_for_its_seed(change: Change, told: Told) -> None:
    settings = {
        "kafka": {"kafka1": "a"},
        "ordering.kafka.replication_factor": 1,
        "ordering.kafka.min_insync_replicas": 1,
        "accept": {"kafka-count": "lab", "kafka-isr": "lab", "kafka-replication": "lab"},
    }
    errors = [finding.rule for finding in told(change(settings)) if finding.severity is Severity.ERROR]
    assert errors == ["kafka-seed-brokers"]


def test_no_zookeeper_at_all_cannot_be_accepted(change: Change, told: Told) -> None:
    (finding,) = told(change({"zookeeper": {}, "accept.zookeeper-count": "lab"}))
    assert (finding.severity, finding.accepted) == (Severity.ERROR, None)


def test_a_blank_reason_accepts_nothing(change: Change, told: Told) -> None:
    found = told(change({"kafka.kafka4": None, "accept.kafka-count": "  "}))
    assert [(one.rule, one.severity.value) for one in found] == [
        ("kafka-count", "error"),
        ("accept-unknown", "warning"),
    ]


def test_a_misspelt_rule_is_renamed_by_its_fix(change: Change, told: Told) -> None:
    document = change({"kafka.kafka4": None, "accept.kafka-cuont": "lab"})
    (fix,) = [finding.fix for finding in told(document) if finding.rule == "accept-unknown"]
    assert fix is not None
    (after,) = told(document.edit(fix.edits))
    assert (after.rule, after.accepted) == ("kafka-count", "lab")
