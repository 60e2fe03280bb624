"""Endorsement policies: what Fabric's parser takes, what it makes of it, and who can satisfy it."""

import pytest

from fabwiz.session.policy import NOutOf, Policy, PolicyError, SignedBy, parse
from fabwiz.session.releases import RELEASES

A, B, C, D = (SignedBy(msp_id, "member") for msp_id in "ABCD")


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("AND('A.member', 'B.member')", NOutOf(2, (A, B))),
        ("AND ('A.member','B.member')", NOutOf(2, (A, B))),
        ("  or( \t'A.member',\n'B.member' ) ", NOutOf(1, (A, B))),
        ("OutOf(1, 'A.member', 'B.member')", NOutOf(1, (A, B))),
        ("OUTOF('2', 'A.member', 'B.member')", NOutOf(2, (A, B))),
        ("outof(0, 'A.member')", NOutOf(0, (A,))),
        ("And('A.member')", NOutOf(1, (A,))),
        ('Or("A.member", "B.member")', NOutOf(1, (A, B))),
        ("OR('A.member', AND('B.member', 'C.member'))", NOutOf(1, (A, NOutOf(2, (B, C))))),
        ("OR('Org-1.x.MSP.peer', '0.orderer')", NOutOf(1, (SignedBy("Org-1.x.MSP", "peer"), SignedBy("0", "orderer")))),
    ],
)
def test_reads_what_fabric_reads(text: str, policy: Policy) -> None:
    assert parse(text) == policy


def test_principals_of_inner_gates_come_first_and_repeat() -> None:
    # TestComplex1 of policyparser_test.go: identities are B, C, A
    assert parse("OR('A.member', AND('B.member', 'C.member'))").principals() == (B, C, A)
    assert parse("AND('A.member', OR('A.member', 'B.member'), 'A.member')").principals() == (A, B, A, A)


def test_build_numbers_principals_as_principals_lists_them() -> None:
    policy = parse("OR('A.member', AND('B.member', OR('C.member')), 'D.member')")
    assert policy.principals() == (C, B, A, D)
    built = policy.build(lambda n, rules: f"{n}({' '.join(rules)})", lambda index, who: f"{index}{who.msp_id}")
    assert built == "1(2A 2(1B 1(0C)) 3D)"


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "empty"),
        ("  ", 0, "empty"),
        ("'A.member'", 0, "OR('A.member')"),
        ("AND('A.member'", 0, "not closed"),
        ("AND('A.member", 4, "quote is not closed"),
        ("AND('A.member' 'B.member')", 15, "expected , or )"),
        ("AND('A.member',)", 15, "not ')'"),
        ("AND()", 4, "not ')'"),
        ("AND", 3, "not followed by ("),
        ("XOR('A.member')", 0, "no gate"),
        ("aND('A.member')", 0, "no gate"),
        ("OR(A.member)", 3, "stands in quotes, such as 'A.member'"),
        ("OR('A.boss')", 3, "'boss' is no role"),
        ("OR('member')", 3, "'Org1MSP.member'"),
        ("OR('A_1.member')", 3, "A_1"),
        ("OR('A.member ')", 3, "no role"),
        ("OutOf(3, 'A.member', 'B.member')", 0, "never be satisfied"),
        ("OutOf('A.member', 'B.member')", 6, "whole number"),
        ("OutOf(1.5, 'A.member')", 6, "does not belong"),
        ("OutOf(2)", 7, "comma"),
        ("OutOf(-1, 'A.member')", 6, "does not belong"),
        ("AND('A.member') OR", 16, "after the end"),
        ("AND('A.member') && OR('A.member')", 16, "does not belong"),
        ("AND(" * 10_000, 4 * 64, "nested"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, position: int, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert (caught.value.position, message in str(caught.value)) == (position, True), str(caught.value)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("AND('A.member')", "1.0.0"),
        ("OR('A.peer')", "1.1.0"),
        ("OR('A-1.member')", "1.1.0"),
        ("OutOf(1, 'A.admin')", "1.1.0"),
        ("And('A.admin')", "1.2.0"),
    ],
)
def test_respects_the_release(text: str, since: str) -> None:
    for version, release in RELEASES.items():
        if release < RELEASES[since]:
            with pytest.raises(PolicyError, match=version):
                parse(text, release)
        else:
            assert parse(text, release) == parse(text)


@pytest.mark.parametrize(
    ("text", "available", "sets"),
    [
        ("AND('A.peer','B.peer')", None, [{"A": 1, "B": 1}]),
        ("OR('A.peer','B.member')", None, [{"A": 1}, {"B": 1}]),
        ("OR('A.peer','B.peer')", {"B": 3}, [{"B": 1}]),
        ("OutOf(2,'A.peer','A.peer','B.peer')", None, [{"A": 2}, {"A": 1, "B": 1}]),
        ("OutOf(2,'A.peer','A.peer','B.peer')", {"A": 1, "B": 1}, [{"A": 1, "B": 1}]),
        ("AND('A.peer','A.peer')", {"A": 1}, []),
        ("AND('A.peer','B.admin')", None, []),
        ("OR('A.admin','B.peer')", None, [{"B": 1}]),
        ("OR('A.peer',AND('A.peer','B.peer'))", None, [{"A": 1}]),
        ("OutOf(0,'A.peer')", None, [{}]),
        # every rule of OR takes a signature if it finds one, so B cannot stand in for it
        ("AND(OR('A.peer','B.peer'),'A.peer')", None, [{"A": 2}]),
        # no combination of minimal branches holds; only all four signatures do
        ("AND(OR('A.peer','B.peer'),'A.peer','B.peer')", None, [{"A": 2, "B": 2}]),
    ],
)
def test_minimal_endorser_sets(text: str, available: dict[str, int] | None, sets: list[dict[str, int]]) -> None:
    policy = parse(text)
    assert list(policy.minimal_endorser_sets(available)) == sets
    for endorsers in sets:
        assert policy.satisfied_by(endorsers)
        for msp_id, count in endorsers.items():
            assert not policy.satisfied_by({**endorsers, msp_id: count - 1})


@pytest.mark.parametrize(
    "text",
    [
        "AND(OutOf(10,{20}),OutOf(10,{20}))",
        "AND({300})",
        "OutOf(150,{300})",
        "OutOf(20,{40},AND({3}),OR({3}))",
        "AND(OR({20}),OR({20}),OR({20}),OR({20}))",
    ],
)
def test_large_policies_stay_quick(text: str) -> None:
    for count in (3, 20, 40, 300):
        text = text.replace(f"{{{count}}}", ",".join(f"'Org{i}.peer'" for i in range(count)))
    policy = parse(text)
    sets = policy.minimal_endorser_sets()
    assert sets
    assert all(policy.satisfied_by(endorsers) for endorsers in sets)


def test_satisfiable_by_ignores_roles_and_counts() -> None:
    policy = parse("AND('A.admin','A.peer',OR('B.member','C.member'))")
    assert policy.satisfiable_by({"A", "C"})
    assert not policy.satisfiable_by({"B", "C"})
    assert policy.msp_ids() == ("B", "C", "A")


def test_text_reads_back() -> None:
    for text in ("AND('A.peer', OR('B.peer', 'C.admin'))", "OutOf(2, 'A.member', 'B.member', 'C.member')"):
        assert str(parse(text)) == text
