"""`fabwiz images`: what each host needs, and commands that really make the archives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fabwiz.cli import main
from fabwiz.session.examples import text
from tests.image_archives import fake_image, save

DOCKER = f"""\
#!{sys.executable}
import shutil, sys
if sys.argv[1] == "save":
    shutil.copy(sys.argv[4].replace("/", "_") + ".made", sys.argv[3])
"""


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "lan4.yaml"
    path.write_text(text("four-lan-hosts") + "images: {source: load, archives: my archives}\n")
    return path


def listed(session: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    assert main(["images", str(session), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["image"]: line["hosts"] for line in lines}


def test_images_are_listed_with_the_hosts_that_need_them(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = listed(session, capsys)

    assert images["hyperledger/fabric-orderer:1.4.0"] == ["a", "b", "c"]
    assert "hyperledger/fabric-ccenv:1.4.0" in images
    assert main(["images", str(session)]) == 0
    out = capsys.readouterr().out
    assert all(f"  {image}\n" in out for image in images)


def test_its_commands_make_the_archives_that_check_wants(
    session: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = session.parent
    (folder / "bin").mkdir()
    (folder / "bin" / "docker").write_text(DOCKER)
    (folder / "bin" / "docker").chmod(0o755)
    for name in listed(session, capsys):
        save(folder / "made.tar", fake_image(name)).rename(folder / f"{name.replace('/', '_')}.made")
    assert main(["check", str(session)]) == 2
    assert "fabwiz images" in capsys.readouterr().out

    assert main(["images", str(session), "--commands"]) == 0

    commands = capsys.readouterr().out
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-e"], input=commands, text=True, cwd=folder, env=environment, check=True)
    main(["check", str(session)])
    assert "images-archives" not in capsys.readouterr().out


def test_a_session_that_breaks_other_rules_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text("four-lan-hosts").replace("1.4.0", "9.9.9"))

    assert main(["images", str(path)]) == 2
    assert "9.9.9" in capsys.readouterr().err
