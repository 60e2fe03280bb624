"""What is wrong with a file as a file, and how large or deep one may be."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fabwiz.session.document import Document
from fabwiz.session.edits import EditError
from fabwiz.session.findings import Edit
from fabwiz.session.load import load


def _refused(path: Path) -> str:
    document = load(path)
    assert [(f.rule, f.file) for f in document.findings] == [(document.findings[0].rule, str(path))]
    assert document.session is None
    assert document.findings[0].line is not None
    with pytest.raises(EditError):
        document.edit([Edit(("name",), "x")])
    with pytest.raises(EditError):
        document.save()
    return f"{document.findings[0].rule}: {document.findings[0].message}"


def test_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in _refused(tmp_path / "none.yaml")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in _refused(tmp_path)


def test_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot be read" in _refused(tmp_path / "file" / "session.yaml")


def test_impossible_name() -> None:
    assert "NUL" in _refused(Path("a\0b"))


def test_pipe_without_a_writer_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in _refused(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").touch(mode=0)
    assert "owner and mode" in _refused(tmp_path / "s.yaml")


def test_huge_file(tmp_path: Path) -> None:
    with (tmp_path / "s.yaml").open("wb") as file:
        file.truncate(1 << 40)  # sparse
    assert "larger than 4 MB" in _refused(tmp_path / "s.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"fabwiz: 1\nname: \xff\xfe", "0xff stands here: the file is not UTF-8"),
        ("fabwiz: 1\n".encode("utf-16"), "UTF-16"),
        (bytes(range(128, 256)), "not UTF-8"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    assert words in _refused(tmp_path / "s.yaml")


def test_position_of_a_wrong_byte(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes("fabwiz: 1\nname: ü".encode() + b"\xff")
    (finding,) = load(tmp_path / "s.yaml").findings
    assert (finding.line, finding.column) == (2, 8)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("---\n...\n", "a single value"),
        ("- a\n- b\n", "a list"),
        ("just words", "a single value"),
    ],
)
def test_no_mapping(text: str, words: str) -> None:
    (finding,) = Document.from_text(text).findings
    assert finding.rule == "session-file"
    assert words in finding.message


BOMBS = {
    "brackets": "[" * 3000,
    "braces": "{a: " * 3000,
    "brackets over lines": "hosts:\n" + "[\n" * 3000,
    "blocks": "".join(f"{' ' * depth}a:\n" for depth in range(1500)),
    "dashes": "- " * 3000,
    "question marks": "? " * 3000,
    "laughs": "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(60)),
    "many values": "a: [" + "x, " * 150_000 + "]",
    "many keys": "".join(f"k{i}: v\n" for i in range(99_000)),
    "long key": "k" * 100_000 + ": v",
    "long word": "a: " + "x" * 3_000_000,
    "long number": "fabwiz: " + "9" * 100_000,
    "number like a date": "name: " + "1:" * 50_000 + "1",
    "anchors": "".join(f"k{i}: &a{i} v\n" for i in range(30_000)),
    "quotes": 'a: "' + "\\u0041" * 200_000 + '"',
    "surrogate": "name: \ud800",
    "sizes": "ordering: {absolute_max_bytes: " + "9" * 400 + " GB}",
    "durations": "ordering: {batch_timeout: " + "9" * 70 + "h}",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_end_in_findings_within_time(bomb: str) -> None:
    began = time.process_time()
    document = Document.from_text(BOMBS[bomb])
    assert document.findings
    assert document.session is None
    assert all(len(finding.message) < 1000 for finding in document.findings)
    assert time.process_time() - began < 10  # generous: a slow machine under load


def test_five_hundred_hosts_are_no_burden() -> None:
    hosts = "".join(f"  h{i}: 203.0.113.{i % 250 + 1}\n" for i in range(500))
    peers = "".join(f"      peer{p}: {{host: h{p}, couchdb: true}}\n" for p in range(30))
    organizations = "".join(f"  Org{o}:\n    domain: org{o}.example.com\n    peers:\n{peers}" for o in range(50))
    text = (
        f'fabwiz: 1\nname: big\nfabric: "1.4.12"\nhosts:\n{hosts}zookeeper: {{zk1: h0}}\nkafka: {{kafka1: h1}}\n'
        f"orderers: {{orderer1: h2}}\norganizations:\n{organizations}"
    )
    began = time.process_time()
    document = Document.from_text(text)
    assert time.process_time() - began < 5
    assert document.findings == ()
    assert document.network is not None
    assert len(document.network.nodes) == 3003


def test_byte_order_mark_and_windows_lines(four_hosts: str, tmp_path: Path) -> None:
    content = ("\ufeff" + four_hosts).replace("\n", "\r\n").encode()
    (tmp_path / "s.yaml").write_bytes(content)
    document = load(tmp_path / "s.yaml")
    assert document.findings == ()
    document.save()
    assert (tmp_path / "s.yaml").read_bytes() == content
    edited = document.edit([Edit(("ordering", "max_message_count"), 20), Edit(("name",), "lan5")])
    assert edited.findings == ()
    assert "\n" not in edited.text.replace("\r\n", "")
    assert "name: lan5\r\n" in edited.text
