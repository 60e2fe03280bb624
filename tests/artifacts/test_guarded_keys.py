"""CA and admin keys under a passphrase: their places and names stay, nodes' keys stay plain, nothing is ever lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from fabwiz.artifacts.crypto.generate import generate
from fabwiz.artifacts.crypto.guarded import home_keys, rewrite
from fabwiz.artifacts.errors import GenerateError
from fabwiz.artifacts.kafka_tls import generate as generate_kafka
from fabwiz.fabric.identity import IdentityError, SigningIdentity
from fabwiz.session.files import write_atomic
from fabwiz.session.guard import KeyGuard, is_encrypted
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

SESSION: dict[str, Any] = {
    "fabwiz": 1,
    "name": "net",
    "fabric": "1.4.12",
    "hosts": {"a": "192.0.2.1"},
    "zookeeper": {"zk1": "a"},
    "kafka": {"kafka1": "a"},
    "orderers": {"orderer1": "a"},
    "organizations": {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "a"}}},
    "ordering": {"kafka": {"tls": True}},
}
RIGHT = "correct horse battery"


def network(**changes: Any) -> Network:
    return Network(Session.model_validate(SESSION | changes))


def saying(*answers: str | None) -> Callable[[str, str | None], str | None]:
    left = list(answers)
    return lambda _what, _refused: left.pop(0) if left else None


def always(word: str) -> Callable[[str, str | None], str | None]:
    return lambda _what, refused: None if refused else word


def space(tmp_path: Path, encrypt: bool = True, ask: Any = None) -> Workspace:
    return Workspace(tmp_path / "net.yaml", durable=False, guard=KeyGuard(encrypt, ask or always(RIGHT)))


def make(workspace: Workspace, net: Network | None = None) -> None:
    generate(net or network(), workspace)
    generate_kafka(net or network(), workspace)


def keys_of(workspace: Workspace) -> dict[str, bool]:
    """Every private key below artifacts, and whether it is under a passphrase."""
    return {
        str(path.relative_to(workspace.artifacts)): is_encrypted(path.read_bytes())
        for path in workspace.artifacts.rglob("*")
        if path.is_file() and (path.name.endswith("_sk") or path.suffix == ".key")
    }


def test_keys_that_stay_home_get_the_passphrase_and_those_of_nodes_do_not(tmp_path: Path) -> None:
    workspace = space(tmp_path)
    make(workspace)
    found = keys_of(workspace)
    for name, encrypted in found.items():
        at_home = any(part in ("ca", "tlsca", "users") for part in Path(name).parts)
        assert encrypted is at_home, name
    assert sum(found.values()) == len(home_keys(workspace)) > 8
    assert not all(found.values())


def test_layout_and_names_are_those_of_plain_keys(tmp_path: Path) -> None:
    def shape(workspace: Workspace) -> list[str]:
        make(workspace)
        paths = (path.relative_to(workspace.artifacts) for path in workspace.artifacts.rglob("*"))
        return sorted("KEY_sk" if path.name.endswith("_sk") else str(path) for path in paths)

    assert shape(space(tmp_path / "one")) == shape(space(tmp_path / "two", encrypt=False))


def test_the_passphrase_is_asked_for_once_and_twice_when_it_is_new(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(what: str, refused: str | None) -> str:
        asked.append(what)
        return RIGHT

    make(space(tmp_path, ask=ask))
    assert asked == ["", " (once more)"]
    asked.clear()
    make(space(tmp_path, ask=ask))
    assert asked == [""]


def test_openssl_reads_them_with_the_passphrase(tmp_path: Path) -> None:
    workspace = space(tmp_path)
    make(workspace)
    for path in home_keys(workspace):
        serialization.load_pem_private_key(path.read_bytes(), RIGHT.encode())
        with pytest.raises(TypeError):
            serialization.load_pem_private_key(path.read_bytes(), None)


def test_a_wrong_passphrase_changes_nothing_and_is_said(tmp_path: Path) -> None:
    make(space(tmp_path))
    before = {path: path.read_bytes() for path in (tmp_path / "net.fabwiz").rglob("*") if path.is_file()}
    with pytest.raises(GenerateError, match=r"_sk needs a passphrase, and the one that was given does not open it"):
        make(space(tmp_path, ask=always("something else")), network(orderers={"orderer1": "a", "orderer2": "a"}))
    with pytest.raises(GenerateError, match="does not open it"):
        rewrite(space(tmp_path, ask=always("something else")), encrypt=False)
    assert {path: path.read_bytes() for path in (tmp_path / "net.fabwiz").rglob("*") if path.is_file()} == before


def test_somebody_who_slips_is_asked_again(tmp_path: Path) -> None:
    make(space(tmp_path, ask=saying("first try", "another one", RIGHT, RIGHT)))
    make(space(tmp_path, ask=saying("wrong one", RIGHT)))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((None,), "none was given; a headless run takes it from FABWIZ_CA_PASSPHRASE"),
        (("short", "short", "short"), "at least 8 characters"),
        (("one of two", "two of two") * 3, "the two passphrases differ"),
    ],
)
def test_no_key_is_made_without_a_good_passphrase(tmp_path: Path, answers: Any, said: str) -> None:
    workspace = space(tmp_path, ask=saying(*answers))
    with pytest.raises(GenerateError, match=said):
        make(workspace)
    assert keys_of(workspace) == {}


def test_new_keys_get_the_passphrase_of_those_that_are_there(tmp_path: Path) -> None:
    make(space(tmp_path))
    more = SESSION["organizations"] | {"Aaa": {"domain": "aaa.example.com", "peers": {"peer0": "a"}}}
    grown = network(organizations=dict(sorted(more.items())))
    asked: list[str] = []

    def ask(what: str, refused: str | None) -> str | None:
        asked.append(what)
        return "mistyped, but twice alike" if refused is None else RIGHT

    make(space(tmp_path, ask=ask), grown)
    assert "" in asked
    assert " (once more)" not in asked
    make(space(tmp_path), grown)


def test_a_key_whose_passphrase_was_changed_alone_is_named(tmp_path: Path) -> None:
    workspace = space(tmp_path)
    make(workspace)
    path = home_keys(workspace)[-1]
    key: Any = serialization.load_pem_private_key(path.read_bytes(), RIGHT.encode())
    path.write_bytes(KeyGuard(True, always("something else")).pem(key))
    with pytest.raises(
        GenerateError, match="is under another passphrase than the keys that were opened before"
    ) as told:
        rewrite(space(tmp_path), encrypt=False)
    assert str(path) in str(told.value)


def test_to_a_passphrase_and_back(tmp_path: Path) -> None:
    plain = space(tmp_path, encrypt=False)
    make(plain)
    before = {path: path.read_bytes() for path in home_keys(plain)}
    changed, kept = rewrite(space(tmp_path), encrypt=True)
    assert sorted(changed) == sorted(before)
    assert kept == []
    assert all(is_encrypted(path.read_bytes()) for path in before)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in before)
    make(space(tmp_path))  # certificates still belong to them
    changed, kept = rewrite(space(tmp_path), encrypt=True)
    assert changed == []
    rewrite(space(tmp_path), encrypt=False)
    assert {path: path.read_bytes() for path in home_keys(plain)} == before


def test_a_change_that_was_cut_off_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fabwiz.artifacts.crypto import guarded

    make(space(tmp_path, encrypt=False))
    whole, left = write_atomic, [3]

    def cut(*args: Any, **kwargs: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        whole(*args, **kwargs)

    monkeypatch.setattr(guarded, "write_atomic", cut)
    with pytest.raises(KeyboardInterrupt):
        rewrite(space(tmp_path), encrypt=True)
    monkeypatch.setattr(guarded, "write_atomic", whole)
    workspace = space(tmp_path)
    assert sum(is_encrypted(path.read_bytes()) for path in home_keys(workspace)) == 3
    make(workspace)  # whatever the mixture, runs go on
    rewrite(space(tmp_path), encrypt=True)
    assert all(is_encrypted(path.read_bytes()) for path in home_keys(workspace))


KILLED = """
import sys
from pathlib import Path
from fabwiz.artifacts.crypto.guarded import rewrite
from fabwiz.session.guard import KeyGuard
from fabwiz.session.workspace import Workspace
workspace = Workspace(Path(sys.argv[1]), guard=KeyGuard(True, lambda *_: sys.argv[3]))
for turn in range(200):
    rewrite(workspace, encrypt=turn % 2 == 0)
    print("turned", flush=True)
"""


def test_killed_while_keys_are_rewritten(tmp_path: Path) -> None:
    plain = space(tmp_path, encrypt=False)
    make(plain)
    before = {path: path.read_bytes() for path in home_keys(plain)}
    for kill in range(6):
        argv = [sys.executable, "-c", KILLED, str(tmp_path / "net.yaml"), "", RIGHT]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            for _ in range(1 + kill % 3):
                process.stdout.readline()
            process.kill()
        workspace = space(tmp_path)
        assert sorted(home_keys(workspace)) == sorted(before)
        rewrite(workspace, encrypt=False)
        assert {path: path.read_bytes() for path in home_keys(workspace)} == before
        assert not list(workspace.artifacts.rglob(".*.tmp"))


def test_an_admin_signs_with_such_a_key_if_it_can_be_opened(tmp_path: Path) -> None:
    workspace = space(tmp_path)
    make(workspace)
    msp = workspace.crypto_config / "peerOrganizations/org1.example.com/users/Admin@org1.example.com/msp"
    assert SigningIdentity.load(msp, "Org1MSP", KeyGuard(ask=always(RIGHT))).sign(b"x")
    with pytest.raises(IdentityError, match="none was given"):
        SigningIdentity.load(msp, "Org1MSP")
    with pytest.raises(IdentityError, match="does not open it"):
        SigningIdentity.load(msp, "Org1MSP", KeyGuard(ask=always("something else")))


def test_a_guard_shows_nothing() -> None:
    guard = KeyGuard(True, always(RIGHT))
    guard._for_new_keys()
    assert RIGHT not in repr(guard)
