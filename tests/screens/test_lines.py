"""Lines to read: long ones are wrapped between words."""

from screens.widgets.lines import wrapped


def texts(*pieces: str, width: int) -> list[str]:
    return ["".join(text for text, _ in row) for row in wrapped([(piece, "") for piece in pieces], width, indent=2)]


def test_short_lines_stay_as_they_are() -> None:
    assert texts("  one ", "two", width=9) == ["  one two"]


def test_long_ones_are_wrapped_between_words_whatever_pieces_they_have() -> None:
    assert texts("one two th", "ree four five", width=10) == ["one two th", "  ree four", "  five"]


def test_words_without_end_are_cut() -> None:
    rows = texts("x" * 25, width=10)

    assert "".join(row.strip() for row in rows) == "x" * 25
    assert all(len(row) <= 10 for row in rows)


def test_looks_go_with_their_texts() -> None:
    rows = wrapped([("aaaa ", "good"), ("bbbb cccc", "bad")], 8, indent=1)

    assert [[(text.strip(), look) for text, look in row if text.strip()] for row in rows] == [
        [("aaaa", "good")],
        [("bbbb", "bad")],
        [("cccc", "bad")],
    ]
