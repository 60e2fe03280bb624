"""Passwords and passphrases: asked for once a run, held in memory only, and never shown by accident.

They come from a file descriptor, an environment variable or a person, never from a command line and never from the
session file, and they are never saved.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import NoReturn

_MAX_SECRET = 4096


class Secret:
    """A text that shows itself only through `reveal`: printing, formatting, pickling and JSON do not hold it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Call it where it is handed over, and keep no copy."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a secret is never saved")


class SecretKind(StrEnum):
    """What a secret opens."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind
    """A login over SSH."""
    SUDO = "sudo password"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind
    """A private key file."""
    CA = "passphrase of CA and admin keys"
    """The keys of a network that never leave the workstation; see `fabwiz.session.guard`."""


ENVIRONMENT: Mapping[SecretKind, str] = {
    SecretKind.PASSWORD: "FABWIZ_SSH_PASSWORD",
    SecretKind.SUDO: "FABWIZ_SUDO_PASSWORD",
    SecretKind.PASSPHRASE: "FABWIZ_KEY_PASSPHRASE",
    SecretKind.CA: "FABWIZ_CA_PASSPHRASE",
}
"""The environment variables that hold secrets in headless runs. Commands on this machine do not inherit them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: `subject` says whose secret it is, such as `deploy` or `~/.ssh/id_ed25519`."""

    kind: SecretKind
    subject: str
    again: bool = False
    """An earlier answer was refused."""

    def __str__(self) -> str:
        whose = "for" if self.kind is SecretKind.PASSPHRASE else "of"
        return f"{self.kind} {whose} {self.subject}" + (" (the one before was refused)" if self.again else "")


class SecretStore:
    """The secrets of one run. Thread-safe; each is asked for once, whoever needs it first."""

    def __init__(
        self,
        ask: Callable[[Question], Secret | None],
        descriptors: Mapping[SecretKind, int] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`ask` puts a question to a person; None means that there is no answer.

        `descriptors` are open file descriptors, each read once, up to the first line end; `environment` stands for
        `os.environ`.
        """
        self._ask = ask
        self._descriptors = dict(descriptors or {})
        self._environment = os.environ if environment is None else environment
        self._answers: dict[tuple[SecretKind, str], Secret | None] = {}
        self._given: dict[SecretKind, Secret | None] = {}
        self._lock = threading.Lock()

    def given(self, kind: SecretKind) -> Secret | None:
        """The secret of a kind that came without asking: from its file descriptor, else its environment variable."""
        with self._lock:
            return self._from_outside(kind)

    def get(self, kind: SecretKind, subject: str, refused: Secret | None = None) -> Secret | None:
        """The secret of a subject, asked for at most once. None if there is none.

        `refused` is what an earlier call returned and what did not open anything: unless another thread has got a
        newer one since, it is asked for again.
        """
        with self._lock:
            known = self._answers.get((kind, subject))
            if (kind, subject) in self._answers and (refused is None or known is None or known != refused):
                return known
            given = self._from_outside(kind)
            if given is not None and refused is None:
                answer: Secret | None = given
            elif given is not None and kind is not SecretKind.PASSPHRASE:
                answer = None  # who gives it so is not there to be asked
            else:
                answer = self._ask(Question(kind, subject, again=refused is not None))
            self._answers[kind, subject] = answer
            return answer

    def forget_unanswered(self) -> None:
        """Ask again, when next needed, for what there was no answer to."""
        with self._lock:
            self._answers = {key: answer for key, answer in self._answers.items() if answer is not None}

    def _from_outside(self, kind: SecretKind) -> Secret | None:
        if kind not in self._given:
            text = None
            if kind in self._descriptors:
                text = _read_line(self._descriptors[kind])
            elif ENVIRONMENT[kind] in self._environment:
                text = self._environment[ENVIRONMENT[kind]]
            self._given[kind] = Secret(text) if text else None
        return self._given[kind]


def _read_line(descriptor: int) -> str:
    """The first line of a descriptor, without its end; empty if it cannot be read."""
    data = b""
    try:
        while b"\n" not in data and len(data) < _MAX_SECRET:
            piece = os.read(descriptor, _MAX_SECRET)
            if not piece:
                break
            data += piece
    except OSError:
        return ""
    return data.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8", "surrogateescape")
