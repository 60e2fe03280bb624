"""A valid session that breaks no rule, and ways to change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fabwiz.rules import check
from fabwiz.session.document import Document
from fabwiz.session.findings import Edit, Finding

VALID = """\
fabwiz: 1
name: lab
fabric: "1.4.12"
hosts:
  a: 198.51.100.11
  b: 198.51.100.12
  c: 198.51.100.13
  d: 198.51.100.14
zookeeper: {zk1: a, zk2: b, zk3: c}
kafka: {kafka1: a, kafka2: b, kafka3: c, kafka4: d}
orderers: {orderer1: a, orderer2: b}
organizations:
  Org1: {domain: org1.example.com, peers: {peer0: a, peer1: b}, anchors: [peer0]}
  Org2: {domain: org2.example.com, peers: {peer0: c, peer1: d}, anchors: [peer0]}
channels:
  mychannel: {organizations: [Org1, Org2]}
chaincodes:
  mycc:
    version: "1.0"
    path: mycc
    channels: [mychannel]
    policy: "AND ('Org1MSP.peer','Org2MSP.peer')"
    check:
      - {query: [query, a], expect: "100"}
ordering:
  kafka: {tls: true}
"""

Change = Callable[[Mapping[str, object]], Document]
Told = Callable[[Document], list[Finding]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The session's folder, with the source of its chaincode."""
    (tmp_path / "mycc").mkdir()
    (tmp_path / "mycc" / "main.go").write_text("package main\n")
    return tmp_path


@pytest.fixture
def valid(folder: Path) -> Document:
    return Document.from_text(VALID, folder / "lab.yaml")


@pytest.fixture
def change(valid: Document) -> Change:
    """`change({"zookeeper.zk1.id": 0})` is the valid session with that setting; `None` removes a key."""

    def changed(settings: Mapping[str, object]) -> Document:
        return valid.edit([Edit(tuple(map(_part, key.split("."))), value) for key, value in settings.items()])

    return changed


def _part(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


@pytest.fixture
def told(folder: Path) -> Told:
    """Everything that loader and rules find, in order."""

    def find(document: Document) -> list[Finding]:
        found = list(document.findings)
        if document.network is not None:
            found += check(document.network, folder)
        return found

    return find
