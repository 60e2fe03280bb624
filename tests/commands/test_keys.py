"""`fabwiz keys`: CA and admin keys under a passphrase and back, with the session saying so."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabwiz.artifacts.crypto.guarded import home_keys
from fabwiz.cli import main
from fabwiz.session.examples import text
from fabwiz.session.guard import is_encrypted
from fabwiz.session.load import load
from fabwiz.session.workspace import Workspace

RIGHT = "correct horse battery"


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "lan4.yaml"
    path.write_text(text("four-lan-hosts"))
    assert main(["generate", str(path)]) == 0
    return path


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_text(f"{RIGHT}\n")
    path.chmod(0o600)
    return f"--ca-passphrase-file={path}"


def states(session: Path) -> set[bool]:
    return {is_encrypted(path.read_bytes()) for path in home_keys(Workspace(session))}


def test_there_and_back(session: Path, passphrase: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in home_keys(Workspace(session))}
    assert states(session) == {False}

    assert main(["keys", "encrypt", str(session), passphrase]) == 0
    assert f"{len(before)} changed, 0 were so already; all are under the passphrase" in capsys.readouterr().out
    assert states(session) == {True}
    found = load(session).session
    assert found
    assert found.keys.encrypt
    assert main(["generate", str(session), passphrase]) == 0

    assert main(["keys", "decrypt", str(session), passphrase]) == 0
    assert {path: path.read_bytes() for path in home_keys(Workspace(session))} == before
    assert main(["generate", str(session)]) == 0


def test_what_is_missing_or_wrong_is_said_and_changes_nothing(
    session: Path,
    passphrase: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main(["keys", "encrypt", str(session)]) == 1
    assert "FABWIZ_CA_PASSPHRASE, --ca-passphrase-fd or --ca-passphrase-file" in capsys.readouterr().err
    assert states(session) == {False}

    assert main(["keys", "encrypt", str(session), passphrase]) == 0
    for command in (["generate"], ["keys", "decrypt"]):
        assert main([*command, str(session)]) == 1
        assert "is under a passphrase, and none was given" in capsys.readouterr().err
    monkeypatch.setenv("FABWIZ_CA_PASSPHRASE", "something else")
    for command in (["generate"], ["keys", "decrypt"]):
        assert main([*command, str(session)]) == 1
        assert "the one that was given does not open it" in capsys.readouterr().err
    assert states(session) == {True}


def test_a_passphrase_that_others_may_read_is_refused(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "open"
    path.write_text(RIGHT)
    path.chmod(0o644)
    with pytest.raises(SystemExit) as end:
        main(["keys", "encrypt", str(session), f"--ca-passphrase-file={path}"])
    assert end.value.code == 2
    assert "may be read by others: `chmod 600" in capsys.readouterr().err


def test_without_keys_there_is_nothing_to_change(
    tmp_path: Path, passphrase: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.yaml"
    path.write_text(text("four-lan-hosts"))
    assert main(["keys", "encrypt", str(path), passphrase]) == 1
    assert f"{tmp_path}/new.fabwiz/artifacts does not exist" in (said := capsys.readouterr().err)
    assert "`fabwiz generate` makes them" in said
