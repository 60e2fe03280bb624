"""Whatever a host prints, looking at it takes little time."""

from __future__ import annotations

import random

import pytest

from fabwiz.diagnose import KNOWN, diagnose
from fabwiz.diagnose.lookup import LONGEST

FRAGMENTS = [
    "Cannot set up channel consumer = ",
    "Number of insync replicas for partition ",
    "Failed to connect to broker ",
    "lookup a on ",
    "timestamp ",
    " is more than ",
    "certificate is valid for ",
    "Failed to pull ",
    "capability ",
    "policy for [Group] /Channel",
    "readset expected key [Group] /Channel",
    "cannot init crypto, folder \"",
    "chaincode with name '",
    "x" * 50,
    " ",
    "\t",
    "\x1b[31m",
    "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_million_repetitions_are_cut(fragment: str) -> None:
    assert diagnose(fragment * 1_000_000) == diagnose(fragment * 1_000)


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.timeout(60)
def test_no_pattern_backtracks_on_repetitions(fragment: str) -> None:
    for end in ("", "!", "\n", " not found"):
        line = (fragment * LONGEST)[:LONGEST] + end
        for known in KNOWN:
            known.regex.search(line)


@pytest.mark.timeout(60)
def test_no_pattern_backtracks_on_mixtures() -> None:
    chance = random.Random(1)
    for _ in range(100):
        diagnose("".join(chance.choices(FRAGMENTS, k=400)))


def test_both_ends_of_a_long_text_are_looked_at() -> None:
    assert diagnose("exec format error" + "." * LONGEST) is not None
    assert diagnose("." * LONGEST + "exec format error") is not None
    assert diagnose("." * LONGEST + "exec format error" + "." * LONGEST) is None
