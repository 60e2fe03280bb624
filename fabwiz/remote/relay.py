"""Questions of connections, handed to somebody who answers them later, such as a dialog on a screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fabwiz.remote.connection import HostKeyUnknown
from fabwiz.remote.secrets import Question, Secret


@dataclass(eq=False, slots=True)
class Asked:
    """A question that waits: for a secret, or whether somebody vouches for new host keys."""

    question: Question | None
    unknown: tuple[HostKeyUnknown, ...] = ()
    """The new keys, of all hosts at once; empty where a secret is asked for."""
    _answered: threading.Event = field(default_factory=threading.Event)
    _answer: Secret | bool | None = None

    def answer(self, answer: Secret | bool | None) -> None:
        """Give a secret, or whether the keys are vouched for; `None` is no answer. Only the first one counts."""
        if not self._answered.is_set():
            self._answer = answer
            self._answered.set()

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for the answer."""
        return not self._answered.is_set()

    def wait(self) -> Secret | bool | None:
        """The answer, once it is there; it is not kept here."""
        self._answered.wait()
        answer, self._answer = self._answer, None
        return answer


class RelayAsker:
    """An `Asker` whose questions go to `show`, which must return at once; their askers wait for the answers."""

    def __init__(self, show: Callable[[Asked], None]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._open: list[Asked] = []
        self._closed = False

    def secret(self, question: Question) -> Secret | None:
        """Ask for a password or passphrase, and wait."""
        answer = self._ask(Asked(question))
        return answer if isinstance(answer, Secret) else None

    def accept_host_keys(self, unknown: Sequence[HostKeyUnknown]) -> bool:
        """Ask about new keys, and wait."""
        return self._ask(Asked(None, tuple(unknown))) is True

    def close(self) -> None:
        """Nobody answers any more: open questions, and all later ones, get no answer."""
        with self._lock:
            self._closed = True
            for asked in self._open:
                asked.answer(None)

    def _ask(self, asked: Asked) -> Secret | bool | None:
        with self._lock:
            if self._closed:
                return None
            self._open.append(asked)
        try:
            self._show(asked)
            return asked.wait()
        finally:
            with self._lock:
                self._open.remove(asked)
