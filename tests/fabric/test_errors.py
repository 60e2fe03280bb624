from __future__ import annotations

import pytest

from fabwiz.fabric import errors
from fabwiz.fabric.errors import from_answer

# Fabric's own words, as printed by nodes of 1.0.0, 1.1.0 and 1.4.12
WORDS = [
    (errors.AlreadyJoined, "500", "cannot create ledger from genesis block: LedgerID already exists"),
    (
        errors.AlreadyJoined,
        "UNKNOWN",
        "(status: 500, message: Cannot create ledger from genesis block, due to LedgerID already exists",
    ),
    (
        errors.AlreadyInstalled,
        "500",
        "error installing chaincode code mycc:1.0(chaincode /var/hyperledger/production/chaincodes/mycc.1.0 exists)",
    ),
    (errors.AlreadyInstantiated, "500", "chaincode with name 'mycc' already exists"),
    (errors.AlreadyInstantiated, "UNKNOWN", "chaincode error (status: 500, message: chaincode exists mycc)"),
    (errors.AlreadyInstantiated, "500", "version already exists for chaincode with name 'mycc'"),
    (
        errors.ChannelExists,
        "BAD_REQUEST",
        (
            "error authorizing update: error validating ReadSet: readset expected key [Group]  /Channel/Application at "
            "version 0, but got version 1"
        ),
    ),
    (
        errors.ChannelExists,
        "BAD_REQUEST",
        (
            "error applying config update to existing channel 'mychannel': error authorizing update: error "
            "validating ReadSet: proposed update requires that key [Group]  /Channel/Application be at version 0, but "
            "it is currently at version 1"
        ),
    ),
    (errors.Forbidden, "500", "access denied for [install]: Failed verifying that proposal's creator satisfies"),
    (
        errors.Forbidden,
        "UNKNOWN",
        (
            'chaincode error (status: 500, message: "JoinChain" request failed authorization check for channel '
            "[mychannel]: [This identity is not an admin])"
        ),
    ),
    (errors.Forbidden, "BAD_REQUEST", "policy for [Group]  /Channel/Application not satisfied"),
    (errors.Forbidden, "FORBIDDEN", ""),
    (errors.ServiceUnavailable, "SERVICE_UNAVAILABLE", "backing Kafka cluster has not completed booting; try again"),
    (errors.NotFound, "NOT_FOUND", ""),
    (errors.NotFound, "500", "Failed to get transaction with id 00, error Entry not found in index"),
    (errors.NotFound, "500", "cannot get package for chaincode (mycc:1.0)"),
    (
        errors.NotFound,
        "500",
        "make sure the chaincode mycc has been successfully instantiated: chaincode mycc not found",
    ),
    (errors.FabricError, "500", 'account "a" has 70, which is less than 1000'),
]


@pytest.mark.parametrize(("kind", "status", "message"), WORDS)
def test_answers_are_recognized(kind: type[errors.FabricError], status: str, message: str) -> None:
    error = from_answer(message, target="peer0.org1.example.com", status=status)
    assert type(error) is kind
    assert error.status == status
    assert str(error).startswith("peer0.org1.example.com: ")
    assert message in str(error)


def test_what_is_already_so_can_be_caught_as_one() -> None:
    done = (errors.AlreadyInstalled, errors.AlreadyInstantiated, errors.AlreadyJoined, errors.ChannelExists)
    assert all(issubclass(kind, errors.AlreadyDone) for kind in done)


def test_cause_and_remedy_come_from_the_diagnosis() -> None:
    error = from_answer("cannot get package for chaincode (mycc:1.0)", target="peer0", status="500")
    assert error.known is not None
    assert error.cause == error.known.cause
    assert error.remedy == error.known.remedy
    unknown = from_answer("the moon is in the seventh house", target="peer0", status="500")
    assert (unknown.known, unknown.cause, unknown.remedy) == (None, None, None)


def test_a_bare_refusal_of_1_0_says_where_to_look() -> None:
    assert "log" in str(from_answer("", target="orderer1", status="BAD_REQUEST"))


def test_nothing_that_a_node_says_reaches_the_terminal_as_a_command() -> None:
    error = from_answer("a\x1b[31mred\x1b]0;title\x07\x00\x9b2J\r\nsecond", target="peer0")
    assert error.message == "ared2J\nsecond"
