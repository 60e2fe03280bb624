"""Bundles land whole, with their modes, and nothing beside them is touched."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from fabwiz.remote import scripts
from fabwiz.remote.connection import BundleFile, CommandFailed, Connection, PutReport, RemoteError
from fabwiz.remote.transfer import MANIFEST, PENDING

FILES = {
    "docker-compose.yaml": (0o644, b"services: {}\n"),
    "crypto/peer0/msp/keystore/key.pem": (0o600, b"private"),
    "crypto/peer0/msp/cacerts/ca.pem": (0o644, b"public"),
    "bin/run me.sh": (0o755, b"#!/bin/sh\n"),
    "$(touch injected) 'quoted' ü": (0o640, b"\0\1\2"),
    "empty": (0o600, b""),
}


def bundle(folder: Path, files: dict[str, tuple[int, bytes]]) -> tuple[Path, list[BundleFile]]:
    for path, (_, content) in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder, [BundleFile(path, mode, hashlib.sha256(data).hexdigest()) for path, (mode, data) in files.items()]


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What lies there, the manifest aside."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode & 0o7777, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def put(connection: Connection, tmp_path: Path, files: dict[str, tuple[int, bytes]]) -> PutReport:
    source = tmp_path / f"source{time.monotonic_ns()}"
    source.mkdir()
    return connection.put_bundle(*bundle(source, files), str(tmp_path / "there" / "deep"))


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there" / "deep"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_files_arrive_with_their_modes_whatever_the_umask(
    umask: int, connection: Connection, tmp_path: Path, there: Path
) -> None:
    before = os.umask(umask)
    try:
        report = put(connection, tmp_path, FILES)
    finally:
        os.umask(before)
    assert tree(there) == FILES
    assert report.changed == tuple(sorted(FILES))
    assert (report.unchanged, report.removed) == (0, ())
    assert report.sent_bytes > 100
    folders = [there, *(path for path in there.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    manifest = json.loads((there / MANIFEST).read_text())["files"]
    assert [entry["path"] for entry in manifest] == sorted(FILES)
    assert manifest[1]["mode"] == "0755"
    assert not [path for path in there.iterdir() if path.name.startswith(".fabwiz-")]
    assert not (tmp_path / "injected").exists()


def test_unchanged_content_is_not_sent_again(connection: Connection, tmp_path: Path, there: Path) -> None:
    put(connection, tmp_path, FILES)
    inodes = {path: (there / path).stat().st_ino for path in FILES}
    assert put(connection, tmp_path, FILES) == PutReport(0, (), len(FILES))
    changed = {**FILES, "empty": (0o600, b"no more"), "docker-compose.yaml": (0o600, b"services: {}\n")}
    report = put(connection, tmp_path, changed)
    assert report.changed == ("docker-compose.yaml", "empty")
    assert report.unchanged == len(FILES) - 2
    assert tree(there) == changed
    same = {path for path in FILES if (there / path).stat().st_ino == inodes[path]}
    assert same == FILES.keys() - {"empty"}


def test_what_was_changed_there_is_put_right(connection: Connection, tmp_path: Path, there: Path) -> None:
    put(connection, tmp_path, FILES)
    (there / "docker-compose.yaml").write_text("tampered")
    (there / "crypto/peer0/msp/keystore/key.pem").chmod(0o644)
    (there / "empty").unlink()
    (there / "bin/run me.sh").unlink()
    (there / "bin/run me.sh").symlink_to("/etc/passwd")
    assert len(put(connection, tmp_path, FILES).changed) == 4
    assert tree(there) == FILES
    assert not (there / "bin/run me.sh").is_symlink()


def test_folders_that_were_opened_to_others_are_closed_again(
    connection: Connection, tmp_path: Path, there: Path
) -> None:
    put(connection, tmp_path, FILES)
    (there / "crypto/peer0/msp").chmod(0o755)
    (there / "theirs").mkdir(mode=0o755)
    report = put(connection, tmp_path, FILES)
    assert (report.changed, report.unchanged) == (("crypto/peer0/msp",), len(FILES))
    assert stat.S_IMODE((there / "crypto/peer0/msp").stat().st_mode) == 0o700
    assert stat.S_IMODE((there / "theirs").stat().st_mode) == 0o755, "nobody of ours has put it there"
    assert put(connection, tmp_path, FILES) == PutReport(0, (), len(FILES))


def test_only_what_an_earlier_bundle_placed_is_removed(connection: Connection, tmp_path: Path, there: Path) -> None:
    put(connection, tmp_path, FILES)
    (there / "crypto/peer0/neighbour").write_text("mine")
    (there / "ledger").mkdir()
    (there / "ledger" / "block").write_text("mine")
    fewer = {path: FILES[path] for path in ("docker-compose.yaml", "empty")}
    report = put(connection, tmp_path, fewer)
    assert report.removed == tuple(sorted(FILES.keys() - fewer.keys()))
    assert tree(there).keys() == {*fewer, "crypto/peer0/neighbour", "ledger/block"}
    assert not (there / "bin").exists()
    assert not (there / "crypto/peer0/msp").exists()


def test_a_manifest_that_was_tampered_with_removes_nothing_outside(
    connection: Connection, tmp_path: Path, there: Path
) -> None:
    put(connection, tmp_path, FILES)
    victim = tmp_path / "there" / "victim"
    victim.write_text("mine")
    entries = [
        {"path": path} for path in ("../victim", str(victim), "a\nb", ".", "", 7, MANIFEST, "crypto/../../victim")
    ]
    (there / MANIFEST).write_text(json.dumps({"files": entries}))
    put(connection, tmp_path, FILES)
    (there / MANIFEST).write_text("[" * 100_000)
    assert put(connection, tmp_path, FILES).removed == ()
    assert victim.read_text() == "mine"
    assert tree(there) == FILES


def test_folders_keep_their_identity_so_that_containers_go_on_seeing_them(
    connection: Connection, tmp_path: Path, there: Path
) -> None:
    put(connection, tmp_path, FILES)
    inode = (there / "crypto/peer0/msp").stat().st_ino
    put(connection, tmp_path, {**FILES, "crypto/peer0/msp/cacerts/ca.pem": (0o644, b"new")})
    assert (there / "crypto/peer0/msp").stat().st_ino == inode


def test_an_empty_folder_that_docker_made_gives_way_and_a_full_one_does_not(
    connection: Connection, tmp_path: Path, there: Path
) -> None:
    (there / "empty").mkdir(parents=True)
    (there / "docker-compose.yaml").mkdir()
    (there / "docker-compose.yaml" / "mine").write_text("mine")
    with pytest.raises(CommandFailed, match=r"docker-compose\.yaml is a folder that is not empty"):
        put(connection, tmp_path, FILES)
    assert tree(there) == {"docker-compose.yaml/mine": (0o644, b"mine")}  # nothing was placed at all
    (there / "docker-compose.yaml" / "mine").unlink()
    put(connection, tmp_path, FILES)
    assert tree(there) == FILES


def test_a_bundle_that_is_not_what_its_manifest_says_is_not_sent(
    connection: Connection, tmp_path: Path, there: Path
) -> None:
    folder, files = bundle(tmp_path / "source", FILES)
    (folder / "empty").write_text("changed meanwhile")
    with pytest.raises(ValueError, match="generate the bundle again"):
        connection.put_bundle(folder, files, str(there))
    assert not there.exists()


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", "", "a//b", "a\nb", "a\\b", MANIFEST, ".fabwiz-x", "./x"])
def test_paths_that_lead_elsewhere_are_refused(path: str, locally: Connection, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a path that a bundle can hold"):
        locally.put_bundle(tmp_path, [BundleFile(path, 0o600, "")], str(tmp_path / "there"))


@pytest.mark.parametrize("remote_dir", ["/", "relative", "", "/opt/../etc", "/opt/x\n"])
def test_folders_that_cannot_be_meant_are_refused(remote_dir: str, locally: Connection, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="remote_dir must be"):
        locally.put_bundle(tmp_path, [], remote_dir)


def test_an_archive_that_arrives_damaged_places_nothing(
    connection: Any, tmp_path: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(connection, tmp_path, FILES)
    upload = connection.upload
    monkeypatch.setattr(connection, "upload", lambda data, *rest: upload(data[:-1] + b"?", *rest))
    with pytest.raises(CommandFailed, match="arrived damaged"):
        put(connection, tmp_path, {**FILES, "empty": (0o600, b"new")})
    assert tree(there) == FILES


@pytest.mark.parametrize("where", ["unpacked", "placing"])
def test_a_run_that_is_killed_leaves_whole_files_and_the_next_one_completes_it(
    where: str, connection: Any, tmp_path: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(connection, tmp_path, FILES)
    changed = {path: (mode, b"new " + content * 1000) for path, (mode, content) in FILES.items()}
    changed["extra"] = (0o600, b"new")
    # the script kills itself
    die = "kill -9 $$; "
    halting = {
        "unpacked": scripts.PLACE.replace("cp -- ", die + "cp -- "),
        "placing": scripts.PLACE.replace("    mv -f", f'    [ "$path" = empty ] && {die} mv -f'),
    }[where]
    assert halting != scripts.PLACE
    with monkeypatch.context() as patch:
        patch.setattr(scripts, "PLACE", halting)
        with pytest.raises(RemoteError):
            put(connection, tmp_path, changed)
    for path, found in tree(there).items():
        if not path.startswith(".fabwiz-"):
            assert found in (FILES.get(path), changed.get(path))
    assert (there / PENDING).exists() == (where == "placing")
    # what the killed run had placed and this one does not want goes too
    assert put(connection, tmp_path, FILES).unchanged < len(FILES) or where == "unpacked"
    assert tree(there) == FILES


def test_what_a_run_left_that_could_not_clean_up_is_cleared_away(connection: Any, tmp_path: Path, there: Path) -> None:
    put(connection, tmp_path, FILES)
    (there / ".fabwiz-incoming.0123").mkdir()
    (there / ".fabwiz-incoming.0123" / "key.pem").write_text("private")
    (there / ".fabwiz-incoming.0123.tgz").write_text("partial")
    assert put(connection, tmp_path, FILES) == PutReport(0, (), len(FILES))
    assert tree(there) == FILES


def test_a_full_disk_leaves_everything_as_it_was(connection: Any, tmp_path: Path, there: Path) -> None:
    put(connection, tmp_path, FILES)
    big = os.urandom(3_000_000)

    # a limit of file sizes stands for the full disk: writing more fails there
    limit = 'ulimit -f 1000; trap "" XFSZ; exec sh -c'
    original = connection.start

    def start(line: str, timeout: float) -> Any:
        return original(line.replace("exec sh -c", limit, 1), timeout)

    connection.start = start
    session = getattr(connection, "session", None)
    if session:
        connection.session = lambda line, timeout: session(line.replace("exec sh -c", limit, 1), timeout)
    with pytest.raises(CommandFailed, match="disk space"):
        put(connection, tmp_path, {**FILES, "empty": (0o600, big)})
    assert tree(there) == FILES
    assert not list(there.glob(".fabwiz-*"))


def test_a_folder_that_cannot_be_made_is_an_error_with_the_hosts_words(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a file where the folder is to be")
    with pytest.raises(CommandFailed, match=r"Not a directory|cannot create directory"):
        put(connection, tmp_path, FILES)


def test_without_scp_on_the_host_the_archive_goes_another_way(
    over_ssh: Any, tmp_path: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fabwiz.remote import copy

    monkeypatch.setattr(copy, "_RECEIVE", copy._RECEIVE.replace("command -v scp", "command -v no-such-scp"))
    put(over_ssh, tmp_path, FILES)
    assert tree(there) == FILES


def test_busybox_is_enough(tmp_path: Path, there: Path, network_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from fabwiz.remote.local import LocalConnection
    from fabwiz.remote.secrets import SecretStore

    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    applets = tmp_path / "applets"
    applets.mkdir()
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (applets / name).symlink_to(busybox)
    host = network_of({"me": {"address": "192.0.2.1", "transport": "local"}}).hosts["me"]
    connection = LocalConnection(host, SecretStore(lambda _: None, environment={}))
    monkeypatch.setenv("PATH", str(applets))
    put(connection, tmp_path, FILES)
    assert tree(there) == FILES
    assert put(connection, tmp_path, FILES).sent_bytes == 0
    fewer = {"empty": (0o600, b"now full")}
    put(connection, tmp_path, fewer)
    assert tree(there) == fewer
    connection.close()


def test_many_files_take_few_round_trips(over_ssh: Any, tmp_path: Path, there: Path, monkeypatch: Any) -> None:
    sessions: list[str] = []
    session = over_ssh.session

    def counted(line: str, timeout: float) -> Any:
        sessions.append(line)
        return session(line, timeout)

    monkeypatch.setattr(over_ssh, "session", counted)
    many = {f"folder{i % 7}/file{i}": (0o600 if i % 2 else 0o644, b"%d" % i * 300) for i in range(150)}
    over_ssh.run(["true"], root=True)  # finds out how to become root
    sessions.clear()
    put(over_ssh, tmp_path, many)
    assert len(sessions) == 3
    sessions.clear()
    put(over_ssh, tmp_path, many)
    assert len(sessions) == 1
    assert tree(there) == many
