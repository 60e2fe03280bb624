"""The script that follows containers on a host leaves nothing there, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from fabwiz.deploy.logs import FOLLOW_SCRIPT

T = TypeVar("T")

DOCKER = """\
#!/bin/sh
[ "$1" = ps ] && { echo kafka1; exit; }
echo "2026-11-20T10:00:00Z started"; exec sleep 60
"""


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
    process = subprocess.Popen(
        ["sh", "-c", FOLLOW_SCRIPT, "follow", "fabwiz.network=lan4", "beef"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path / "notes")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == b"kafka1 2026-11-20T10:00:00Z started\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


@pytest.mark.parametrize("somebody_listens", [True, False])
def test_notes_and_followers_go_when_the_script_is_ended(
    follower: subprocess.Popen[bytes], tmp_path: Path, somebody_listens: bool
) -> None:
    (notes,) = (tmp_path / "notes").glob("*.beef")
    assert notes.name == f"fabwiz-follow.{follower.pid}.beef"
    assert notes.stat().st_mode & 0o777 == 0o700
    logs = int(_soon(lambda: (notes / "kafka1.pid").read_text().strip()))
    if not somebody_listens:
        for pipe in (follower.stdout, follower.stderr):
            assert pipe
            pipe.close()

    os.killpg(follower.pid, signal.SIGTERM)
    follower.wait(10)

    # those of a shell that was killed are gone, too; those of one that lives are not
    assert [path.name for path in (tmp_path / "notes").iterdir()] == [f"fabwiz-follow.{os.getpid()}.feed"]
    assert _soon(lambda: not _runs(logs))


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
