"""Why a step, or a whole run, did not get where it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabwiz.deploy.lease import Holder


class StepFailed(Exception):
    """A step failed. `cause` and `remedy` are there where the error is a known one.

    `unreached`: it failed because nobody could log in to its host.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: str | None = None,
        remedy: str | None = None,
        known: str | None = None,
        unreached: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.remedy = remedy
        self.known = known
        self.unreached = unreached


class Interrupted(Exception):
    """The operator asked to stop."""


class Locked(Exception):
    """Another run works on the same workspace."""


class Leased(Locked, Interrupted):
    """Another operator's run has the lease on `holders`' hosts: this one is not begun, or ends before its next act."""

    def __init__(self, message: str, holders: tuple[Holder, ...]) -> None:
        super().__init__(message)
        self.holders = holders
