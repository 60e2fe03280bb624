"""The list of all settings."""

from __future__ import annotations

import yaml

from fabwiz.editing.settings_list import settings_list
from fabwiz.session import examples


def test_every_general_setting_is_explained_with_default_and_unit() -> None:
    listed = settings_list()
    names = [one.name for one in listed]
    assert len(names) == len(set(names))
    assert {"tls", "ssh.user", "ordering.kafka.tls", "images.source", "logging.level", "timeouts.pull"} <= set(names)
    assert all(one.description and one.unit for one in listed)
    timeout = next(one for one in listed if one.name == "ordering.batch_timeout")
    assert (timeout.group, timeout.default, "duration" in timeout.unit) == ("Blocks", "2s", True)
    assert "batch-positive" in timeout.rules


def test_groups_stand_together() -> None:
    groups = [one.group for one in settings_list()]
    changes = [group for before, group in zip(["", *groups], groups, strict=False) if before != group]
    assert changes.count("SSH") == changes.count("Kafka") == changes.count("Blocks") == 1


def test_searching_takes_every_word_anywhere() -> None:
    found = [one.name for one in settings_list() if one.matches("kafka TLS")]
    assert found[0] == "ordering.kafka.tls"
    subject = {one.name for one in settings_list() if one.matches("batch-positive")}
    assert subject == {
        "ordering.batch_timeout",
        "ordering.max_message_count",
        "ordering.preferred_max_bytes",
    }
    assert not [one for one in settings_list() if one.matches("nothing of the kind")]


def test_values_are_the_sessions_own() -> None:
    data = yaml.safe_load(examples.text("three-orgs-one-host"))
    values = {one.name: one.value(data) for one in settings_list()}
    assert values["ordering.preferred_max_bytes"] == "512 KB"
    assert values["logging.level"] == ""
    assert all(one.value({"ordering": "broken"}) == "" for one in settings_list() if one.group == "Blocks")
