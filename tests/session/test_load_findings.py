"""One malformed session for each kind of damage: the rule, the place and the words that lead out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fabwiz.session.document import Document
from fabwiz.session.findings import Finding, Severity

Damage = Callable[..., Document]

# ruff: noqa: E501
# (what is replaced, by what, rule, path, line, words of the message)
CASES: dict[str, tuple[str, str, str, str, int, str]] = {
    "format 2": ("fabwiz: 1", "fabwiz: 2", "session-version", "fabwiz", 2, "fabwiz: 1"),
    "format as text": ("fabwiz: 1", 'fabwiz: "1"', "session-version", "fabwiz", 2, "plain number"),
    "no format": ("fabwiz: 1\n", "", "session-version", "", 2, "fabwiz: 1 is missing"),
    "key twice": ("kafka: {", "kafka: {kafka3: a, ", "yaml-duplicate-key", "kafka.kafka3", 13, "line 13"),
    "near key": ("user: root", "usr: root", "unknown-key", "ssh.usr", 6, "did you mean user?"),
    "far key": ("user: root", "colour: red", "unknown-key", "ssh.colour", 6, "settings here are user, port"),
    "key elsewhere": ("chaincodes:", "batch_timeout: 2s\nchaincodes:", "unknown-key", "batch_timeout", 26, "ordering.batch"),
    "misspelt section": ("kafka: {", "kafak: {", "unknown-key", "kafak", 13, "did you mean kafka?"),
    "missing key": ("    domain: org2.example.com\n", "", "missing-key", "organizations.Org2.domain", 20, "domain"),
    "unquoted release": ('"1.4.0"', "1.4", "wrong-type", "fabric", 4, 'fabric: "1.4"'),
    "unquoted version": ('version: "1.0"', "version: 1.0", "wrong-type", "chaincodes.mycc.version", 28, 'version: "1.0"'),
    "number for text": ('"100", b', "100, b", "wrong-type", "chaincodes.mycc.init[2]", 33, '"100"'),
    "key that is a truth value": ("  a: 203", "  no: 203", "wrong-type", "hosts.no", 8, '"no":'),
    "key that is a number": ("  a: 203", "  1: 203", "wrong-type", "hosts.1", 8, '"1":'),
    "empty key": ("  a: 203", "  ~: 203", "wrong-type", "hosts.~", 8, '"~":'),
    "yes for true": ("fabwiz: 1\n", "fabwiz: 1\ntls: yes\n", "wrong-type", "tls", 3, "write true"),
    "octal number": ("user: root", "port: 0022", "wrong-type", "ssh.port", 6, "notation other than plain decimal"),
    "number as text": ("user: root", 'port: "22"', "wrong-type", "ssh.port", 6, "write 22"),
    "port out of range": ("user: root", "port: 70000", "wrong-value", "ssh.port", 6, "65535"),
    "list for mapping": ("kafka: {kafka1: a, kafka2: b, kafka3: c, kafka4: d}", "kafka: [a, b]", "wrong-type", "kafka", 13, "name: ..."),
    "text for list": ("anchors: [peer0]", "anchors: peer0", "wrong-type", "organizations.Org1.anchors", 19, "[peer0]"),
    "words for a list": ('[init, a, "100", b, "200"]', "init a 100", "wrong-type", "chaincodes.mycc.init", 33, 'a list of words is wanted: write [init, a, "100"]'),
    "names with commas": ("[Org1, Org2]", '"Org1, Org2"', "wrong-type", "channels.mychannel.organizations", 25, "write [Org1, Org2]"),
    "text with brackets": ("{query: [query, a]", "{query: '{\"a\": 1}'", "wrong-type", "chaincodes.mycc.check[0].query", 35, r'write ["{\"a\": 1}"]'),
    "empty section": ("fabwiz: 1\n", "fabwiz: 1\nlogging:\n", "wrong-type", "logging", 3, "remove the key"),
    "duration without unit": ("fabwiz: 1\n", "fabwiz: 1\nordering: {batch_timeout: 2}\n", "wrong-type", "ordering.batch_timeout", 3, "2s"),
    "no size": ("fabwiz: 1\n", "fabwiz: 1\nordering: {absolute_max_bytes: lots}\n", "wrong-value", "ordering.absolute_max_bytes", 3, "98 MB"),
    "no choice": ("language: golang", "language: goland", "wrong-value", "chaincodes.mycc.language", 29, "golang or node or java"),
    "date for text": ("name: lan4", "name: 2024-01-01", "wrong-type", "name", 3, '"2024-01-01"'),
    "two documents": ("chaincodes:", "---\nchaincodes:", "yaml-unsupported", "", 26, "second document"),
    "alias": ("domain: example.com", "domain: *d", "yaml-unsupported", "domain", 5, "write the value out"),
    "alias of itself": ("domain: example.com", "domain: &d [*d]", "yaml-unsupported", "domain[0]", 5, "write the value out"),
    "merge key": ("user: root", "<<: {user: root}", "yaml-unsupported", "ssh", 6, "merge key"),
    "Python object": ("example.com\nssh", "!!python/object/apply:os.system [id]\nssh", "yaml-unsupported", "domain", 5, "no tags"),
    "binary tag": ("name: lan4", "name: !!binary bGFuNA==", "yaml-unsupported", "name", 3, "!!binary"),
    "own tag": ("name: lan4", "name: !mine lan4", "yaml-unsupported", "name", 3, "!mine"),
    "list as key": ("  a: 203", "  [a]: 203", "yaml-unsupported", "hosts", 8, "quotes"),
    "template": ("name: lan4", "name: {{ name }}", "yaml-unsupported", "name", 3, "quotes"),
    "control character": ("name: lan4", 'name: "a\\eb"', "yaml-unsupported", "name", 3, "U+001B"),
    "key over two lines": ("  a: 203", '  "a\\nb": 203', "yaml-unsupported", "hosts", 8, "a\\nb"),
    "raw NUL": ("name: lan4", "name: la\0n4", "yaml-syntax", "", 3, "U+0000"),
    "hidden direction": ("name: lan4", "name: a\u202eb", "yaml-syntax", "", 3, "U+202E"),
    "tab": ("  a: 203", "\ta: 203", "yaml-syntax", "", 8, "spaces"),
    "open quote": ('version: "1.0"', 'version: "1.0', "yaml-syntax", "", 32, "quotes and brackets before it"),
    "open brace": ("user: root, key: ~/.ssh/id_ed25519}", "user: root", "yaml-syntax", "", 7, "brace"),
    "colon in text": ("name: lan4", "name: lan: 4", "yaml-syntax", "", 3, "in quotes"),
    "at sign": ("user: root", "user: @root", "yaml-syntax", "", 6, "in quotes"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_damage_gives_one_finding_at_its_place(damaged: Damage, case: str) -> None:
    old, new, rule, path, line, words = CASES[case]
    document = damaged(old, new)
    assert [(f.rule, f.dotted, f.line, f.file) for f in document.findings] == [(rule, path, line, "lan4.yaml")]
    assert words in document.findings[0].message
    assert document.findings[0].blocks
    assert document.session is None
    assert document.network is None


MENDED = [
    "format as text", "no format", "near key", "misspelt section", "unquoted release", "unquoted version",
    "number for text", "key that is a truth value", "key that is a number", "empty key", "yes for true",
    "number as text", "text for list", "words for a list", "names with commas", "text with brackets", "empty section", "no choice", "date for text",
]  # fmt: skip


@pytest.mark.parametrize("case", MENDED)
def test_fix_makes_the_session_valid_again(damaged: Damage, case: str) -> None:
    document = damaged(*CASES[case][:2])
    (finding,) = document.findings
    assert finding.fix is not None
    mended = document.edit(finding.fix.edits)
    assert mended.findings == ()
    assert mended.session is not None
    assert len(mended.text.splitlines()) - len(document.text.splitlines()) in (-1, 0, 1)


def test_fix_quotes_a_key_in_its_place(damaged: Damage) -> None:
    document = damaged("  a: 203", "  no: 203")
    (finding,) = document.findings
    assert finding.fix is not None
    assert document.edit(finding.fix.edits).text == document.text.replace("no: 203", '"no": 203')


def test_quoting_keeps_the_digits_as_they_were_written(damaged: Damage) -> None:
    (finding,) = damaged('"1.4.0"', "1.40").findings
    assert finding.fix is not None
    assert [edit.value for edit in finding.fix.edits] == ["1.40"]


def test_unknown_key_is_not_renamed_over_a_known_one(damaged: Damage) -> None:
    (finding,) = damaged("user: root", "user: root, usr: admin").findings
    assert finding.fix is None
    assert "user is there already" in finding.message


def test_every_problem_is_told_at_once_in_the_order_of_the_file(four_hosts: str) -> None:
    text = four_hosts.replace('"1.4.0"', "1.4").replace("user:", "usr:").replace("golang", "cobol")
    findings = Document.from_text(text).findings
    assert [(f.rule, f.line) for f in findings] == [("wrong-type", 4), ("unknown-key", 6), ("wrong-value", 29)]


def test_a_later_format_is_not_judged_by_this_one(four_hosts: str) -> None:
    text = four_hosts.replace("fabwiz: 1", "fabwiz: 2").replace("kafka:", "raft:")
    assert [f.rule for f in Document.from_text(text).findings] == ["session-version"]


def test_messages_hold_nothing_that_a_terminal_obeys(four_hosts: str) -> None:
    hostile = Document.from_text(four_hosts.replace("language: golang", 'language: "\u00adnode\\u200b"'))
    for finding in hostile.findings:
        assert finding.message.isprintable()


def test_findings_are_limited_in_number() -> None:
    findings = Document.from_text("".join(f"key{i}: 1\n" for i in range(5000))).findings
    assert len(findings) < 120
    assert any("more like these" in finding.message for finding in findings)


def test_rule_findings_get_their_place(four_hosts: str) -> None:
    document = Document.from_text(four_hosts)
    placed = document.place(Finding("kafka-count", Severity.ERROR, ("kafka", "kafka3"), "few"))
    assert (placed.line, placed.column) == (13, 31)
    assert document.locate(("ordering", "kafka")) == (2, 1)
    assert document.locate(("zookeeper", "zk2", "host")) == document.locate(("zookeeper", "zk2"))
