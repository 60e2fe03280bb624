"""Nothing that a host prints steers a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabwiz.remote.sanitize import MAX_LINE, Cleaner, Lines, clean

FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
NASTY = st.text(st.sampled_from("\x1b[]P\\()#0;1m?AZ az\x07\x08\x9b\x9c\x9d\x90\r\n\t\x18€\u202e")) | st.text()


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("plain text\tand ümläute €", "plain text\tand ümläute €"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\dcs", "dcs"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x9cafter", "after"),
        ("\x1b(0lqqk\x1b(B", "lqqk"),
        ("over\x08\x08\x08\x08written", "overwritten"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("gpj.\u202egpj.exe", "gpj.gpj.exe"),
        ("\x1b[\x1b[0m31m", "31m"),
        ("\x1b]an introducer without an end\nnext", "an introducer without an end\nnext"),
        ("\x1bc\x1b7\x00\x07\x7f", ""),
    ],
)
def test_clean(printed: str, shown: str) -> None:
    assert clean(printed) == shown


@given(NASTY)
def test_nothing_harmful_is_left_and_nothing_new_arises(text: str) -> None:
    cleaned = clean(text)
    assert not FORBIDDEN.search(cleaned)
    assert clean(cleaned) == cleaned


@given(st.lists(NASTY))
def test_pieces_give_what_the_whole_gives(pieces: list[str]) -> None:
    cleaner = Cleaner()
    assert "".join([*map(cleaner.feed, pieces), cleaner.flush()]) == clean("".join(pieces))


def test_a_sequence_without_end_is_not_held_for_ever() -> None:
    cleaner = Cleaner()
    shown = cleaner.feed("\x1b]") + "".join(cleaner.feed("x" * 100) for _ in range(100))
    assert len(shown) > 5000


@given(st.lists(st.binary()))
def test_lines_of_any_bytes(pieces: list[bytes]) -> None:
    lines = Lines()
    found = [line for piece in pieces for line in lines.feed(piece)] + lines.flush()
    text = clean(b"".join(pieces).decode("utf-8", "replace"))
    assert found == text.removesuffix("\n").split("\n")[: len(found)]
    assert "".join(found) == text.replace("\n", "")


def test_a_character_and_a_sequence_may_be_cut_between_pieces() -> None:
    lines = Lines()
    assert lines.feed("€ \x1b[3".encode()[:2]) == []
    assert lines.feed("€ \x1b[3".encode()[2:]) == []
    assert lines.feed(b"1mred\r") == []
    assert lines.feed(b"\nnext") == ["€ red"]
    assert lines.flush() == ["next"]


def test_a_line_has_a_bounded_length() -> None:
    lines = Lines()
    for _ in range(100):
        assert lines.feed(b"x" * 10_000) == []
    (line,) = lines.feed(b"\n")
    assert len(line) < MAX_LINE + 20
    assert line.endswith("(line cut)")
    assert lines.feed(b"short\n") == ["short"]


def test_a_line_of_a_log_cannot_pass_for_two() -> None:
    """Otherwise a container could speak in the name of another: a line's beginning says whose it is."""
    printed = "me said\rkafka1 2026\u2028kafka1 2026\x85kafka1 2026\x0bkafka1\r\nme again\r\n".encode()
    for cut in range(len(printed)):
        lines = Lines(only_feeds=True)
        found = lines.feed(printed[:cut]) + lines.feed(printed[cut:]) + lines.flush()
        assert [line.split(" ")[0] for line in found] == ["me", "me"]
