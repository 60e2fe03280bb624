"""Whom to believe: new keys, known keys, changed keys."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from fabwiz.remote.connection import HostKeyChanged, HostKeyUnknown
from fabwiz.remote.hostkeys import HostKeys, fingerprint, known_hosts_name

ED = "ssh-ed25519"
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIFxGbb3xLnn2YMBsMVvmEF5ro0GGLIGxfhFcUsQn9JYf"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIAFGbb3xLnn2YMBsMVvmEF5ro0GGLIGxfhFcUsQn9JYf"


def unknown(name: str, key: str = KEY) -> HostKeyUnknown:
    return HostKeyUnknown("a", name, ED, key, fingerprint(key))


def test_names_as_known_hosts_files_have_them() -> None:
    assert known_hosts_name("Node.Example.com") == "node.example.com"
    assert known_hosts_name("192.0.2.1", 2222) == "[192.0.2.1]:2222"
    assert known_hosts_name("2001:db8::1", 22) == "2001:db8::1"


def test_the_fingerprint_is_what_ssh_keygen_prints(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(f"{ED} {KEY}\n")
    printed = subprocess.run(["ssh-keygen", "-lf", file], capture_output=True, text=True, check=True).stdout
    assert fingerprint(KEY) in printed


def test_an_unknown_key_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    own = tmp_path / "new" / "known_hosts"
    keys = HostKeys(own)
    with pytest.raises(HostKeyUnknown) as refusal:
        keys.check("a", "192.0.2.1", ED, KEY)
    assert fingerprint(KEY) in str(refusal.value)
    assert "--accept-new-host-keys" in refusal.value.remedy
    keys.accept([refusal.value])
    keys.check("a", "192.0.2.1", ED, KEY)
    HostKeys(own).check("a", "192.0.2.1", ED, KEY)
    assert own.stat().st_mode & 0o777 == 0o600
    assert own.parent.stat().st_mode & 0o777 == 0o700


def test_a_changed_key_names_the_line_that_says_otherwise(tmp_path: Path) -> None:
    own = tmp_path / "known_hosts"
    own.write_text(f"# mine\n192.0.2.1 {ED} {KEY} a comment\n")
    with pytest.raises(HostKeyChanged, match=r"known_hosts:2") as refusal:
        HostKeys(own).check("a", "192.0.2.1", ED, OTHER)
    assert fingerprint(OTHER) in str(refusal.value)
    with pytest.raises(HostKeyChanged):
        HostKeys(own).check("a", "192.0.2.1", "ssh-rsa", "AAAAB3NzaC1yc2E=")


def test_the_users_file_is_believed_and_left_alone(tmp_path: Path) -> None:
    users = tmp_path / "users"
    names = ["node1.example.com,192.0.2.1", "[192.0.2.2]:2222", "*.lab.example.com,!bad.lab.example.com"]
    users.write_text("".join(f"{name} {ED} {KEY} comment\n" for name in names))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", users], check=True, capture_output=True)
    with users.open("a") as file:
        file.write("not a line\n\n@cert-authority * ssh-rsa AAAA\n|1|broken ssh-rsa AAAA\n|1|x|y ssh-rsa AAAA\n")
    before = users.read_bytes()
    assert b"192.0.2.1" not in before
    keys = HostKeys(tmp_path / "own", users)
    for name in ("node1.example.com", "192.0.2.1", "[192.0.2.2]:2222", "x.lab.example.com"):
        keys.check("a", name, ED, KEY)
        assert keys.types(name) == [ED]
    for name in ("192.0.2.2", "bad.lab.example.com", "192.0.2.11"):
        with pytest.raises(HostKeyUnknown):
            keys.check("a", name, ED, KEY)
    with pytest.raises(HostKeyChanged):
        keys.check("a", "192.0.2.1", ED, OTHER)
    keys.accept([unknown("192.0.2.2")])
    assert users.read_bytes() == before
    assert (tmp_path / "own").read_text() == f"192.0.2.2 {ED} {KEY}\n"


def test_the_own_file_decides_where_both_know_a_host(tmp_path: Path) -> None:
    own, users = tmp_path / "own", tmp_path / "users"
    own.write_text(f"192.0.2.1 {ED} {KEY}\n")
    users.write_text(f"192.0.2.1 {ED} {OTHER}\n")
    HostKeys(own, users).check("a", "192.0.2.1", ED, KEY)
    with pytest.raises(HostKeyChanged):
        HostKeys(own, users).check("a", "192.0.2.1", ED, OTHER)


def test_a_revoked_key_is_refused_though_it_is_also_known(tmp_path: Path) -> None:
    own, users = tmp_path / "own", tmp_path / "users"
    own.write_text(f"192.0.2.1 {ED} {KEY}\n")
    users.write_text(f"@revoked * {ED} {KEY}\n")
    with pytest.raises(HostKeyChanged, match="revoked"):
        HostKeys(own, users).check("a", "192.0.2.1", ED, KEY)


def test_no_key_is_lost_when_many_are_accepted_at_once(tmp_path: Path) -> None:
    own = tmp_path / "known_hosts"
    own.write_text("# a comment\nsk.example.com sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1l comment")
    stores = [HostKeys(own), HostKeys(own)]  # as two processes have it
    threads = [threading.Thread(target=stores[i % 2].accept, args=([unknown(f"192.0.2.{i}")],)) for i in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = HostKeys(own)
    for i in range(32):
        fresh.check("a", f"192.0.2.{i}", ED, KEY)
    assert own.read_text().startswith(
        "# a comment\nsk.example.com sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1l comment\n"
    )


def test_many_hashed_lines_are_looked_through_quickly(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("".join(f"|1|{i:027d}=|AAAAAAAAAAAAAAAAAAAAAAAAAAA= {ED} {KEY}\n" for i in range(5000)))
    keys = HostKeys(tmp_path / "own", users)
    for i in range(20):
        assert keys.types(f"192.0.2.{i}") == []
