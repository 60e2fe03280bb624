"""The table of faults that a run of the tests makes."""

from __future__ import annotations

from pathlib import Path

from tests.outcomes import BEGIN, END, Outcomes, put_into


def test_what_is_told_alike_becomes_one_row_with_the_shortest_and_the_longest_time() -> None:
    outcomes = Outcomes()
    for seconds in (13.4, 9.6, 11.0):
        outcomes.note("a cut cable", "stopped", seconds, "taken up")
    outcomes.note("`kill -9` in kafka", "went on", None, "as undisturbed", 3)
    outcomes.note("`kill -9` in kafka", "went on", None, "as undisturbed", 4)
    outcomes.note("a cut cable", "waited", None, "taken up")
    outcomes.note("what never came", "-", None, "-", 0)

    assert outcomes.markdown().splitlines()[2:] == [
        "| a cut cable, 3 times | stopped | 10 to 13 s | taken up |",
        "| `kill -9` in kafka, 7 times | went on | - | as undisturbed |",
        "| a cut cable | waited | - | taken up |",
    ]


def test_rows_survive_a_file_and_their_texts_break_no_table(tmp_path: Path) -> None:
    kept, read = Outcomes(), Outcomes()
    kept.note("a | b", "two\nlines, and " + "x" * 500, 1.0, "end")
    kept.write(tmp_path / "rows")
    read.read(tmp_path / "rows")
    read.read(tmp_path / "none")

    assert read.rows == kept.rows
    (line,) = read.markdown().splitlines()[2:]
    assert line.startswith("| a \\| b | two lines, and xxx")
    assert line.endswith("x | 1 s | end |")
    assert len(line) < 200


def test_a_table_replaces_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# Faults\n\n{BEGIN}\nold\n{END}\n\nmore\n")
    for table in ("first", "second"):
        put_into(readme, table)

    assert readme.read_text() == f"# Faults\n\n{BEGIN}\nsecond\n{END}\n\nmore\n"
