"""For every rule the least change of a valid session that breaks it, and nothing else; and the fixes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.rules import RULES
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding, Severity
from fabwiz.session.load import load

Told = Callable[[Document], list[Finding]]
Break = Callable[[dict[str, Any]], Document]

TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("broken.yaml").read_text("utf-8"))
CASES = [
    pytest.param(rule, case, id=f"{rule}-{number}")
    for rule, cases in TABLE.items()
    for number, case in enumerate(cases)
]
# the only way out is the operator's: which name, which address, which source was meant
WITHOUT_FIX = {"host-loopback", "chaincode-check", "session-file", "images-archives"}
SOMETIMES_WITHOUT_FIX = {
    "name-syntax", "domain-syntax", "host-address", "ssh-user", "chaincode-policy", "chaincode-path",
}  # fmt: skip
# they need more than a session: test_a_file_that_is_not_there_is_told, test_moved.py, tests/deploy
ELSEWHERE = {"session-file", "node-moved", "port-blocked"}


@pytest.fixture
def broken(valid: Document, change: Callable[[dict[str, object]], Document]) -> Break:
    def make(case: dict[str, Any]) -> Document:
        if "set" in case:
            return change(case["set"])
        text = valid.text
        for old, new in case["text"]:
            assert old in text
            text = text.replace(old, new, 1)
        return Document.from_text(text, valid.path)

    return make


def test_the_valid_session_breaks_no_rule(valid: Document, told: Told) -> None:
    assert told(valid) == []


def test_the_table_covers_every_rule() -> None:
    assert set(TABLE) | ELSEWHERE == set(RULES)


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_fires_and_nothing_else(rule: str, case: dict[str, Any], broken: Break, told: Told) -> None:
    found = told(broken(case))
    assert {finding.rule for finding in found} == {rule}, found
    assert case["at"] in [finding.dotted for finding in found]
    for finding in found:
        assert finding.message
        assert "None" not in finding.message
        if RULES[rule].check is not None and rule not in WITHOUT_FIX | SOMETIMES_WITHOUT_FIX:
            assert finding.fix, finding


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_the_fix_makes_it_go_away(rule: str, case: dict[str, Any], broken: Break, told: Told) -> None:
    document = broken(case)
    for finding in told(document):
        if finding.fix:
            after = told(document.edit(finding.fix.edits))
            assert (rule, finding.path) not in [(one.rule, one.path) for one in after], finding
            errors = [one for one in after if one.severity is Severity.ERROR and one.rule != rule]
            assert not errors, (finding.fix, errors)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert [finding.rule for finding in load(tmp_path / "lab.yaml").findings] == ["session-file"]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_teaches(rule: str) -> None:
    entry = RULES[rule]
    assert entry.id == rule
    assert entry.title
    assert entry.source
    assert entry.why.endswith((".", "'", "?"))
    assert not (entry.waivable and entry.severity is Severity.WARNING)
