"""`plan` and `generate`: what would happen, and what is made on the workstation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fabwiz.cli import main
from fabwiz.session.examples import names, text


@pytest.fixture(params=names())
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "session.yaml"
    path.write_text(text(request.param))
    return path


def planned(session: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    assert main(["plan", str(session), "--json", *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_plan_names_every_phase_and_changes_nothing(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phases = planned(session, capsys)

    assert [phase["phase"] for phase in phases] == [
        "preflight", "generate", "distribute", "images", "zookeeper", "kafka", "orderers", "peers", "channels",
        "anchors", "chaincode", "check",
    ]  # fmt: skip
    assert list(session.parent.iterdir()) == [session]


def test_a_plan_is_the_same_each_time(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(session, capsys) == planned(session, capsys)


def test_a_plan_ends_where_it_is_told(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(session, capsys, "--until", "distribute")[-1]["phase"] == "distribute"


def test_a_plan_marks_private_files(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (distribute,) = [phase for phase in planned(session, capsys) if phase["phase"] == "distribute"]

    files = {action["text"]: action["private"] for step in distribute["steps"] for action in step["actions"]}
    assert all(
        private == ("keystore/" in path or path.endswith("server.key (0600)")) for path, private in files.items()
    )
    assert any(files.values())


def test_a_plan_shows_commands_and_calls_to_people(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(session)]) == 0

    shown = capsys.readouterr().out
    assert "up -d --no-deps" in shown
    assert "cscc JoinChain" in shown
    assert "lscc install mycc-1.0.cds" in shown


def test_generate_keeps_what_is_there(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(session), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    artifacts = session.with_suffix(".fabwiz") / "artifacts"
    before = {path: path.read_bytes() for path in artifacts.rglob("*") if path.is_file()}

    assert main(["generate", str(session), "--json"]) == 0
    second = json.loads(capsys.readouterr().out)

    assert (first["status"], second["status"]) == ("done", "skipped")
    assert {path: path.read_bytes() for path in artifacts.rglob("*") if path.is_file()} == before


def test_two_operators_do_not_generate_at_once(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from fabwiz.deploy.lock import locked

    assert main(["generate", str(session)]) == 0
    with locked(session.with_suffix(".fabwiz") / "lock"):
        assert main(["generate", str(session)]) == 4

    assert "works on this session" in capsys.readouterr().err


def test_a_plan_as_a_document_has_every_phase_host_and_action(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phases = planned(session, capsys)

    assert main(["plan", str(session), "--markdown"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2].rstrip(":") for line in lines if line.startswith("## ")] == [one["phase"] for one in phases]
    actions = [action for phase in phases for step in phase["steps"] for action in step["actions"]]
    assert len([line for line in lines if line.startswith("  - ")]) == len(actions)
    assert len([line for line in lines if line.endswith(" **private**")]) == sum(one["private"] for one in actions)
    assert max(line.count("`") for line in lines) > 0
