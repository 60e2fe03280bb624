"""Secrets in a session are found, and never repeated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fabwiz.session.document import Document

Damage = Callable[..., Document]
SECRET = "hunter2-Zx9"
PEM = "-----BEGIN EC PRIVATE KEY-----"

CASES = {
    "password": ("user: root", f"password: {SECRET}"),
    "password as number": ("user: root", "password: 123456"),
    "passphrase": ("user: root", f"passphrase: {SECRET}"),
    "key passphrase": ("user: root", f"key_passphrase: {SECRET}"),
    "sudo password of a host": ("a: 203.0.113.11", f"a: {{address: 203.0.113.11, ssh: {{sudo_password: {SECRET}}}}}"),
    "password below an unknown section": ("chaincodes:", f"vault:\n  password: {SECRET}\nchaincodes:"),
    "several": ("user: root", f"passwords: [{SECRET}]"),
    "address with a password": ("fabwiz: 1", f"fabwiz: 1\nimages: {{registry: 'https://me:{SECRET}@example.com'}}"),
    "jump host with a password": ("user: root", f"jump: 'root:{SECRET}@203.0.113.9'"),
    "key in a block": ("name: lan4", f"name: |\n  {PEM}\n  {SECRET}"),
    "key as the key": ("key: ~/.ssh/id_ed25519", f'key: "{PEM}\\n{SECRET}"'),
    "key in a comment": ("name: lan4", f"name: lan4  # {PEM} {SECRET}"),
    "encrypted key": ("name: lan4", f'name: "-----BEGIN ENCRYPTED PRIVATE KEY----- {SECRET}"'),
}


@pytest.mark.parametrize("case", CASES)
def test_secret_is_found_and_not_repeated(damaged: Damage, case: str) -> None:
    document = damaged(*CASES[case])
    assert "secret-in-session" in [finding.rule for finding in document.findings]
    assert document.session is None
    for finding in document.findings:
        assert SECRET not in f"{finding.message} {finding.fix}"
        assert "123456" not in finding.message


def test_secret_is_all_that_is_said_about_its_place(damaged: Damage) -> None:
    (finding,) = damaged("user: root", f"password: {SECRET}").findings
    assert (finding.rule, finding.dotted, finding.line) == ("secret-in-session", "ssh.password", 6)
    assert "password: ask" in finding.message


def test_fix_asks_instead(damaged: Damage) -> None:
    document = damaged("user: root", f"password: {SECRET}")
    fix = document.findings[0].fix
    assert fix is not None
    mended = document.edit(fix.edits)
    assert mended.session is not None
    assert mended.session.ssh.password == "ask"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("user: root", "password: ask"),
        ("user: root", "password: ~"),
        ("a: 203.0.113.11", "a: 203.0.113.11\n  password: 203.0.113.15"),  # a host of that name
        ("chaincodes:", "accept: {secret-in-session: lab}\nchaincodes:"),
    ],
)
def test_what_only_looks_like_a_secret_is_let_be(damaged: Damage, old: str, new: str) -> None:
    assert damaged(old, new).findings == ()
