"""What is said to somebody who holds the command line wrong, and to somebody who asks for help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fabwiz.cli import COMMANDS, main


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    return capsys.readouterr().err


def test_no_word_at_all_gives_the_help_and_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2

    told = capsys.readouterr()
    assert "fabwiz examples four-lan-hosts" in told.err
    assert told.out == ""


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_fits_80_columns(command: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*([command] if command else []), "--help"])

    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_an_unknown_phase_names_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "plan", "lan4.yaml", "--until", "kafak")

    assert "there is no phase kafak" in said
    assert "zookeeper, kafka, orderers" in said


def test_options_are_written_out_so_that_none_is_taken_for_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--dat" in refused(capsys, "down", "lan4.yaml", "--dat")


@pytest.mark.parametrize("word", ["987654", "-1", "password"])
def test_a_descriptor_that_is_not_open_is_said_before_a_host_is_reached(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "status", "lan4.yaml", f"--password-fd={word}")

    assert f"{word} is no open file descriptor" in said


def test_the_examples_are_told_in_whole_sentences_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "thirteen-hosts" in lines
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1].endswith(".")


def test_a_workspace_that_is_a_file_is_named_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["examples", "four-lan-hosts"])
    (tmp_path / "lan4.yaml").write_text(capsys.readouterr().out)
    (tmp_path / "lan4.fabwiz").touch()

    assert main(["generate", str(tmp_path / "lan4.yaml")]) == 1

    said = capsys.readouterr().err
    assert str(tmp_path / "lan4.fabwiz") in said
    assert "move what is in the way" in said


def test_bash_completes_session_files(tmp_path: Path) -> None:
    (tmp_path / "my-session.yaml").touch()
    script = (
        'source <("$PYTHON" -m fabwiz completion bash); cd "$FOLDER"; COMP_WORDS=(fabwiz check my); COMP_CWORD=2; '
        '_shtab_fabwiz fabwiz my check; printf "%s\\n" "${COMPREPLY[@]}"'
    )

    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHON": sys.executable, "FOLDER": str(tmp_path)},
    )  # fmt: skip

    assert done.stdout.split() == ["my-session.yaml"]
