"""Ctrl-C: the first ends a run at a safe place, the second at once, whatever a host is busy with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fabwiz.session.examples import text

pytestmark = pytest.mark.timeout(120)

Replay = subprocess.Popen[str]


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Replay]:
    """A replay on this machine, whose Docker says nothing until there is a file `go`, and has been asked."""
    session = yaml.safe_load(text("three-orgs-one-host"))
    (name,) = session["hosts"]
    session["hosts"] = {name: {"transport": "local", "address": "192.0.2.1", "remote_dir": str(tmp_path / "remote")}}
    session["ssh"] = {"sudo": "never"}
    path = tmp_path / "slow.yaml"
    path.write_text(yaml.safe_dump(session, sort_keys=False))
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin/docker"
    docker.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.1; done\nexit 1\n")
    docker.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "fabwiz", "replay", str(path), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (tmp_path / "asked").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def test_the_second_ends_a_run_at_once(replay: Replay) -> None:
    begun = time.monotonic()
    replay.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert replay.poll() is None

    replay.send_signal(signal.SIGINT)
    _, said = replay.communicate(timeout=45)

    assert replay.returncode == 130
    assert time.monotonic() - begun < 30
    assert "once more to end at once" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_ends_it_after_the_step_and_every_event_has_its_end(
    replay: Replay, number: signal.Signals, tmp_path: Path
) -> None:
    replay.send_signal(number)
    time.sleep(0.3)
    (tmp_path / "go").touch()
    out, _ = replay.communicate(timeout=60)

    events = [json.loads(line) for line in out.splitlines()]
    assert replay.returncode == 130
    assert events[-1]["event"] == "summary"
    assert events[-1]["status"] == "failed"
    assert "stopped" in events[-1]["message"]
    assert [event["status"] for event in events if event["event"] == "phase"] == ["started", "failed"]


def test_while_the_program_is_still_loaded_it_leaves_no_traceback() -> None:
    script = (
        "import sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'pydantic': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        "from fabwiz.cli import main\n"
        "sys.exit(main(['check', 'lan4.yaml']))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2])

    assert done.returncode == 130
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr
