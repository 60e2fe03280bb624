"""What the loss of each host takes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from fabwiz.rules import Subject, host_losses, losses_of, tolerance
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding
from fabwiz.session.network import Network

Change = Callable[[Mapping[str, object]], Document]
Told = Callable[[Document], list[Finding]]


def losses(document: Document) -> dict[str, list[tuple[Subject, int, int]]]:
    assert document.network is not None
    return {
        one.host: [(loss.subject, loss.carried, loss.total) for loss in one.losses]
        for one in host_losses(document.network)
        if one.losses
    }


def test_the_valid_session_bears_any_loss(valid: Document) -> None:
    assert losses(valid) == {}
    assert valid.network is not None
    assert tolerance(valid.network) == "any 1 host"


def test_zookeeper_needs_a_majority_of_all(change: Change) -> None:
    assert losses(change({"zookeeper.zk3": "a"})) == {"a": [(Subject.ZOOKEEPER, 2, 3)]}
    five = {"zk1": "a", "zk2": "a", "zk3": "b", "zk4": "c", "zk5": "d"}
    assert losses(change({"zookeeper": five})) == {}
    assert losses(change({"zookeeper": {**five, "zk3": "a"}})) == {"a": [(Subject.ZOOKEEPER, 3, 5)]}


@pytest.mark.parametrize(
    ("brokers", "least", "copies", "expected"),
    [
        ("abcd", 2, 3, []),
        # two brokers of four: all of a channel's copies but one may lie on them, and 2 brokers cannot hold 3 copies
        ("aabc", 2, 3, [Subject.WRITES, Subject.CHANNELS]),
        # six brokers: 4 are left for new channels, but a channel may have had 2 of its 3 copies on the host
        ("aabbcd", 2, 3, [Subject.WRITES]),
        # 2 of 5 copies may go, but not 3 brokers of 7 when a new channel needs 5
        ("aaabbcd", 2, 5, [Subject.CHANNELS]),
        ("aabbccd", 2, 4, []),
        ("aabbccd", 3, 4, [Subject.WRITES]),
        # more of the host's brokers than a channel has copies: all may be gone
        ("aaaabbbbccccdddd", 2, 3, [Subject.WRITES]),
    ],
)
def test_kafka_at_its_worst_placement(
    brokers: str, least: int, copies: int, expected: list[Subject], change: Change
) -> None:
    document = change(
        {
            "kafka": {f"kafka{number}": host for number, host in enumerate(brokers)},
            "ordering.kafka.min_insync_replicas": least,
            "ordering.kafka.replication_factor": copies,
        }
    )
    assert [subject for subject, _, _ in losses(document).get("a", [])] == expected


def test_topics_have_the_copies_that_orderers_ask_for(change: Change) -> None:
    settings = {"ordering.kafka.topic_replication_factor": 2}
    assert set(losses(change(settings))) == set("abcd")
    # before 1.3 orderers do not ask, and the brokers' default holds
    assert losses(change({**settings, "fabric": "1.2.1"})) == {}


def test_orderers_and_peers(change: Change) -> None:
    document = change({"orderers.orderer2": "a", "organizations.Org2.peers.peer1": "c"})
    assert losses(document) == {"a": [(Subject.ORDERERS, 2, 2)], "c": [(Subject.PEERS, 2, 2)]}
    assert document.network is not None
    assert tolerance(document.network) == (
        "any 1 host; not host a: it carries 2 of 2 orderers; host c: it carries 2 of 2 peers of Org2"
    )


def test_what_is_lacking_already_is_nothing_that_a_host_loses(change: Change) -> None:
    document = change({"ordering.kafka.replication_factor": 5})
    assert losses(document) == {}


def test_the_message_says_what_is_lost(change: Change, told: Told) -> None:
    (finding,) = told(change({"zookeeper.zk3": "a", "kafka.kafka2": "a"}))
    assert finding.path == ("hosts", "a")
    assert finding.message.startswith(
        "losing host a loses 2 of 3 ZooKeeper servers: no majority is left; "
        "2 of 4 Kafka brokers: a channel may keep 1 of its 3 copies, and writing needs 2; "
        "2 of 4 Kafka brokers: 2 are left, and creating a channel needs 3"
    )


def test_a_single_host_loses_everything_and_more_hosts_are_the_only_way_out(valid: Document, told: Told) -> None:
    text = valid.text
    for host in "bcd":
        text = text.replace(f": {host},", ": a,").replace(f": {host}}}", ": a}")
    lines = [line for line in text.splitlines() if not line.startswith(("  b:", "  c:", "  d:"))]
    (finding,) = told(Document.from_text("\n".join(lines)))
    assert "4 of 4 Kafka brokers" in finding.message
    assert finding.message.endswith("only more hosts help")
    assert finding.fix is None


def test_numbers_that_no_placement_mends_are_left_to_their_own_rules(change: Change, told: Told) -> None:
    document = change({"zookeeper": {"zk1": "a"}, "orderers.orderer2": None})
    assert losses(document) == {"a": [(Subject.ZOOKEEPER, 1, 1), (Subject.ORDERERS, 1, 1)]}
    assert [finding.rule for finding in told(document)] == ["zookeeper-count", "orderer-count"]


def test_a_network_without_nodes_loses_nothing(change: Change) -> None:
    document = change({"zookeeper": {}, "kafka": {}, "orderers": {}, "organizations": {}})
    assert isinstance(document.network, Network)
    assert losses(document) == {}


def test_nodes_that_are_lost_together_wherever_they_are(valid: Document) -> None:
    assert valid.network is not None
    assert losses_of(valid.network, {"kafka1", "zk1"}) == ()
    found = losses_of(valid.network, {"kafka1", "kafka2"})
    assert [(loss.subject, loss.carried, loss.bearable) for loss in found] == [
        (Subject.WRITES, 2, 1),
        (Subject.CHANNELS, 2, 1),
    ]
