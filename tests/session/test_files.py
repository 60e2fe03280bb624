"""Atomic writes and private folders."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.session.files import make_private_dir, write_atomic


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Whatever the umask says, modes are the same."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_modes_hold_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    make_private_dir(tmp_path / "a" / "b")
    write_atomic(tmp_path / "a" / "b" / "key.pem", b"secret")
    write_atomic(tmp_path / "a" / "b" / "cert.pem", "public", 0o644)
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]
    assert mode(tmp_path / "a" / "b" / "key.pem") == 0o600
    assert mode(tmp_path / "a" / "b" / "cert.pem") == 0o644


def test_an_open_folder_is_closed_and_its_parents_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "open" / "inner").mkdir()
    (tmp_path / "open" / "inner").chmod(0o777)
    make_private_dir(tmp_path / "open" / "inner")
    assert mode(tmp_path / "open") == 0o755
    assert mode(tmp_path / "open" / "inner") == 0o700


def test_a_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "data"
    write_atomic(path, "a much longer first text")
    write_atomic(path, "short")
    assert path.read_text() == "short"
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data"
    write_atomic(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        make_private_dir(tmp_path / "file" / "below")
