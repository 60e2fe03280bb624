"""The JSON Schema takes what the loader takes and refuses what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fabwiz.session import examples
from fabwiz.session.data import to_data
from fabwiz.session.document import Document
from fabwiz.session.model import Session
from fabwiz.session.reference import settings_reference, settings_table
from fabwiz.session.schema import json_schema

VALIDATOR = Draft202012Validator(json_schema())


def _errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", examples.names())
def test_examples_are_valid(name: str) -> None:
    assert _errors(examples.text(name)) == []


def test_any_session_is_valid(sessions: st.SearchStrategy[Session]) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sessions)
    def check(session: Session) -> None:
        assert list(VALIDATOR.iter_errors(to_data(session))) == []

    check()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fabwiz: 1", "fabwiz: 2"),
        ("fabwiz: 1\n", ""),
        ("user: root", "usr: root"),
        ("user: root", "password: hunter2"),
        ("user: root", "port: 70000"),
        ('"1.4.0"', "1.4"),
        ('version: "1.0"', "version: 1.0"),
        ('"100", b', "100, b"),
        ("a: 203.0.113.11", "a: 5"),
        ("a: 203.0.113.11", "a: {adress: x}"),
        ("language: golang", "language: cobol"),
        ("anchors: [peer0]", "anchors: peer0"),
        ("fabwiz: 1\n", "fabwiz: 1\nordering: {batch_timeout: 2}\n"),
        ("fabwiz: 1\n", "fabwiz: 1\nordering: {batch_timeout: 2 weeks}\n"),
        ("fabwiz: 1\n", "fabwiz: 1\nordering: {absolute_max_bytes: lots}\n"),
    ],
)
def test_broken_sessions_are_not(four_hosts: str, old: str, new: str) -> None:
    assert old in four_hosts
    broken = four_hosts.replace(old, new, 1)
    assert _errors(broken)
    assert Document.from_text(broken).session is None


def test_short_and_long_forms_both_are_valid(four_hosts: str) -> None:
    assert _errors(four_hosts.replace("zk1: a", "zk1: {host: a, id: 3}").replace("b: 203", "b: 203")) == []


def _properties(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [prop for part in [schema, *schema["$defs"].values()] for prop in part.get("properties", {}).values()]


def test_every_setting_is_described_and_defaults_stand_as_written() -> None:
    schema = json_schema()
    assert all(prop.get("description") for prop in _properties(schema))
    ordering = schema["$defs"]["Ordering"]["properties"]
    assert ordering["absolute_max_bytes"]["default"] == "98 MB"
    assert ordering["batch_timeout"]["default"] == "2s"
    assert schema["$defs"]["ChaincodeSpec"]["properties"]["init"]["default"] == ["init"]


def test_reference_names_every_setting_once() -> None:
    rows = {setting.path: setting for setting in settings_reference()}
    assert len(rows) == len(settings_reference())
    assert rows["ordering.absolute_max_bytes"][1:3] == ("size", "98 MB")
    assert rows["hosts.<name>.ssh.jump"].type == "text"
    assert rows["fabric"].default == "required"
    assert rows["organizations.<name>.peers.<name>.tools"].default == "false"
    assert rows["chaincodes.<name>.check[].expect"].default == ""
    assert all(setting.description for setting in rows.values())


def test_table_has_a_row_for_each_setting() -> None:
    lines = settings_table().splitlines()
    assert len(lines) == len(settings_reference()) + 2
    assert "| `zookeeper` | names, each with settings, or its host | required | the ZooKeeper ensemble |" in lines
    assert all(line.replace("\\|", "").count("|") == 5 for line in lines)


def test_unknown_example_is_refused_by_name() -> None:
    assert "four-lan-hosts" in examples.names()
    with pytest.raises(KeyError, match="four-lan-hosts"):
        examples.text("../four-lan-hosts")
