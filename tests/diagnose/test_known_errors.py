"""Every known error by real examples of its message, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fabwiz.diagnose import KNOWN, Known, diagnose
from fabwiz.session.releases import RELEASES

EXAMPLES: dict[str, list[tuple[str, str]]] = yaml.safe_load(
    Path(__file__).with_name("messages.yaml").read_text("utf-8")
)
MESSAGES = [
    pytest.param(known_id, version, message, id=f"{known_id}-{number}")
    for known_id, messages in EXAMPLES.items()
    for number, (version, message) in enumerate(messages)
]

FATAL = {
    "2", "3", "5", "6b", "7", "8c", "9", "10", "10b", "11", "12", "13", "16", "22", "23", "24", "25", "26", "27", "28",
    "28b", "28c",
    "29", "31",
}  # fmt: skip

# what a healthy network says while it starts and works
HEALTHY = [
    "[channel: mychannel] Start phase completed successfully",
    "[channel: testchainid] Setting up the producer for this channel...",
    "[orderer/consensus/kafka] processMessagesToBlocks -> DEBU [channel: x] Successfully unmarshalled consumed message",
    "INFO [Kafka Server 1], started (kafka.server.KafkaServer)",
    "INFO Registered broker 1 at path /brokers/ids/1 with addresses: EndPoint(kafka1,9092)",
    "LEADING - LEADER ELECTION TOOK - 219",
    "[gossip/service] updateAnchors -> INFO Learning about the configured anchor peers of Org1MSP for channel x",
    "[kvledger] CommitWithPvtData -> INFO Channel [mychannel]: Committed block [3] with 1 transaction(s)",
    "[cceventmgmt] HandleStateUpdates -> INFO Channel [mychannel]: Handling deploy for chaincode [mycc]",
    "[msp] Validate -> DEBU MSP Org1MSP validating identity",
    "2018-05-05 INFO kafka: connected to kafka1:9092",
    "Error: read tcp 198.51.100.1:5000: i/o timeout",
]


def test_every_known_error_has_an_example() -> None:
    assert {known.id for known in KNOWN} == set(EXAMPLES)
    assert len({known.id for known in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize(("known_id", "version", "message"), MESSAGES)
def test_is_known_word_for_word(known_id: str, version: str, message: str) -> None:
    for text in (message, f"2019-01-01 10:00:00.000 UTC [orderer] main -> ERRO 01a {message}\n"):
        known = diagnose(text)
        assert known is not None
        assert known.id == known_id
        known = diagnose(text, RELEASES[version])
        assert known is not None
        assert known.id == known_id


@pytest.mark.parametrize("line", HEALTHY)
def test_healthy_lines_are_not_known(line: str) -> None:
    assert diagnose(line) is None


@pytest.mark.parametrize("known", [pytest.param(known, id=known.id) for known in KNOWN])
def test_says_whether_waiting_helps_and_what_to_do(known: Known) -> None:
    assert known.fatal == (known.id in FATAL)
    assert known.cause.endswith(".")
    assert known.remedy.endswith(".")
    assert known.evidence


@pytest.mark.parametrize(
    ("message", "first", "last"),
    [
        ("will not enqueue, consenter for this channel hasn't started yet", "1.0.0", "1.3.0"),
        ("backing Kafka cluster has not completed booting; try again later", "1.4.0", "1.4.12"),
        ("readset expected key [Group]  /Channel/Application at version 0, but got version 1", "1.0.0", "1.4.0"),
        (
            "proposed update requires that key [Group]  /Channel be at version 0, but it is currently at version 1",
            "1.4.1",
            "1.4.12",
        ),
        ("Failed to pull hyperledger/fabric-ccenv:latest: API error (404)", "1.2.0", "1.4.7"),
        ("chaincode exists mycc", "1.0.0", "1.1.1"),
        ("chaincode with name 'mycc' already exists", "1.2.0", "1.4.12"),
        ("chaincode fingerprint mismatch: data mismatch", "1.2.0", "1.4.12"),
        ("identity expired", "1.1.0", "1.4.12"),
        ("exec format error", "1.0.0", "1.4.12"),
    ],
)  # fmt: skip
def test_respects_the_release(message: str, first: str, last: str) -> None:
    known = [version for version, release in RELEASES.items() if diagnose(message, release)]
    assert (known[0], known[-1]) == (first, last)
    assert known == list(RELEASES)[list(RELEASES).index(first) : list(RELEASES).index(last) + 1]
