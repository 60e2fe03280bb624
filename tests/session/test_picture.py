"""The topology as letters and lines."""

from __future__ import annotations

import pytest

from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.findings import Edit
from fabwiz.session.network import Network
from fabwiz.session.picture import picture


def network_of(name: str, *edits: Edit) -> Network:
    network = Document.from_text(examples.text(name)).edit(edits).network
    assert network
    return network


def test_every_host_is_a_box_with_what_runs_there() -> None:
    assert picture(network_of("four-lan-hosts"), 60) == [
        "┌─ a 203.0.113.11 ─────────┐ ┌─ b 203.0.113.12 ─────────┐",
        "│ zk    zk1 :2181          │ │ zk    zk2 :2181          │",
        "│ kafka kafka1 :9092       │ │ kafka kafka2 :9092       │",
        "│ order orderer1 :7050     │ │ order orderer2 :7050     │",
        "│ peer  peer0 Org1 :7051   │ │ peer  peer1 Org1 :7051   │",
        "└──────────────────────────┘ └──────────────────────────┘",
        "┌─ c 203.0.113.13 ─────────┐ ┌─ d 203.0.113.14 ─────────┐",
        "│ zk    zk3 :2181          │ │ kafka kafka4 :9092       │",
        "│ kafka kafka3 :9092       │ │ peer  peer1 Org2 :7051   │",
        "│ order orderer3 :7050     │ └──────────────────────────┘",
        "│ peer  peer0 Org2 :7051   │",
        "└──────────────────────────┘",
        "channel mychannel: Org1, Org2",
    ]


@pytest.mark.parametrize("name", examples.names())
@pytest.mark.parametrize("width", [1, 28, 80, 200])
def test_no_line_is_wider_than_asked(name: str, width: int) -> None:
    assert all(len(line) <= max(width, 28) for line in picture(network_of(name), width))


def test_nodes_on_unknown_hosts_are_not_hidden() -> None:
    lines = picture(network_of("four-lan-hosts", Edit(("kafka", "kafka1"), "nowhere")), 30)
    assert any("unlisted hosts" in line for line in lines)
    assert sum("kafka1" in line for line in lines) == 1


def test_plain_letters_where_there_are_no_others() -> None:
    assert all(line.isascii() for line in picture(network_of("thirteen-hosts"), 100, ascii_only=True))
