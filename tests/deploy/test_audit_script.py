"""What the audit's script says of a folder, with the shells and tools that hosts have; and what is made of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from fabwiz.deploy import audit_files
from fabwiz.deploy.audit_probe import AUDIT_SCRIPT, Entry, Found, parse
from fabwiz.deploy.audit_report import Kind
from fabwiz.remote.connection import BundleFile
from fabwiz.remote.scripts import NO_CHECKSUM, SUMS

KEY = b"-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n"
OTHER_USER = 4_000_000


@pytest.fixture(params=["dash", "busybox"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH with no docker: the system's own tools, or busybox's alone."""
    applets = tmp_path / "applets"
    applets.mkdir()
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    if request.param == "dash":
        (applets / "sh").symlink_to("/usr/bin/dash")
        return f"{applets}:/usr/bin:/bin"
    busybox = str(shutil.which("busybox"))
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (applets / name).symlink_to(busybox)
    return str(applets)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    (folder / "node/msp").mkdir(parents=True)
    for path in (folder / "node", folder / "node/msp"):
        path.chmod(0o700)
    folder.chmod(0o755)
    write(folder / "node/msp/key_sk", KEY, 0o600)
    write(folder / "genesis.block", b"\x0a\x00", 0o644)
    return folder


def write(path: Path, data: bytes, mode: int) -> None:
    path.write_bytes(data)
    path.chmod(mode)


def look(tools: str, folder: Path) -> Found:
    shell = shutil.which("sh", path=tools)
    argv = [str(shell), "-c", AUDIT_SCRIPT, "audit", str(folder), "fabwiz.network=lan", "box", SUMS]
    done = subprocess.run(argv, capture_output=True, env={"PATH": tools}, timeout=60, check=True)
    return parse(done.stdout.decode())


def differing(found: Found, *paths: str) -> dict[str, Kind]:
    """What a manifest of the folder's first two files, and of `paths`, holds against it."""
    data = {"node/msp/key_sk": (0o600, KEY), "genesis.block": (0o644, b"\x0a\x00")} | dict.fromkeys(paths, (0o600, KEY))
    wanted = {path: BundleFile(path, mode, hashlib.sha256(one).hexdigest()) for path, (mode, one) in data.items()}
    sizes = {path: len(one) for path, (_, one) in data.items()}
    return {one.subject: one.kind for one in audit_files.compare(wanted, sizes, found, lambda digest: None)}


def test_what_is_as_the_manifest_says_is_not_told(tools: str, folder: Path) -> None:
    found = look(tools, folder)

    assert (found.uid, found.folder) == (os.getuid(), str(folder.resolve()))
    assert found.keys == {"node/msp/key_sk"}
    assert not found.docker
    assert differing(found) == {}


def test_everything_else_is_told_by_its_kind(tools: str, folder: Path) -> None:
    write(folder / "node/msp/ca_sk", KEY, 0o600)
    write(folder / "notes", b"x", 0o600)
    write(folder / "a b", b"x", 0o600)
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
    (folder / "node").chmod(0o755)
    (folder / "genesis.block").write_bytes(b"\x0a\x01")
    (folder / ".fabwiz-incoming.12ab.tgz").touch()

    assert differing(look(tools, folder), "gone") == {
        "node/msp/ca_sk": Kind.KEY,
        "notes": Kind.EXTRA,
        "a b": Kind.EXTRA,
        "link": Kind.EXTRA,
        "pipe": Kind.EXTRA,
        "s": Kind.EXTRA,
        "node": Kind.MODE,
        "genesis.block": Kind.CHANGED,
        ".fabwiz-incoming.12ab.tgz": Kind.LEFTOVER,
        "gone": Kind.MISSING,
    }


@pytest.mark.parametrize("mode", [0o644, 0o400, 0o4600])
def test_a_mode_is_wrong_by_any_bit(tools: str, folder: Path, mode: int) -> None:
    (folder / "node/msp/key_sk").chmod(mode)

    assert differing(look(tools, folder)) == {"node/msp/key_sk": Kind.MODE}


def test_the_folder_itself_may_be_seen_but_not_written_by_others(tools: str, folder: Path) -> None:
    folder.chmod(0o777)

    assert differing(look(tools, folder)) == {".": Kind.MODE}


def test_a_link_is_no_file_even_to_the_right_contents(tools: str, folder: Path, tmp_path: Path) -> None:
    (folder / "genesis.block").rename(tmp_path / "elsewhere")
    (folder / "genesis.block").symlink_to(tmp_path / "elsewhere")

    assert differing(look(tools, folder)) == {"genesis.block": Kind.TYPE}


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines",
        "x\nentry 8180 0 0 3 ./genesis.block",
        "genesis\u202e.block",
        "\x1b[2Jgenesis.block",
        "back\\slash",
        "-rf",
        "$(touch pwned)",
        "'\"",
        b"\xff\xfe".decode(errors="surrogateescape"),
    ],
)
def test_no_name_passes_for_another_or_is_passed_over(tools: str, folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    write(folder / name, KEY, 0o600)
    (folder / "genesis.block").unlink()

    told = differing(look(tools, folder))

    assert told.pop("genesis.block") is Kind.MISSING
    (kind,) = told.values()
    assert kind in (Kind.KEY, Kind.EXTRA)
    assert {path.name for path in folder.iterdir()} == {name.partition("/")[0], "node"}


def test_a_name_in_another_script_may_stand_in_a_manifest(tools: str, folder: Path) -> None:
    write(folder / "node/msp/Ünal-cert.pem", KEY, 0o600)

    assert differing(look(tools, folder), "node/msp/Ünal-cert.pem") == {}


def test_a_folder_with_a_strange_name_is_told_once(tools: str, folder: Path) -> None:
    (folder / "new\nline").mkdir()
    write(folder / "new\nline/inside", b"", 0o600)

    assert differing(look(tools, folder)) == {"new\nline": Kind.EXTRA}


def test_many_files_are_told_all(tools: str, folder: Path) -> None:
    for number in range(3000):
        (folder / f"{number:0100}").touch()

    assert len(differing(look(tools, folder))) == 3000


def test_a_file_that_somebody_else_owns_is_told(tools: str, folder: Path) -> None:
    found = look(tools, folder)
    entry = found.entries["node/msp/key_sk"]
    found.entries["node/msp/key_sk"] = type(entry)(entry.mode, OTHER_USER, entry.size)

    assert differing(found) == {"node/msp/key_sk": Kind.OWNER}


def test_files_may_belong_to_root_and_to_whoever_used_sudo(tools: str, folder: Path) -> None:
    found = look(tools, folder)
    found.uid, found.login_uid = 0, os.getuid()

    assert differing(found) == {}


def test_nothing_at_all_is_one_thing_that_is_missing(tools: str, tmp_path: Path) -> None:
    found = look(tools, tmp_path / "nowhere")

    assert found.folder is None
    assert differing(found) == {".": Kind.MISSING}


@pytest.mark.skipif(os.getuid() == 0, reason="root enters every folder")
def test_a_folder_that_cannot_be_entered_is_told(tools: str, folder: Path) -> None:
    folder.chmod(0)
    try:
        assert differing(look(tools, folder)) == {".": Kind.UNREAD}
    finally:
        folder.chmod(0o700)


def test_a_lease_is_no_deviation_but_a_key_in_its_place_is(tools: str, folder: Path) -> None:
    lease = folder / ".fabwiz-lease"
    lease.mkdir(0o700)
    for name in ("held", "about", "beat"):
        write(lease / f"{name}.12345678-9abcdef0", b"1\n", 0o600)
    assert differing(look(tools, folder)) == {}

    write(lease / "about.12345678-9abcdef0", KEY, 0o600)
    write(lease / "other", b"x", 0o600)

    assert differing(look(tools, folder)) == {
        ".fabwiz-lease/about.12345678-9abcdef0": Kind.KEY,
        ".fabwiz-lease/other": Kind.LEFTOVER,
    }


def test_without_anything_that_makes_checksums_nothing_is_compared(tmp_path: Path, folder: Path) -> None:
    applets = tmp_path / "few"
    applets.mkdir()
    for name in ("sh", "id", "find", "stat", "sed", "grep"):
        (applets / name).symlink_to(str(shutil.which(name)))
    argv = [str(applets / "sh"), "-c", AUDIT_SCRIPT, "audit", str(folder), "label", "box", SUMS]

    done = subprocess.run(argv, capture_output=True, env={"PATH": str(applets)}, timeout=60, check=False)

    assert done.returncode == NO_CHECKSUM


@pytest.mark.parametrize(
    "line",
    [
        "entry", "entry x 0 0 0 ./a", "entry 81a4 0 0", "sum", "odd 81a4 0 0 1 ab zz", "box {}", "box []", "box [1,2]",
        "box " + "[" * 100_000, "uid x", "id", "folder", "key", "volume", "nonsense", "", "uid 99999999999999999999 -",
    ],
)  # fmt: skip
def test_nonsense_is_passed_over(line: str) -> None:
    assert parse(f"uid 7 \n{line}\nfolder /opt/x\n").folder == "/opt/x"


def test_types_are_named() -> None:
    found = Found(folder="/x")
    found.entries["disk"] = Entry(stat.S_IFBLK | 0o600, 0, 0)

    (told,) = audit_files.compare({}, {}, found, lambda digest: None)

    assert told.message == "is a block device that the manifest does not have"
