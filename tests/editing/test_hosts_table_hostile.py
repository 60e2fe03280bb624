"""Texts that nobody means well with: no failure, nothing that steers a terminal, a bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabwiz.editing.hosts_table import Table, host_edits, node_edits, read_table

SIGNS = ("|", "---", ",", ";", "\t", "\n", " ", "@", ":", "://", "/24", '"', "'", "—", "\x1b[31m", "#")
WORDS = ("[kafka]", "[x:children]", "[all:vars]", "[1:9]", "ansible_host=", "name", "ip", "password", "kafka1", "Org1")
PIECES = st.sampled_from((*SIGNS, *WORDS, "198.51.100.1", "2001:db8::1"))


def all_text(table: Table) -> str:
    return repr((table, host_edits(table), node_edits(table)))


@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=60).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_table(text: str) -> None:
    table = read_table(text)

    for row in table.usable:
        assert row.name
        assert row.address
    assert len({row.name for row in table.usable}) == len(table.usable)
    assert all(edit.value for edit in host_edits(table))
    assert node_edits(table) == node_edits(table)


def test_control_characters_are_left_out() -> None:
    table = read_table("name,ip\n\x1b[2Ja\u202e,198.51.100.1\x00\nb\u200b,198.51.100.2\n")

    assert [(row.name, row.address) for row in table.usable] == [("a", "198.51.100.1"), ("b", "198.51.100.2")]
    assert "left out: 4 characters that cannot be seen" in table.notes


TEXTS = {
    "lines": "198.51.100.1 x\n" * 70_000,
    "empty lines": "\n" * 1_000_000,
    "one line": "a" * 1_000_000,
    "commas": "," * 1_000_000,
    "bars": "|" * 500_000 + "\n" + "-|" * 200_000,
    "quotes": 'a,"' * 300_000,
    "brackets": "[1:9]" * 200_000,
    "settings": "a " + "ansible_host=" * 70_000,
    "groups": "".join(f"[g{n}:children]\ng{n + 1}\n" for n in range(40_000)),
    "hosts in groups": "".join(f"[g{n}]\nh[1:999]\n" for n in range(40_000)),
    "one name": "name,ip\n" + "".join(f"a,2001:db8::{n:x}\n" for n in range(50_000)),
    "blanks": "name ip\n" + (" " * 4000 + "x\n") * 200,
    "equals": "[a:vars]\n" + ("x" + " " * 4000 + "=\n") * 200,
    "proxies": "[a:vars]\n" + ("ansible_ssh_args=" + "ssh " * 1000 + "\n") * 200,
    "logins": ("x@" * 2000 + "\n") * 200,
    "too large": "a\n" * 600_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_large_texts_end_soon(text: str) -> None:
    started = time.process_time()
    table = read_table(text)
    all_text(table)

    # a generous bound: most take less than a tenth of it, and what is not bounded takes minutes
    assert time.process_time() - started < 10
    assert len(table.rows) <= 2000


def test_what_was_not_read_is_told() -> None:
    assert "only the first 2,000 rows are read" in read_table("198.51.100.1 x\n" * 3000).notes
    assert "the text has 1,200,000 characters" in read_table("a\n" * 600_000).notes[0]
    assert "the line has 5000 characters" in read_table("198.51.100.1\n" + "x" * 5000).rows[1].problems[0].message


@pytest.mark.parametrize(
    ("word", "count"), [("h[1:100000]", "100,000"), ("h[1:999][1:999]", "998,001"), ("h[5:1]", "0"), ("h[a:9]", "0")]
)
def test_ranges_of_too_many_hosts_or_none(word: str, count: str) -> None:
    row = read_table(f"[all]\n{word}\n").rows[0]

    assert not row.usable
    assert f"the range stands for {count} hosts" in row.problems[0].message


def test_ranges() -> None:
    table = read_table("[all]\nk[08:12:2]-[a:b] ansible_user=root\n")

    assert [row.name for row in table.rows] == ["k08-a", "k08-b", "k10-a", "k10-b", "k12-a", "k12-b"]
