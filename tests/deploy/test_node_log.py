"""A log that is taken up again has every line once."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from fabwiz.deploy.node_log import NodeLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "kafka1.log"


def test_a_stream_that_is_taken_up_again_repeats_nothing(path: Path) -> None:
    log = NodeLog(path)
    assert log.add("2026-01-01T00:00:01.000000001Z", "one")
    assert log.add("2026-01-01T00:00:02.5Z", "two")
    log.close()

    again = NodeLog(path)

    assert again.since == "2026-01-01T00:00:00.000000000Z"
    assert not again.add("2026-01-01T00:00:01.000000001Z", "one")
    assert not again.add("2026-01-01T00:00:02.5Z", "two")
    assert again.add("2026-01-01T00:00:02.5Z", "another line of the same moment")
    assert again.add("2026-01-01T00:00:03Z", "three")
    again.close()
    assert [line.split(" ", 1)[1] for line in path.read_text().splitlines()] == [
        "one", "two", "another line of the same moment", "three",
    ]  # fmt: skip


def test_trailing_zeros_that_docker_leaves_out_do_not_disorder_time(path: Path) -> None:
    log = NodeLog(path)
    assert log.add("2026-01-01T00:00:02Z", "whole second")
    assert log.add("2026-01-01T00:00:02.1Z", "a tenth later")
    assert not log.add("2026-01-01T00:00:02.10Z", "a tenth later")
    assert log.add("2026-01-01T00:00:05.1Z", "three seconds later")
    assert not log.add("2026-01-01T00:00:02.9Z", "seen long ago")
    log.close()


def test_a_line_that_overtook_another_is_no_reason_to_lose_it(path: Path) -> None:
    """Docker stamps standard output and standard error apart."""
    log = NodeLog(path)
    assert log.add("2026-01-01T00:00:02.000000900Z", "on standard error")
    assert log.add("2026-01-01T00:00:02.000000100Z", "on standard output")
    log.close()

    again = NodeLog(path)

    assert not again.add("2026-01-01T00:00:02.000000100Z", "on standard output")
    assert not again.add("2026-01-01T00:00:02.000000900Z", "on standard error")
    again.close()


def test_a_line_that_a_killed_run_left_torn_is_written_whole(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("2026-01-01T00:00:01Z one\n2026-01-01T00:00:02Z tw")
    log = NodeLog(path)

    assert not log.add("2026-01-01T00:00:01Z", "one")
    assert log.add("2026-01-01T00:00:02Z", "two")

    log.close()
    assert path.read_text() == "2026-01-01T00:00:01Z one\n2026-01-01T00:00:02Z two\n"


def test_of_a_long_file_only_the_end_is_read_and_nothing_before_it_is_taken_again(path: Path) -> None:
    log = NodeLog(path)
    for number in range(5000):
        log.add(f"2026-01-01T00:00:02.{number:06}Z", f"line {number} " + "x" * 80)
    log.close()

    again = NodeLog(path)

    assert not again.add("2026-01-01T00:00:02.000003Z", "line 3 " + "x" * 80)
    assert not again.add("2026-01-01T00:00:02.004999Z", "line 4999 " + "x" * 80)
    assert again.add("2026-01-01T00:00:02.005Z", "one more")
    again.close()


def test_only_the_owner_can_read_it(path: Path) -> None:
    log = NodeLog(path)
    log.add("2026-01-01T00:00:01Z", "secret business")
    log.close()

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_reader_shows_the_lines_and_leaves_the_file_to_the_first(path: Path) -> None:
    log = NodeLog(path, writes=False)

    assert log.add("2026-01-01T00:00:01Z", "one")
    assert not path.exists()


def test_a_flood_fills_two_files_and_no_more(path: Path) -> None:
    log = NodeLog(path, most_bytes=10_000)
    for number in range(2_000):
        assert log.add(f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z", f"line {number} of very many")
    log.close()
    sizes = {file.name: file.stat().st_size for file in path.parent.iterdir()}
    assert sizes.keys() == {"kafka1.log", "kafka1.log.1"}
    assert all(size < 10_100 for size in sizes.values())
    assert path.read_text().splitlines()[-1].endswith("line 1999 of very many")
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in path.parent.iterdir())
    again = NodeLog(path)
    assert not again.add("2026-01-01T00:33:19Z", "line 1999 of very many")


def test_a_clock_that_stands_still_costs_no_memory(path: Path) -> None:
    """A hostile host stamps every line with the same time, or with none that there is."""
    log = NodeLog(path, writes=False)
    tracemalloc.start()
    for number in range(200_000):
        log.add(("2026-01-01T00:00:00Z", "2026-99-99T99:99:99Z")[number % 2], f"{number} " + "x" * 400)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 20 << 20
    assert not log.add("2026-01-01T00:00:00Z", "199998 " + "x" * 400)
