"""Sizes and durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabwiz.session.units import format_duration, format_size, go_duration, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("98 MB", 98 << 20),
        ("512KB", 512 << 10),
        ("1 g", 1 << 30),
        ("1.5 MB", 1536 << 10),
        (0, 0),
        ("7", 7),
        ("99 MiB", 99 << 20),
    ],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("wrong", ["", "MB", "-1 MB", -1, True, None, 1.5, "1 TB", "9" * 400, 1 << 63, [], "1 MB MB"])
def test_no_sizes(wrong: object) -> None:
    with pytest.raises(ValueError, match="no size"):
        parse_size(wrong)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2s", 2), ("1h30m", 5400), ("500ms", 0.5), ("0", 0), ("1.5h", 5400), ("10 m", 600), ("12h", 43200)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("wrong", ["", "2", 2, 2.0, True, None, "2 weeks", "-2s", "9" * 60 + "h", "s", [], "2s!"])
def test_no_durations(wrong: object) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(wrong)


@given(st.integers(0, (1 << 63) - 1))
def test_written_sizes_are_read_as_they_were(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.one_of(st.integers(0, 10**15), st.integers(0, 10**9).map(lambda n: n * 10**9)))
def test_written_durations_are_read_as_they_were(nanoseconds: int) -> None:
    seconds = nanoseconds / 1e9
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(2, "2s"), (60, "1m0s"), (5400, "1h30m0s"), (0.5, "500ms"), (0, "0s"), (2.5, "2.5s")]
)
def test_durations_as_go_writes_them(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
