"""The command line as scripts and people meet it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fabwiz.cli import COMMANDS, main
from fabwiz.session.assigned import remember
from fabwiz.session.document import Document
from fabwiz.session.examples import names, text
from fabwiz.session.workspace import Workspace


@pytest.fixture
def lan4(tmp_path: Path) -> Path:
    """A session file that breaks no rule."""
    path = tmp_path / "lan4.yaml"
    path.write_text(text("four-lan-hosts"))
    return path


@pytest.fixture
def broken(lan4: Path) -> Path:
    """Two errors: a broker on a host that is not there, and a key that is misspelt."""
    lan4.write_text(
        lan4.read_text().replace("kafka4: d", "kafka4: e").replace("domain: example.com", "domian: x.com", 1)
    )
    return lan4


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])

    assert end.value.code == 0
    assert "exit codes: 0 done" in capsys.readouterr().out


@pytest.mark.parametrize("name", names())
def test_the_shipped_examples_pass_check(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "session.yaml"
    path.write_text(text(name))

    assert main(["check", str(path)]) == 0


def test_check_shows_place_message_and_way_out(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(broken)]) == 2

    shown = capsys.readouterr().out
    assert f"{broken}:5:1" in shown
    assert "unknown-key" in shown
    assert "domain" in shown
    assert "error" in shown


def test_check_json_prints_one_finding_a_line_and_nothing_else(lan4: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lan4.write_text(lan4.read_text().replace("kafka4: d", "kafka4: e"))

    assert main(["check", str(lan4), "--json"]) == 2

    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    errors = [finding for finding in findings if finding["severity"] == "error"]
    assert [(error["rule"], error["path"].split(".")[:2]) for error in errors] == [
        ("host-unknown", ["kafka", "kafka4"])
    ]
    assert errors[0]["line"]
    assert {"message", "fix"} <= errors[0].keys()


def test_check_knows_what_was_started_from_the_session_before(lan4: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace(lan4)
    workspace.root.mkdir()
    started = Document.from_text(lan4.read_text()).network
    assert started
    remember(workspace.assigned, started)
    assert main(["check", str(lan4)]) == 0

    lan4.write_text(lan4.read_text().replace("{kafka1: a,", "{kafka0: a, kafka1: a,"))
    assert main(["check", str(lan4)]) == 2

    shown = " ".join(capsys.readouterr().out.split())
    assert "kafka4 was started before and would now get id 5 instead of 4" in shown
    assert "fix: list kafka0 last" in shown


@pytest.mark.parametrize("command", ["generate", "plan", "replay", "status", "logs", "down"])
def test_a_session_that_breaks_a_rule_is_refused_and_nothing_is_made(
    command: str, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(broken)]) == 2

    assert "nothing was done" in capsys.readouterr().err
    assert list(broken.parent.iterdir()) == [broken]


@pytest.mark.parametrize("command", ["check", "generate", "plan", "replay", "status", "logs", "down"])
def test_a_missing_file_is_named(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(tmp_path / "none.yaml")]) == 2

    told = capsys.readouterr()
    assert "none.yaml" in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_rules_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "kafka-isr"]) == 0

    shown = capsys.readouterr().out
    assert "kafka-isr" in shown
    assert "source:" in shown


def test_a_misspelt_rule_gets_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "kafka-irs"]) == 2

    assert "did you mean kafka-isr?" in capsys.readouterr().err


def test_an_unknown_example_names_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples", "nine-hosts"]) == 2

    assert "four-lan-hosts" in capsys.readouterr().err


def test_an_example_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples", "four-lan-hosts"]) == 0

    assert capsys.readouterr().out == text("four-lan-hosts")


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0

    assert json.loads(capsys.readouterr().out)["properties"]["zookeeper"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0

    assert all(command in capsys.readouterr().out for command in COMMANDS[:1])


def test_a_reader_that_goes_away_gets_no_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -m fabwiz rules | head -n 1", shell=True, capture_output=True, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    ("word", "hint"), [("chekc", "did you mean check?"), ("lan4.yaml", "fabwiz replay lan4.yaml"), ("xyz", "replay")]
)
def test_a_word_that_is_no_command_gets_a_hint(word: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2

    assert hint in capsys.readouterr().err
