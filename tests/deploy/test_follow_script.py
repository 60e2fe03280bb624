"""The script that follows containers on a host leaves nothing there, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from fabwiz.deploy.logs import FOLLOW_SCRIPT

T = TypeVar("T")

EVERY = 10.0
"""Seconds: less than those after which it looks without being told to."""
DOCKER = """\
#!/bin/sh
cd "$(dirname "$0")"
echo "$1" >>asked
case $1 in
  ps) cat containers ;;
  events) echo "$$" >events.pid; exec cat starts ;;
  *) for last; do :; done; echo "2026-11-20T10:00:00Z $last started"; [ -e "$last.ended" ] || exec sleep 60 ;;
esac
"""
"""It lists what stands in `containers`, tells of a start where somebody writes into `starts`, and of one line each."""


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        (tmp_path / "notes" / f"fabwiz-follow.{pid}.feed").mkdir(parents=True)
        (tmp_path / "notes" / f"fabwiz-follow.{pid}.feed" / "kafka1.pid").touch()
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (tmp_path / "containers").write_text("kafka1\n")
    os.mkfifo(tmp_path / "starts")
    process = subprocess.Popen(
        ["sh", "-c", FOLLOW_SCRIPT, "follow", "fabwiz.network=lan4", "beef"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path / "notes")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == b"kafka1 2026-11-20T10:00:00Z kafka1 started\n"
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stderr.close()


def asked(tmp_path: Path, what: str) -> int:
    """How often Docker was asked that."""
    return (tmp_path / "asked").read_text().split().count(what)


def test_a_container_that_starts_later_is_followed_at_once_and_docker_is_asked_no_more_than_that(
    follower: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    begun = time.monotonic()
    _soon(lambda: (tmp_path / "events.pid").exists())
    time.sleep(2.5)
    assert asked(tmp_path, "ps") <= 1 + (time.monotonic() - begun) // EVERY

    (tmp_path / "containers").write_text("kafka1\nkafka2\n")
    with (tmp_path / "starts").open("w") as starts:
        print("start", file=starts, flush=True)
        assert follower.stdout
        assert follower.stdout.readline() == b"kafka2 2026-11-20T10:00:00Z kafka2 started\n"

    # once more where Docker has hung up
    assert asked(tmp_path, "ps") <= 3 + (time.monotonic() - begun) // EVERY
    assert asked(tmp_path, "logs") == 2


def test_a_docker_that_hangs_up_is_asked_again(follower: subprocess.Popen[bytes], tmp_path: Path) -> None:
    for times in (1, 2):
        _soon(lambda count=times: asked(tmp_path, "events") == count)  # type: ignore[misc]
        pid = int(_soon(lambda: (tmp_path / "events.pid").read_text().strip()))
        (tmp_path / "events.pid").unlink()
        os.kill(pid, signal.SIGKILL)
    assert _soon(lambda: asked(tmp_path, "ps") >= 3)
    assert asked(tmp_path, "logs") == 1


@pytest.mark.parametrize("somebody_listens", [True, False])
def test_notes_and_followers_go_when_the_script_is_ended(
    follower: subprocess.Popen[bytes], tmp_path: Path, somebody_listens: bool
) -> None:
    (notes,) = (tmp_path / "notes").glob("*.beef")
    assert notes.name == f"fabwiz-follow.{follower.pid}.beef"
    assert notes.stat().st_mode & 0o777 == 0o700
    names = ("kafka1", "+events", "+starts", "+sleep", "+clock", "+wait")
    pids = [int(_soon(lambda name=name: (notes / f"{name}.pid").read_text().strip())) for name in names]  # type: ignore[misc]
    if not somebody_listens:
        for pipe in (follower.stdout, follower.stderr):
            assert pipe
            pipe.close()

    os.killpg(follower.pid, signal.SIGTERM)
    follower.wait(10)

    # those of a shell that was killed are gone, too; those of one that lives are not
    assert [path.name for path in (tmp_path / "notes").iterdir()] == [f"fabwiz-follow.{os.getpid()}.feed"]
    assert _soon(lambda: not any(map(_runs, pids)))


def _soon(value: Callable[[], T]) -> T:
    for _ in range(100):
        try:
            if found := value():
                return found
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    pytest.fail("not within 5 s")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
