"""Secrets are asked for once and never shown."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
import threading
import time

import pytest

from fabwiz.remote.secrets import Question, Secret, SecretKind, SecretStore

PASSWORD = SecretKind.PASSWORD


def test_a_secret_shows_itself_only_when_it_is_revealed() -> None:
    @dataclasses.dataclass
    class Holder:
        inner: Secret

    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{secret!s}", "%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032
    shown += [
        repr(Holder(secret)),
        str([secret]),
        repr(dataclasses.asdict(Holder(secret))),
        repr(copy.deepcopy(secret)),
    ]
    assert "hunter2" not in "".join(shown)
    assert secret.reveal() == "hunter2"
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError, match="never saved"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        vars(secret)


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_each_subject_is_asked_for_once_even_by_many_threads() -> None:
    asked: list[Question] = []

    def ask(question: Question) -> Secret:
        asked.append(question)
        time.sleep(0.05)
        return Secret(question.subject)

    store = SecretStore(ask, environment={})
    answers: list[Secret | None] = []
    threads = [threading.Thread(target=lambda: answers.append(store.get(PASSWORD, "deploy"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Secret("deploy")] * 8
    assert [str(question) for question in asked] == ["password of deploy"]
    assert store.get(SecretKind.PASSPHRASE, "~/.ssh/id") == Secret("~/.ssh/id")
    assert str(asked[-1]) == "passphrase for ~/.ssh/id"


def test_a_refused_secret_is_asked_for_again_once() -> None:
    texts = iter(["wrong", "right"])
    asked: list[Question] = []

    def ask(question: Question) -> Secret:
        asked.append(question)
        return Secret(next(texts))

    store = SecretStore(ask, environment={})
    first = store.get(PASSWORD, "deploy")
    assert store.get(PASSWORD, "deploy", refused=first) == Secret("right")
    # another host that was refused the first answer gets the second without a question
    assert store.get(PASSWORD, "deploy", refused=first) == Secret("right")
    assert [question.again for question in asked] == [False, True]


def test_a_file_descriptor_goes_before_the_environment_and_nobody_is_asked() -> None:
    def ask(_: Question) -> Secret:
        raise AssertionError("nobody is there")

    reader, writer = os.pipe()
    os.write(writer, "pässword\r\nrest".encode())
    os.close(writer)
    store = SecretStore(ask, {PASSWORD: reader}, {"FABWIZ_SSH_PASSWORD": "other", "FABWIZ_SUDO_PASSWORD": "root's"})
    given = store.get(PASSWORD, "deploy")
    assert given == Secret("pässword")
    assert store.get(PASSWORD, "somebody else") == given
    assert store.given(SecretKind.SUDO) == Secret("root's")
    assert store.given(SecretKind.PASSPHRASE) is None
    assert store.get(PASSWORD, "deploy", refused=given) is None
    os.close(reader)


def test_no_answer_is_remembered_too() -> None:
    asked: list[Question] = []
    store = SecretStore(asked.append, {PASSWORD: 987654}, {})
    assert store.get(PASSWORD, "deploy") is None
    assert store.get(PASSWORD, "deploy") is None
    assert len(asked) == 1
