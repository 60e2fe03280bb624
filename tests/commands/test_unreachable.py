"""Hosts that cannot be reached: each command says so once, with the way out, and exits 3."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fabwiz.cli import main
from fabwiz.session.examples import text


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A network on one host, at whose SSH port nobody listens."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    values = yaml.safe_load(text("three-orgs-one-host"))
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        values["hosts"] = {"here": {"address": "127.0.0.1", "ssh": {"port": held.getsockname()[1]}}}
        path = tmp_path / "session.yaml"
        path.write_text(yaml.safe_dump(values, sort_keys=False))
        yield path


@pytest.mark.parametrize("command", ["replay", "status", "report", "logs", "down"])
def test_it_is_exit_code_3_with_the_way_out(command: str, session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(session)]) == 3

    told = capsys.readouterr()
    assert "is sshd running there?" in told.out + told.err


def test_status_says_it_once_for_a_host_and_not_for_each_container(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["status", str(session)])

    shown = capsys.readouterr().out
    assert shown.count("Connection refused") == 1
    assert shown.count("unknown") == 16


def test_status_tells_scripts_for_each_container(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["status", str(session), "--json"])

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 16
    assert all(row["state"] is None and "Connection refused" in row["status"] for row in rows)


def test_a_failed_phase_does_not_repeat_what_its_steps_said(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["replay", str(session)])

    assert capsys.readouterr().out.count("Connection refused") == 1
