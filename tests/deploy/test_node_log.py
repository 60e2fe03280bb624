"""A log that is taken up again has every line once."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabwiz.deploy.logs import NodeLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "kafka1.log"


def test_a_stream_that_is_taken_up_again_repeats_nothing(path: Path) -> None:
    log = NodeLog(path)
    assert log.add("2026-01-01T00:00:01.000000001Z", "one")
    assert log.add("2026-01-01T00:00:02.5Z", "two")
    log.close()

    again = NodeLog(path)

    assert again.last == "2026-01-01T00:00:02.5Z"
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
    assert not log.add("2026-01-01T00:00:02.05Z", "between the two: seen already")
    log.close()


def test_only_the_owner_can_read_it(path: Path) -> None:
    log = NodeLog(path)
    log.add("2026-01-01T00:00:01Z", "secret business")
    log.close()

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_reader_shows_the_lines_and_leaves_the_file_to_the_first(path: Path) -> None:
    log = NodeLog(path, writes=False)

    assert log.add("2026-01-01T00:00:01Z", "one")
    assert not path.exists()
