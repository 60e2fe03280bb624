"""Policies that are built are ones that the release reads, and mean what their words say."""

from __future__ import annotations

import pytest
import yaml

from fabwiz.editing.policies import built, in_words, majority, organizations_by_msp, signers
from fabwiz.session import examples
from fabwiz.session.policy import parse
from fabwiz.session.releases import RELEASES

THREE = ["Org1MSP", "Org2MSP", "Org3MSP"]
NAMES = {"Org1MSP": "Org1", "Org2MSP": "Org2"}


@pytest.mark.parametrize("release", ["1.0.0", "1.1.0", "1.4.12"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_as_were_asked_for_must_sign(count: int, release: str) -> None:
    policy = parse(built(count, THREE, "member", RELEASES[release]), RELEASES[release])
    for signing in range(4):
        assert policy.satisfied_by(dict.fromkeys(THREE[:signing], 1)) == (signing >= count)


def test_policies_are_written_as_fabrics_documents_write_them() -> None:
    assert built(2, THREE[:2], "peer") == "AND ('Org1MSP.peer','Org2MSP.peer')"
    assert built(1, THREE[:2], "member") == "OR ('Org1MSP.member','Org2MSP.member')"
    assert built(2, THREE, "admin") == "OutOf(2, 'Org1MSP.admin', 'Org2MSP.admin', 'Org3MSP.admin')"
    assert [majority(of) for of in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]


def test_what_cannot_be_is_refused() -> None:
    for count in (0, 4):
        with pytest.raises(ValueError, match="of 3 organizations cannot sign"):
            built(count, THREE, "peer")
    with pytest.raises(ValueError, match="too many to write out"):
        built(10, [f"O{number}MSP" for number in range(20)], "member", RELEASES["1.0.0"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AND ('Org1MSP.peer','Org2MSP.peer')", "the signatures of a peer of Org1 and a peer of Org2."),
        ("OR ('Org1MSP.member','Org9MSP.member')", "the signature of a member of Org1 or Org9MSP."),
        ("OutOf(2,'Org1MSP.admin','Org2MSP.admin','X.admin')", "the signatures of admins of 2 of Org1, Org2 and X."),
        ("OR('Org1MSP.admin')", "the signature of an admin of Org1."),
        (
            "OR('Org1MSP.admin', AND('Org1MSP.peer','Org2MSP.peer'))",
            "either the signature of an admin of Org1 or (the signatures of a peer of Org1 and a peer of Org2).",
        ),
        ("OutOf(0,'Org1MSP.admin','X.admin')", "nobody's signature."),
    ],
)
def test_a_policy_is_said_in_words(text: str, words: str) -> None:
    assert in_words(text, None, NAMES) == f"A transaction needs {words}"


def test_what_is_wrong_is_said_with_its_place() -> None:
    assert in_words("AND('Org1MSP.peer'") == "not a policy: the ( of AND is not closed (at character 1)"
    assert "1.0.0" in in_words("OR('Org1MSP.peer')", RELEASES["1.0.0"])


def test_nesting_without_end_is_said_shortly() -> None:
    text = "OR('A.peer','B.admin')"
    for _ in range(40):
        text = f"AND('C.peer',{text})"
    assert len(in_words(text)) < 400


def test_those_who_are_on_all_channels_can_sign() -> None:
    data = yaml.safe_load(examples.text("three-orgs-one-host"))
    assert organizations_by_msp(data) == {f"Org{number}MSP": f"Org{number}" for number in (1, 2, 3)}
    assert signers(data, "mycc") == THREE  # nobody is on all
    data["channels"]["channel2"]["organizations"] = ["Org1", "Org2"]
    data["chaincodes"]["mycc"]["channels"] = ["channel1", "channel2"]
    assert signers(data, "mycc") == ["Org1MSP"]
    assert signers(data, "none") == []
