"""Becoming root where Docker and the folder need it: not at all, by sudo, by sudo with a password."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fabwiz.remote.connection import AuthenticationFailed, BundleFile, Connection
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool

# A user who is not root, and sudo as far as it is used here: it marks what it runs with AS_ROOT.
ID = """#!/bin/sh
case "$1" in -u) echo 1000 ;; -Gn) cat "$(dirname "$0")/groups" ;; esac
"""
SUDO = """#!/bin/sh
home=$(dirname "$0")
echo "$*" | cut -c1-40 >>"$home/calls"
interactive=yes
while [ $# -gt 0 ]; do
  case $1 in -n) interactive= ;; -S) from_stdin=yes ;; -k) ;; -p) shift ;; --) shift; break ;; *) break ;; esac
  shift
done
if [ -f "$home/password" ]; then
  [ -n "$interactive" ] || { echo "sudo: a password is required" >&2; exit 1; }
  for try in 1 2 3; do
    IFS= read -r line || { echo "sudo: no password was provided" >&2; exit 1; }
    [ "$line" = "$(cat "$home/password")" ] && AS_ROOT=yes exec env AS_ROOT=yes "$@"
    echo "$line" >>"$home/wrong"
    echo "Sorry, try again." >&2
  done
  exit 1
fi
exec env AS_ROOT=yes "$@"
"""
WHO = ["sh", "-c", 'echo "${AS_ROOT:-no}"; cat']


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that makes this machine one with sudo and an ordinary user."""
    folder = tmp_path / "machine"
    folder.mkdir()
    for name, text in (("id", ID), ("sudo", SUDO)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "groups").write_text("users\n")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def connect(
    machine: Path, start_sshd: Any, network_of: Any, options: RemoteOptions, pools: Callable[..., Pool], tmp_path: Path
) -> Callable[..., Connection]:
    """Connect over SSH or locally, with the session saying how sudo is to be used."""

    def make(kind: str, sudo: str, asker: Any = None) -> Connection:
        common = {"remote_dir": "/fabwiz-test-that-only-root-could-make", "address": "127.0.0.1"}
        ssh: dict[str, Any] = {"sudo": sudo, "user": getpass.getuser()}
        if kind == "ssh":
            ssh |= start_sshd(f"SetEnv PATH={os.environ['PATH']}").ssh
        host = {**common, "ssh": ssh, "transport": kind}
        return pools(network_of({"a": host}), options, asker).connection("a")

    return make


both = pytest.mark.parametrize("kind", ["ssh", "local"])


@both
@pytest.mark.parametrize("sudo", ["auto", "passwordless", "ask"])
def test_sudo_without_a_password(kind: str, sudo: str, connect: Any, machine: Path) -> None:
    connection = connect(kind, sudo)
    assert connection.run(WHO, root=True, input=b"input").stdout == "yes\ninput"
    assert connection.run(WHO).stdout == "no\n"


@both
def test_sudo_with_a_password_that_is_asked_for_once(kind: str, connect: Any, machine: Path, person: Any) -> None:
    (machine / "password").write_text("sesame")
    operator = person({"sudo password": ["wrong", "sesame"]})
    connection = connect(kind, "ask", operator)
    assert connection.run(WHO, root=True, input=b"input\n").stdout == "yes\ninput\n"
    assert connection.run(WHO, root=True, input=b"").stdout == "yes\n"
    assert len(operator.questions) == 2
    assert (machine / "wrong").read_text() == "wrong\n"  # nothing else was ever taken for a password
    lines: list[str] = []
    import threading

    assert connection.stream(["sh", "-c", "echo $AS_ROOT"], lines.append, threading.Event(), root=True) == 0
    assert lines == ["yes"]


@both
def test_a_sudo_that_suddenly_wants_no_password_gets_none_into_the_input(
    kind: str, connect: Any, machine: Path, person: Any
) -> None:
    (machine / "password").write_text("sesame")
    connection = connect(kind, "ask", person({"sudo password": ["sesame"]}))
    connection.run(["true"], root=True)
    (machine / "password").unlink()
    assert connection.run(WHO, root=True, input=b"input").stdout == "yes\ninput"


@both
def test_bundles_are_placed_with_a_sudo_password(
    kind: str, connect: Any, machine: Path, person: Any, tmp_path: Path
) -> None:
    import hashlib

    (machine / "password").write_text("sesame")
    connection = connect(kind, "ask", person({"sudo password": ["sesame"]}))
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "key").write_bytes(b"x" * 100_000)
    files = [BundleFile("key", 0o600, hashlib.sha256(b"x" * 100_000).hexdigest())]
    assert connection.put_bundle(tmp_path / "bundle", files, str(tmp_path / "there")).changed == ("key",)
    assert (tmp_path / "there" / "key").read_bytes() == b"x" * 100_000
    assert not (machine / "wrong").exists()


@both
def test_auto_leaves_sudo_alone_where_docker_and_the_folder_are_within_reach(
    kind: str, network_of: Any, connect: Any, machine: Path
) -> None:
    (machine / "groups").write_text("users docker\n")
    if os.geteuid() != 0:
        pytest.skip("the folder of this test is in reach of root only")
    assert connect(kind, "auto").run(WHO, root=True).stdout == "no\n"
    assert not (machine / "calls").exists()


def test_never_means_never(connect: Any, machine: Path) -> None:
    assert connect("local", "never").run(WHO, root=True).stdout == "no\n"
    assert not (machine / "calls").exists()


def test_auto_goes_on_without_root_where_nobody_knows_the_password(connect: Any, machine: Path) -> None:
    (machine / "password").write_text("sesame")
    assert connect("local", "auto").run(WHO, root=True).stdout == "no\n"


def test_auto_uses_a_password_from_the_environment_which_commands_do_not_see(
    connect: Any, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine / "password").write_text("sesame")
    monkeypatch.setenv("FABWIZ_SUDO_PASSWORD", "sesame")
    connection = connect("local", "auto")
    assert connection.run(WHO, root=True).stdout == "yes\n"
    assert "sesame" not in connection.run(["env"], root=True).stdout


def test_what_the_session_asks_for_and_does_not_get_is_an_error(connect: Any, machine: Path, person: Any) -> None:
    (machine / "password").write_text("sesame")
    with pytest.raises(AuthenticationFailed, match=r"ssh\.sudo is passwordless.*NOPASSWD"):
        connect("local", "passwordless").run(["true"], root=True)
    with pytest.raises(AuthenticationFailed, match=r"none was given.*FABWIZ_SUDO_PASSWORD"):
        connect("local", "ask").run(["true"], root=True)
    with pytest.raises(AuthenticationFailed, match=r"sudo refused the password") as failure:
        connect("local", "ask", person({"sudo password": ["one", "two", "three"]})).run(["true"], root=True)
    assert "three" not in str(failure.value)


def test_a_sudo_that_breaks_down_later_is_named(connect: Any, machine: Path) -> None:
    connection = connect("local", "passwordless")
    connection.run(["true"], root=True)
    (machine / "sudo").write_text("#!/bin/sh\necho 'sudo: sorry, you must have a tty' >&2; exit 1\n")
    with pytest.raises(AuthenticationFailed, match=r"sudo did not run `id`; it said: sudo: sorry, you must have a tty"):
        connection.run(["id"], root=True)
