"""Where the passphrase of CA and admin keys comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fabwiz.remote.passphrase import SERVICE, key_guard
from fabwiz.remote.secrets import Question, Secret, SecretStore
from fabwiz.session.guard import KeyGuard, KeysLocked
from fabwiz.session.model import Keys

KEY = ec.generate_private_key(ec.SECP256R1())
RIGHT = "correct horse battery"


class Desktop(ModuleType):
    """A keyring."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, name: str) -> str | None:
        if self.locked:
            raise RuntimeError("locked")
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self.kept[service, name] = password


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    found = Desktop()
    monkeypatch.setitem(sys.modules, "keyring", found)
    return found


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key_sk"
    path.write_bytes(KeyGuard(True, lambda *_: RIGHT).pem(KEY))
    return path


def guard(keys: Keys, questions: list[Question], *answers: str, environment: dict[str, str] | None = None) -> KeyGuard:
    left = list(answers)

    def person(question: Question) -> Secret | None:
        questions.append(question)
        return Secret(left.pop(0)) if left else None

    return key_guard(keys, "/home/me/lan4.yaml", SecretStore(person, environment=environment or {}), "lan4")


def test_a_person_is_asked_once_and_again_after_a_slip(key: Path) -> None:
    questions: list[Question] = []
    found = guard(Keys(), questions, "slip", RIGHT)
    found.open(key)
    found.open(key)
    assert [(str(q.kind), q.subject, q.again) for q in questions] == [
        ("passphrase of CA and admin keys", "lan4", False),
        ("passphrase of CA and admin keys", "lan4", True),
    ]


def test_a_headless_run_takes_it_from_the_environment_and_asks_nobody(key: Path) -> None:
    questions: list[Question] = []
    guard(Keys(), questions, environment={"FABWIZ_CA_PASSPHRASE": RIGHT}).open(key)
    with pytest.raises(KeysLocked, match="the one that was given does not open it"):
        guard(Keys(), questions, environment={"FABWIZ_CA_PASSPHRASE": "wrong"}).open(key)
    assert questions == []


def test_the_keyring_is_asked_first_and_told_only_what_opens(key: Path, desktop: Desktop) -> None:
    questions: list[Question] = []
    guard(Keys(keyring=True), questions, "slip", RIGHT).open(key)
    assert desktop.kept == {(SERVICE, "/home/me/lan4.yaml"): RIGHT}
    questions.clear()
    guard(Keys(keyring=True), questions).open(key)
    assert questions == []


def test_without_the_wish_the_keyring_is_left_alone(key: Path, desktop: Desktop) -> None:
    guard(Keys(), [], RIGHT).open(key)
    assert desktop.kept == {}


def test_a_stale_word_of_the_keyring_is_put_right(key: Path, desktop: Desktop) -> None:
    desktop.kept[SERVICE, "/home/me/lan4.yaml"] = "of old"
    guard(Keys(keyring=True), [], RIGHT).open(key)
    assert desktop.kept == {(SERVICE, "/home/me/lan4.yaml"): RIGHT}


def test_a_keyring_that_is_locked_or_missing_is_told_of(
    key: Path, desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.locked = True
    with pytest.raises(KeysLocked, match="keyring does not answer"):
        guard(Keys(keyring=True), [], RIGHT).open(key)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeysLocked, match=r"pip install 'fabwiz\[keyring\]'"):
        guard(Keys(keyring=True), [], RIGHT).open(key)


def test_the_environment_goes_before_the_keyring(key: Path, desktop: Desktop) -> None:
    desktop.kept[SERVICE, "/home/me/lan4.yaml"] = "of old"
    guard(Keys(keyring=True), [], environment={"FABWIZ_CA_PASSPHRASE": RIGHT}).open(key)
