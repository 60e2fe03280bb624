"""Whatever the bytes: findings or a session, never an exception."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.load import load
from tests.fuzzing import FUZZ

YAML = "[]{}:,-#&*!|>'\"%@`?~<=\n\t \r\0\ufeff\u2028 019azé"


def _is_sound(document: Document) -> None:
    assert (document.session is None) == any(finding.blocks for finding in document.findings)
    for finding in document.findings:
        assert finding.line is not None
        assert finding.line >= 1
        assert finding.column is not None
        assert finding.column >= 1
        assert finding.message.isprintable()
        assert finding.dotted.isprintable()
    if document.session is not None:
        assert document.network is not None
        assert document.update(document.session).text == document.text


def test_random_bytes(tmp_path: Path) -> None:
    file = tmp_path / "session.yaml"

    @FUZZ
    @given(st.binary(max_size=400))
    @example(b"\xef\xbb\xbf")
    @example(b"a: \xc2\x85b")
    def check(content: bytes) -> None:
        file.write_bytes(content)
        _is_sound(load(file))

    check()


@FUZZ
@given(st.text(st.sampled_from(YAML), max_size=80))
def test_random_yaml(text: str) -> None:
    _is_sound(Document.from_text(text))


@FUZZ
@given(
    st.sampled_from(examples.names()),
    st.lists(
        st.tuples(st.integers(0, 2000), st.integers(0, 30), st.text(st.sampled_from(YAML), max_size=6)), max_size=4
    ),
)
def test_mutated_sessions(name: str, mutations: list[tuple[int, int, str]]) -> None:
    text = examples.text(name)
    for place, length, new in mutations:
        text = text[:place] + new + text[place + length :]
    document = Document.from_text(text)
    _is_sound(document)
    for finding in document.findings:
        if finding.fix is not None:
            _is_sound(document.edit(finding.fix.edits))
