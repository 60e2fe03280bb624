"""A dry run's folder with keys: gone afterwards, and after kill -9 gone with the next command, unless it is in use."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.cli import main
from fabwiz.deploy.scratch import clear_scratch, scratch_folder
from fabwiz.session.examples import text

HOLD = """
import sys
from pathlib import Path
from fabwiz.deploy.scratch import scratch_folder

with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "key").write_text("secret")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process, and the folder that it works in."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.communicate()


def test_it_is_for_its_user_alone_and_goes_at_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        clear_scratch(tmp_path)
        assert folder.exists()

    assert list(tmp_path.iterdir()) == []


def test_one_that_is_in_use_stays_until_its_process_is_killed(
    holder: tuple[subprocess.Popen[str], Path], tmp_path: Path
) -> None:
    process, folder = holder
    clear_scratch(tmp_path)
    assert (folder / "key").read_text() == "secret"

    process.send_signal(signal.SIGKILL)
    process.wait()
    assert folder.exists()

    clear_scratch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_in_use_goes_with_its_process(holder: tuple[subprocess.Popen[str], Path], tmp_path: Path) -> None:
    process, _ = holder
    process.communicate("", timeout=30)

    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "precious").mkdir(parents=True)
    place = tmp_path / "place"
    place.mkdir()
    (place / ".dry-run-link").symlink_to(theirs)
    (place / ".dry-run-file").touch()
    (place / "artifacts").mkdir()

    clear_scratch(place)
    clear_scratch(tmp_path / "missing")

    assert sorted(path.name for path in place.iterdir()) == [".dry-run-file", ".dry-run-link", "artifacts"]
    assert (theirs / "precious").exists()


def test_generate_clears_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = tmp_path / "lan4.yaml"
    session.write_text(text("four-lan-hosts"))
    left = tmp_path / "lan4.fabwiz/.dry-run-abcdefgh"
    left.mkdir(parents=True)
    (left / "key").touch()
    left.parent.chmod(0o700)

    assert main(["generate", str(session)]) == 0

    assert not left.exists()
