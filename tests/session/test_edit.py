"""Edits of hand-written files: what changes, and that nothing else does."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabwiz.session.data import dump
from fabwiz.session.document import Document
from fabwiz.session.edits import EditError, edited, same
from fabwiz.session.findings import Edit
from fabwiz.session.load import load
from fabwiz.session.model import HostSpec, Session
from fabwiz.session.shape import ROOT
from fabwiz.session.tree import parse, plain

BY_HAND = """\
# our lab, third floor
fabwiz: 1

name:   lab        # do not rename
fabric: '1.4.0'
ssh: { user: root,   key: ~/.ssh/id }   # everywhere
hosts:             # in the order of the rack
    # top
    a:  203.0.113.11   # the old one
    b: {address: 203.0.113.12,   # the new one
        ssh: {port: 2222}}
    # bottom
    c:
      address: 203.0.113.13
      # by hand
      ssh:
        port: 22
zookeeper: {
  zk1: a,  # first
  zk2: b,  # second
  zk3: c,  # third
}
kafka: {kafka1: a, kafka2: b, kafka3: c,
        kafka4: a}
orderers:
- this is not a mapping
organizations:
  Org1: {domain: org1.example.com, peers: {peer0: a}, anchors: [peer0]}

  # the others
  "Org2":
    domain: >-
      org2.example.com
    peers: {}
    anchors:
    # none yet
    - peer0   # maybe
    -   peer1
channels:
chaincodes:
  mycc:
    version: "1.0"
    path: x
    channels: []
    check:
    - query: [a]   # ask
      expect: "1"
    # and tell
    - {invoke: [b]}
# the end
"""


def _changes(old: str, edits: list[Edit]) -> list[str]:
    """The changed lines: `-` of the old text, `+` of the new."""
    document = Document.from_text(old)
    changed = document.edit(edits)
    wanted = plain(document.tree)
    for edit in edits:
        wanted = edited(wanted, edit)
    assert same(plain(changed.tree), wanted, ROOT)
    return _difference(old, changed.text)


def _difference(old: str, new: str) -> list[str]:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
    return [f"{line[0]} {line[1:]}" for line in lines if not line.startswith("@@")]


CASES: dict[str, tuple[Edit, list[str]]] = {
    "value": (Edit(("name",), "lab2"), [
        "- name:   lab        # do not rename", "+ name:   lab2        # do not rename"]),
    "quotes stay": (Edit(("fabric",), "1.4.12"), ["- fabric: '1.4.0'", "+ fabric: '1.4.12'"]),
    "in braces": (Edit(("ssh", "user"), "me"), [
        "- ssh: { user: root,   key: ~/.ssh/id }   # everywhere",
        "+ ssh: { user: me,   key: ~/.ssh/id }   # everywhere"]),
    "into braces": (Edit(("ssh", "port"), 22), [
        "- ssh: { user: root,   key: ~/.ssh/id }   # everywhere",
        "+ ssh: { user: root, port: 22,   key: ~/.ssh/id }   # everywhere"]),
    "short form grows": (Edit(("hosts", "a", "transport"), "local"), [
        "-     a:  203.0.113.11   # the old one",
        "+     a:  {address: 203.0.113.11, transport: local}   # the old one"]),
    "short form stays": (Edit(("hosts", "a", "address"), "203.0.113.9"), [
        "-     a:  203.0.113.11   # the old one", "+     a:  203.0.113.9   # the old one"]),
    "new host": (Edit(("hosts", "d"), "203.0.113.14"), ["+     d: 203.0.113.14"]),
    "removed host": (Edit(("hosts", "a"), None), ["-     a:  203.0.113.11   # the old one"]),
    "new setting in its place": (Edit(("domain",), "example.org"), ["+ domain: example.org"]),
    "new section": (Edit(("ordering", "kafka", "tls"), True), ["+ ordering:", "+   kafka: {tls: true}"]),
    "line of braces": (Edit(("zookeeper", "zk4"), "a"), ["+   zk4: a,"]),
    "line of braces goes": (Edit(("zookeeper", "zk2"), None), ["-   zk2: b,  # second"]),
    "last line of braces goes": (Edit(("zookeeper", "zk3"), None), ["-   zk3: c,  # third"]),
    "in a wrapped line": (Edit(("kafka", "kafka3"), None), [
        "- kafka: {kafka1: a, kafka2: b, kafka3: c,", "-         kafka4: a}",
        "+ kafka: {kafka1: a, kafka2: b, kafka4: a}"]),
    "list to mapping": (Edit(("orderers",), {"o1": "a"}), [
        "- orderers:", "- - this is not a mapping", "+ orderers: {o1: a}"]),
    "folded text": (Edit(("organizations", "Org2", "domain"), "org3.example.com"), [
        "-     domain: >-", "-       org2.example.com", "+     domain: org3.example.com"]),
    "quoted key": (Edit(("organizations", "Org2"), key="Org3"), ['-   "Org2":', "+   Org3:"]),
    "list item": (Edit(("organizations", "Org2", "anchors", 0), "peer9"), [
        "-     - peer0   # maybe", "+     - peer9   # maybe"]),
    "list item goes": (Edit(("organizations", "Org2", "anchors", 0), None), ["-     - peer0   # maybe"]),
    "list grows": (Edit(("organizations", "Org2", "anchors", 2), "peer2"), ["+     - peer2"]),
    "longer list": (Edit(("organizations", "Org2", "anchors"), ["new", "peer0", "peer1"]), ["+     - new"]),
    "empty section": (Edit(("channels", "ch", "organizations"), ["Org1"]), ["+   ch: {organizations: [Org1]}"]),
    "first of a dash": (Edit(("chaincodes", "mycc", "check", 0, "query"), None), [
        "-     - query: [a]   # ask", '-       expect: "1"', '+     - expect: "1"']),
    "last of a mapping": (Edit(("hosts", "c", "ssh", "port"), None), [
        "-       ssh:", "-         port: 22", "+       ssh: {}"]),
    "behind a dash": (Edit(("chaincodes", "mycc", "check", 0, "channel"), "ch"), ["+       channel: ch"]),
    "all of a block": (Edit(("hosts", "c"), "203.0.113.9"), [
        "-     c:", "-       address: 203.0.113.13", "-       # by hand", "-       ssh:", "-         port: 22",
        "+     c: 203.0.113.9"]),
    "nothing new": (Edit(("kafka", "kafka1"), "a"), []),
    "nothing to remove": (Edit(("kafka", "kafka9"), None), []),
    "nothing below to remove": (Edit(("timeouts", "pull"), None), []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_only_what_is_meant_changes(case: str) -> None:
    edit, lines = CASES[case]
    changed = _changes(BY_HAND, [edit])
    assert changed == lines


def test_reordered_names_take_their_comments_along() -> None:
    text = "hosts:\n  a: x  # one\n  # between\n  b: y  # two\nkafka: {k1: a, k2: b, k3: c}\n"
    document = Document.from_text(text).edit(
        [Edit(("hosts",), {"b": "y", "a": "x"}), Edit(("kafka",), {"k3": "c", "k1": "a"})]
    )
    assert document.text == "hosts:\n  b: y  # two\n  # between\n  a: x  # one\nkafka: {k3: c, k1: a}\n"


def test_braces_that_grow_too_long_become_lines() -> None:
    document = Document.from_text("kafka: {kafka1: a}\nname: x\n")
    grown = document.edit([Edit(("kafka", f"kafka{n}"), "a") for n in range(2, 20)])
    lines = grown.text.splitlines()
    assert lines[0] == "kafka:"
    assert lines[1:20] == [f"  kafka{n}: a" for n in range(1, 20)]
    assert lines[20] == "name: x"


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("name", "below"), 1),
        Edit(("hosts", 0), "a"),
        Edit(("organizations", "Org2", "anchors", 7), "x"),
        Edit(("organizations", "Org2", "anchors", -1), "x"),
        Edit(("kafka", "kafka9"), key="kafka1"),
        Edit(("kafka", "kafka2"), key="kafka1"),
        Edit((), key="x"),
        Edit(("organizations", "Org2", "anchors", 0), key="x"),
    ],
)
def test_edits_that_do_not_fit_are_refused(edit: Edit) -> None:
    with pytest.raises(EditError):
        Document.from_text(BY_HAND).edit([edit])


def test_text_that_is_no_yaml_cannot_be_edited() -> None:
    with pytest.raises(EditError, match="before it can be read"):
        Document.from_text("[").edit([Edit(("name",), "x")])


@pytest.mark.parametrize(
    "text", ["", "# only this\n", "# no line end", "---\n", "--- {}\n", "{}", "? name\n: y\n", "\ufeff{}\n"]
)
def test_odd_files_take_edits(text: str) -> None:
    changed = Document.from_text(text).edit([Edit(("name",), "x"), Edit(("hosts", "a"), "203.0.113.1")])
    assert plain(changed.tree) == {"name": "x", "hosts": {"a": "203.0.113.1"}}
    assert ("# only this" in text) == ("# only this" in changed.text)


def test_duplicate_keys_are_settled_by_a_rewrite() -> None:
    changed = Document.from_text("name: a\nname: b\ndomain: c\n").edit([Edit(("domain",), "d")])
    assert plain(changed.tree) == {"name": "b", "domain": "d"}


def _paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        found += _paths(value, (*path, key))
    return found


def test_any_edit_of_any_layout_says_what_it_means(texts: st.SearchStrategy[str]) -> None:
    leaves = st.one_of(texts, st.integers(-5, 10**6), st.booleans())
    values = st.recursive(
        leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=6
    )
    paths = _paths(plain(parse(BY_HAND)))[1:]

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(paths), st.none() | texts, st.none() | values), min_size=1, max_size=4))
    def check(drawn: list[tuple[tuple[str | int, ...], str | None, Any]]) -> None:
        document = Document.from_text(BY_HAND)
        for path, below, value in drawn:
            edit = Edit(path if below is None else (*path, below), value)
            try:
                wanted = edited(plain(document.tree), edit)
            except EditError:
                continue
            before, document = document, document.edit([edit])
            assert same(plain(document.tree), wanted, ROOT)
            assert document.edit([edit]).text == document.text or value is None
            if "# our lab, third floor" in before.text:
                assert "# our lab, third floor" in document.text

    check()


def test_save_load_save_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    Document.from_text(BY_HAND).edit([Edit(("name",), "ü")]).save(first)
    load(first).save(second)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o777 == 0o600


def test_save_keeps_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("old")
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    Document.from_text("name: x\n", tmp_path / "link.yaml").save()
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "name: x\n"


@pytest.mark.parametrize("name", ["lan4.yaml", "[all] hosts?.yaml", "сеть" * 30 + ".yaml"])
def test_save_removes_what_a_killed_one_left_but_not_what_is_being_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    short = path.name.encode()[:200].decode(errors="surrogateescape")
    left, written, other = (tmp_path / f".{one}.0123456789a{n}.tmp" for n, one in enumerate((short, short, "other")))
    for one in (left, written, other):
        one.write_text("half of")
    for one in (left, other):
        os.utime(one, (0, 0))

    Document.from_text("fabwiz: 1\n", path).save()

    assert sorted(tmp_path.iterdir()) == sorted([path, written, other])
    assert path.read_text() == "fabwiz: 1\n"


def test_save_needs_a_place() -> None:
    with pytest.raises(EditError, match="where to save"):
        Document.from_text("name: x\n").save()


def test_update_changes_only_what_differs(four_hosts: str) -> None:
    text = four_hosts.replace("domain: example.com\n", "domain: example.com  # spelled out\n", 1)
    text += "ordering: {absolute_max_bytes: 98 mb, max_message_count: 10}  # as it is\n"
    document = Document.from_text(text)
    assert document.session is not None
    hosts = {**document.session.hosts, "a": HostSpec(address="203.0.113.9"), "e": HostSpec(address="203.0.113.15")}
    ordering = document.session.ordering.model_copy(update={"batch_timeout": 3.0})
    updated = document.update(document.session.model_copy(update={"hosts": hosts, "ordering": ordering, "tls": False}))
    assert _difference(text, updated.text) == [
        "+ tls: false",
        "-   a: 203.0.113.11",
        "+   a: 203.0.113.9",
        "+   e: 203.0.113.15",
        "- ordering: {absolute_max_bytes: 98 mb, max_message_count: 10}  # as it is",
        "+ ordering: {batch_timeout: 3s, absolute_max_bytes: 98 mb, max_message_count: 10}  # as it is",
    ]
    assert updated.session is not None
    assert document.update(document.session) is document


def test_update_to_any_session_says_that_session(four_hosts: str, sessions: st.SearchStrategy[Session]) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sessions, sessions)
    def check(one: Session, other: Session) -> None:
        for document in (
            Document.from_text(four_hosts),
            Document.from_text(dump(one)),
            Document.from_text("nonsense: 1"),
        ):
            updated = document.update(other)
            assert updated.findings == ()
            assert updated.session is not None
            assert dump(updated.session) == dump(other)
            assert Document.from_text(updated.text).update(other).text == updated.text

    check()


def test_quotes_go_with_the_value_that_needed_them() -> None:
    typed = Document.from_text('hosts:\n  a: "203"  # ours\n  b: "203.0.113.12"\n')
    edited = typed.edit([Edit(("hosts", "a"), "203.0.113.11"), Edit(("hosts", "b"), "203.0.113.13")])
    assert edited.text == 'hosts:\n  a: 203.0.113.11  # ours\n  b: "203.0.113.13"\n'
