"""Lines on rows: where each is, wrapped or not, while lines come and go."""

from __future__ import annotations

import pytest

from fabwiz.console.log_model import LogFilter, LogModel
from fabwiz.console.log_rows import LogRows, wrapped
from fabwiz.deploy.events import Event, Kind


def fill(model: LogModel, *texts: str) -> None:
    for text in texts:
        model.add(Event("2026-01-31T12:00:00.000Z", Kind.LOG, host="a", node="n", message=text))
        model.take()


def shown(rows: LogRows) -> list[str]:
    found = []
    for row in range(len(rows)):
        number, part = rows.at(row)
        text = rows.model.line(number).text
        found.append(wrapped(text, rows.width)[part] if rows.width else text)
    return found


def test_without_wrapping_a_line_is_a_row() -> None:
    model = LogModel(4)
    rows = LogRows(model)
    fill(model, "one", "two", "three")
    rows.update()
    assert shown(rows) == ["one", "two", "three"]

    fill(model, "four", "five", "six")
    assert rows.update() == 2
    assert shown(rows) == ["three", "four", "five", "six"]
    assert rows.row_of(rows.end - 1) == 3


def test_wrapped_lines_take_the_rows_that_they_need_and_give_them_back() -> None:
    model = LogModel(3)
    rows = LogRows(model)
    rows.reset(4)
    fill(model, "abcdefghij", "", "klmno")
    rows.update()
    assert shown(rows) == ["abcd", "efgh", "ij", "", "klmn", "o"]
    assert [rows.row_of(number) for number in (0, 1, 2)] == [0, 3, 4]
    assert [rows.at(row) for row in (2, 3, 5)] == [(0, 2), (1, 0), (2, 1)]

    fill(model, "pq")
    assert rows.update() == 3
    assert shown(rows) == ["", "klmn", "o", "pq"]
    with pytest.raises(IndexError):
        rows.at(4)


def test_wide_letters_are_not_cut_in_halves() -> None:
    assert list(wrapped("日本語", 4)) == ["日本", "語"]
    assert list(wrapped("", 4)) == [""]


def test_rows_stay_up_to_a_limit_while_somebody_pauses() -> None:
    model = LogModel(100)
    rows = LogRows(model)
    fill(model, "one", "two")
    rows.update()
    fill(model, "three")
    rows.update(limit=2)
    assert shown(rows) == ["one", "two"]
    rows.update()
    assert shown(rows) == ["one", "two", "three"]


@pytest.mark.parametrize("width", [0, 4])
def test_a_long_time_later_rows_are_still_right(width: int) -> None:
    model = LogModel(50)
    rows = LogRows(model)
    rows.reset(width)
    for number in range(60_000):
        fill(model, f"{number:07}")
        if number % 997 == 0:
            rows.update()
    rows.update()

    assert "".join(shown(rows)) == "".join(f"{number:07}" for number in range(59_950, 60_000))
    assert len(rows) == (100 if width else 50)
    assert len(rows._ends) < 30_000


def test_other_lines_are_counted_anew() -> None:
    model = LogModel(50)
    rows = LogRows(model)
    fill(model, "ERROR one", "INFO two")
    rows.reset(5)
    assert len(rows) == 4
    model.show_only(LogFilter(node="nobody"))
    rows.reset(5)
    assert len(rows) == 0
