"""Fresh session files: their style, and that they say what the session says."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabwiz.session import examples
from fabwiz.session.data import dump, to_data
from fabwiz.session.document import Document
from fabwiz.session.model import HostSpec, Session
from fabwiz.session.scalars import Odd, quote, resolve, write

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _session(text: str) -> Session:
    document = Document.from_text(text)
    assert document.findings == ()
    assert document.session is not None
    return document.session


@pytest.mark.parametrize("name", examples.names())
def test_examples_dump_to_equal_sessions(name: str) -> None:
    session = _session(examples.text(name))
    assert _session(dump(session)) == session


def test_style_is_that_of_the_examples() -> None:
    dumped = dump(_session(examples.text("three-orgs-one-host")))
    written = examples.text("three-orgs-one-host")
    # all but comments, spelled-out defaults and the order of a channel's settings stands just so in the example
    same = set(dumped.splitlines()) & set(written.splitlines())
    assert len(same) >= 25
    assert "  Org1: {domain: org1.example.com, peers: {peer0: here, peer1: here}, anchors: [peer0]}" in same
    assert '    version: "1.0"' in same


def test_short_forms_and_defaults() -> None:
    session = _session(examples.text("four-lan-hosts")).model_copy(
        update={"hosts": {"a": HostSpec(address="203.0.113.1"), "b": HostSpec(transport="local"), "c": HostSpec()}}
    )
    assert "hosts:\n  a: 203.0.113.1\n  b: {transport: local}\n  c: {}\n" in dump(session)
    assert "tls" not in to_data(session)


def test_any_session_survives(sessions: st.SearchStrategy[Session]) -> None:
    @SLOW
    @given(sessions)
    def check(session: Session) -> None:
        text = dump(session)
        again = _session(text)
        assert json.dumps(to_data(again)) == json.dumps(to_data(session))
        assert again == session
        assert dump(again) == text
        assert yaml.safe_load(text) == to_data(session)  # any other reader sees the same

    check()


@given(st.text(max_size=30))
@settings(deadline=None)
def test_written_text_is_read_as_that_text(text: str) -> None:
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return
    assert yaml.safe_load(write(text)) == text
    assert yaml.safe_load(f"{{a: {write(text)}, {write(text)}: b}}") == {"a": text, text: "b"}
    assert yaml.safe_load(quote(text)) == text
    assert "\n" not in write(text)


ODD = [
    "no",
    "Yes",
    "on",
    "0777",
    "0o17",
    "0x1F",
    "1_000",
    "12:30",
    "1e3",
    ".5",
    "5.",
    "+1",
    "=",
    "2024-01-01",
    "1.40",
    "<<",
    ".inf",
]


@pytest.mark.parametrize("text", [*ODD, "9" * 40])
def test_what_readers_disagree_on_is_odd(text: str) -> None:
    assert resolve(text) == Odd(text, "")
    assert write(text) == f'"{text}"'


@pytest.mark.parametrize("text", ["98 MB", "~/.ssh/id_ed25519", "203.0.113.11", "mirror.example.com:5000", "a b", "2s"])
def test_common_words_need_no_quotes(text: str) -> None:
    assert resolve(text) == text
    assert write(text) == text
