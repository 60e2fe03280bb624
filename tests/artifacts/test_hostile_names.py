"""Texts of a session are data wherever they go: compose files, variables, labels, paths."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fabwiz.artifacts.compose.file import compose_file
from fabwiz.artifacts.compose.writer import compose_text
from fabwiz.remote.connection import BundleFile
from fabwiz.remote.rehearsal.engine.interpolation import interpolate
from fabwiz.remote.transfer import _checked
from fabwiz.rules import check
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from tests.fuzzing import FUZZ

ATTACKS = st.sampled_from(
    [
        "$(id)", "${HOME}", "$HOME", "$$", "`id`", '"; id; "', "'; id; '", "a\nb: c", "a\r\nprivileged: true", "- x",
        "*a", "&a", "!!python/object:x", "{{.}}", "%s", "../../x", "/etc/passwd", "-rf", "--privileged", "a\0b",
        "a\x85b", "a\u2028b", "\x1b]0;x\x07", "\u202e", "yes", "~", "1e3", "0o7", "", " ", "#", "[red]", "\\", "\\n",
        "é", "😀", "\ufeff",
    ]
)  # fmt: skip
TEXTS = ATTACKS | st.text(max_size=30) | st.builds(lambda one, two: one + two, ATTACKS, ATTACKS)
SESSION: dict[str, Any] = {
    "fabwiz": 1,
    "name": "net",
    "fabric": "1.4.12",
    "hosts": {"a": "192.0.2.1", "b": "192.0.2.2"},
    "zookeeper": {"zk1": "a"},
    "kafka": {"kafka1": "a"},
    "orderers": {"orderer1": "a"},
    "organizations": {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "a", "peer1": "b"}}},
}


def read(text: str) -> Any:
    """As compose reads it."""
    return interpolate(yaml.safe_load(text), {"HOME": "/root"}, "test")


@FUZZ
@given(st.dictionaries(TEXTS, TEXTS, max_size=4), st.lists(TEXTS, max_size=3))
@example({"A": "a\x85b\u2028c"}, ["a\ud800b"])
def test_fuzz_what_is_written_is_what_compose_reads(variables: dict[str, str], words: list[str]) -> None:
    text = compose_text({"environment": variables, "command": words}, "comment")
    assert yaml.safe_load(text)["environment"].keys() == variables.keys()
    found = read(text)
    assert found == {"environment": variables, "command": words}


@settings(FUZZ, max_examples=max(FUZZ.max_examples // 4, 25))
@given(TEXTS)
def test_fuzz_a_setting_stays_a_setting(word: str) -> None:
    plain = read(compose_file(Network(Session.model_validate(SESSION | {"logging": {"level": "INFO"}})), "a"))
    hostile = read(compose_file(Network(Session.model_validate(SESSION | {"logging": {"level": word}})), "a"))
    values: set[str] = set()

    def compare(one: Any, other: Any) -> None:
        assert type(one) is type(other)
        if isinstance(one, dict):
            assert one.keys() == other.keys()
            for key in one:
                compare(one[key], other[key])
        elif isinstance(one, list):
            assert len(one) == len(other)
            for left, right in zip(one, other, strict=True):
                compare(left, right)
        elif one != other:
            values.add(other)

    compare(plain, hostile)
    assert word == "INFO" or any(word in value for value in values)


def named(kind: str, word: str) -> dict[str, Any]:
    """The session with a word for a name."""
    org = SESSION["organizations"]["Org1"]
    match kind:
        case "name" | "domain" | "remote_dir" | "system_channel":
            return SESSION | {kind: word}
        case "hosts":
            return SESSION | {"hosts": SESSION["hosts"] | {word: "192.0.2.9"}}
        case "zookeeper" | "kafka" | "orderers":
            return SESSION | {kind: SESSION[kind] | {word: "a"}}
        case "organizations":
            return SESSION | {"organizations": {word: org}}
        case "org-domain":
            return SESSION | {"organizations": {"Org1": org | {"domain": word}}}
        case "msp_id":
            return SESSION | {"organizations": {"Org1": org | {"msp_id": word}}}
        case "peers":
            return SESSION | {"organizations": {"Org1": org | {"peers": {word: "a"}}}}
        case "channels":
            return SESSION | {"channels": {word: {"organizations": ["Org1"]}}}
        case "address":
            return SESSION | {"hosts": {"a": word, "b": "192.0.2.2"}}
        case "registry":
            return SESSION | {"images": {"registry": word}}
    raise AssertionError(kind)


KINDS = (
    "name", "domain", "remote_dir", "system_channel", "hosts", "zookeeper", "kafka", "orderers", "organizations",
    "org-domain", "msp_id", "peers", "channels", "address",
)  # fmt: skip
HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]*")


@pytest.mark.parametrize("kind", KINDS)
def test_fuzz_a_name_that_no_rule_refuses_is_harmless(kind: str) -> None:
    """Names become paths, words of commands, labels and parts of logs: rules are the gate for all of that."""

    @FUZZ
    @given(TEXTS)
    def judged(word: str) -> None:
        try:
            session = Session.model_validate(named(kind, word))
        except ValueError:
            return
        if any(finding.blocks for finding in check(Network(session))):
            return
        if kind == "remote_dir":
            assert word.startswith("/")
            assert word.isprintable()
            assert ".." not in word.split("/")
        else:
            assert HARMLESS.fullmatch(word), repr(word)

    judged()


@FUZZ
@given(TEXTS | st.builds("/".join, st.lists(TEXTS, max_size=4)))
def test_fuzz_paths_of_a_bundle_stay_in_it(path: str) -> None:
    try:
        _checked([BundleFile(path, 0o600, "0" * 64)])
    except ValueError:
        return
    parts = path.split("/")
    assert not path.startswith("/")
    assert all(part not in ("", ".", "..") for part in parts)
    assert path.isprintable()
