"""A run that is killed at any moment leaves nothing half: the next run keeps its keys and completes the rest."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fabwiz.artifacts import crypto
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


def network(**organizations: Any) -> Network:
    session = {
        "fabwiz": 1,
        "name": "small",
        "fabric": "1.4.0",
        "hosts": {"a": "192.0.2.11"},
        "zookeeper": {"zk1": "a"},
        "kafka": {"kafka1": "a"},
        "orderers": {},
        "organizations": organizations,
    }
    return Network(Session.model_validate(session))


ORDERERS_ONLY = network()
WITH_PEER = network(Org1={"domain": "org1.example.com", "peers": {"peer0": "a"}})


class Killed(BaseException):
    """Nothing in the program catches it: what follows a kill does not happen either."""


class Murderer:
    """Ends the program at the n-th call that changes the disk. `None` only counts."""

    CALLS = ("open", "fsync", "rename", "replace", "mkdir", "chmod", "fchmod", "unlink", "rmdir")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.at: int | None = None
        self.dead = False
        for name in self.CALLS:
            monkeypatch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            if self.dead:
                raise Killed  # tidying up does not happen in a process that is gone
            self.calls += 1
            if self.calls == self.at:
                self.dead = True
                raise Killed
            return call(*arguments, **options)

        return watched

    def run(self, net: Network, workspace: Workspace, at: int | None) -> int:
        """Calls that were made."""
        self.calls, self.at, self.dead = 0, at, False
        try:
            crypto.generate(net, workspace)
        except Killed:
            pass
        finally:
            self.at, self.dead = None, False
        return self.calls


def files(workspace: Workspace) -> dict[str, bytes]:
    """What another program would find: all but what still has a temporary name."""
    root = workspace.crypto_config
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    }


def check_pairs(workspace: Workspace) -> int:
    """Every key has its certificate, issued by the CA of its organization: how many there are."""
    root = workspace.crypto_config
    pairs = 0
    for path in (*root.rglob("*_sk"), *root.rglob("*.key")):
        key = load_pem_private_key(path.read_bytes(), None)
        if path.suffix == ".key":
            certificate = path.with_suffix(".crt")
        else:
            folder = path.parent.parent / "signcerts" if path.parent.name == "keystore" else path.parent
            (certificate,) = folder.glob("*.pem")
        assert x509.load_pem_x509_certificate(certificate.read_bytes()).public_key() == key.public_key(), path
        pairs += 1
    return pairs


def shape(workspace: Workspace) -> list[str]:
    root = workspace.crypto_config
    return sorted(re.sub("[0-9a-f]{64}_sk", "SKI_sk", str(path.relative_to(root))) for path in root.rglob("*"))


@pytest.mark.parametrize(("net", "step"), [(ORDERERS_ONLY, 1), (WITH_PEER, 13)], ids=["every moment", "many moments"])
def test_killed_at_any_moment_of_a_first_run(
    net: Network, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    murderer = Murderer(monkeypatch)
    whole = Workspace(tmp_path / "whole.yaml")
    moments = murderer.run(net, whole, None)
    assert moments > 50
    for moment in range(1, moments + 1, step):
        workspace = Workspace(tmp_path / f"killed{moment}.yaml")
        murderer.run(net, workspace, moment)
        visible = files(workspace)
        if workspace.crypto_config.exists():
            # what has its name is whole: a folder with a key has the certificate too
            for folder in workspace.crypto_config.rglob("msp"):
                if "users" in folder.parts and not any(part.startswith(".") for part in folder.parts):
                    assert len(list(folder.glob("keystore/*"))) == len(list(folder.glob("signcerts/*"))) == 1
        crypto.generate(net, workspace)
        after = files(workspace)
        assert {path: after[path] for path in visible} == visible, f"killed at call {moment}"
        assert shape(workspace) == shape(whole), f"killed at call {moment}"
        assert check_pairs(workspace) == check_pairs(whole)


@pytest.mark.parametrize(
    "lost",
    [
        "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/msp",
        "peerOrganizations/org1.example.com/peers/peer0.org1.example.com/tls",
        "peerOrganizations/org1.example.com/users/User1@org1.example.com/msp/signcerts",
    ],
)
def test_killed_at_any_moment_while_completing(lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Workspace(tmp_path / "whole.yaml")
    crypto.generate(WITH_PEER, whole)
    murderer = Murderer(monkeypatch)

    def damaged(name: str) -> Workspace:
        workspace = Workspace(tmp_path / f"{name}.yaml")
        shutil.copytree(whole.root, workspace.root)
        shutil.rmtree(workspace.crypto_config / lost)
        return workspace

    moments = murderer.run(WITH_PEER, damaged("counted"), None)
    for moment in range(1, moments + 1):
        workspace = damaged(f"killed{moment}")
        murderer.run(WITH_PEER, workspace, moment)
        visible = files(workspace)
        report = crypto.generate(WITH_PEER, workspace)
        assert report.created == []
        after = files(workspace)
        assert {path: after[path] for path in visible} == visible, f"killed at call {moment}"
        assert shape(workspace) == shape(whole), f"killed at call {moment}"
        assert check_pairs(workspace) == check_pairs(whole)
