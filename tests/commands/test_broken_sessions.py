"""`status`, `logs` and `down` serve a network whose session breaks rules by now; all else refuses it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.cli import main
from fabwiz.session.assigned import remember
from fabwiz.session.examples import text
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All on this machine, whose Docker has no containers; one broker, so that `kafka-count` is broken among others."""
    data: dict[str, Any] = yaml.safe_load(text("three-orgs-one-host"))
    (host,) = data["hosts"]
    data["hosts"] = {host: {"transport": "local", "remote_dir": str(tmp_path / "remote")}}
    data["ssh"] = {"sudo": "never"}
    data["kafka"] = dict(list(data["kafka"].items())[:1])
    data["accept"] = {}
    path = tmp_path / "session.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin/docker"
    docker.write_text("#!/bin/sh\nexit 0\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    return path


def change(session: Path, **settings: Any) -> None:
    session.write_text(yaml.safe_dump(yaml.safe_load(session.read_text()) | settings, sort_keys=False))


def test_down_takes_it_away_and_tells_the_findings_as_a_hint(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "--data", "--json", str(session)]) == 0

    told = capsys.readouterr()
    assert "kafka-count" in told.err
    assert "down goes on all the same" in told.err
    assert [json.loads(line)["event"] for line in told.out.splitlines()][-1] == "summary"


@pytest.mark.parametrize("options", [[], ["--data"]])
def test_what_nodes_had_counts_until_their_data_is_gone(options: list[str], session: Path) -> None:
    kept = Workspace(session).assigned
    kept.parent.mkdir()
    remember(kept, Network(Session.model_validate(yaml.safe_load(session.read_text()))))

    assert main(["down", *options, str(session)]) == 0

    assert kept.exists() == (not options)


def test_down_knows_containers_by_their_label_even_without_a_known_release(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(session, fabric="9.9.9")

    assert main(["down", "--data", str(session)]) == 0
    assert "fabric-version" in capsys.readouterr().err


def test_status_shows_each_node_those_on_unlisted_hosts_too(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zookeeper = yaml.safe_load(session.read_text())["zookeeper"] | {"zk9": "elsewhere"}
    change(session, zookeeper=zookeeper)

    assert main(["status", "--json", str(session)]) == 3

    told = capsys.readouterr()
    rows = {row["node"]: row for row in map(json.loads, told.out.splitlines()) if "node" in row}
    assert {row["state"] for row in rows.values()} == {"missing", None}
    assert (rows["zk9"]["host"], rows["zk9"]["status"]) == ("elsewhere", "the session lists no such host")
    assert "host-unknown" in told.err


@pytest.mark.parametrize("command", ["status", "logs", "down"])
@pytest.mark.parametrize(
    "settings", [{"name": "a/../b"}, {"remote_dir": "/etc"}, {"domain": "x$(id)"}, {"orderers": {"../x": "a"}}]
)
def test_names_that_would_become_parts_of_paths_and_commands_are_refused(
    command: str, settings: dict[str, Any], session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(session, **settings)

    assert main([command, str(session)]) == 2
    assert "nothing was done" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["generate", "plan", "replay"])
def test_what_would_make_something_of_it_refuses_it(
    command: str, session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(session)]) == 2
    assert "nothing was done" in capsys.readouterr().err


def test_logs_end_at_ctrl_c_and_say_where_they_are_kept(session: Path, tmp_path: Path) -> None:
    docker = tmp_path / "bin/docker"
    docker.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "fabwiz", "logs", str(session)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        end = time.monotonic() + 40
        while not (tmp_path / "asked").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 130
    assert f"following no more; what came is in {tmp_path}/session.fabwiz/logs" in said
    assert "steps" not in said


@pytest.mark.parametrize("command", ["check", "status", "down", "plan"])
def test_a_file_name_that_a_terminal_would_obey_is_refused_and_shown_escaped(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, str(tmp_path / "a\x1b[2Jb\u202e.yaml")])

    told = capsys.readouterr()
    assert end.value.code == 2
    assert "\x1b" not in told.out + told.err
    assert "\\e[2Jb\\u202e.yaml" in told.err
