"""What an operator may do about failed steps while a run waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phase import PhaseSpec
from fabwiz.deploy.step import Step


@dataclass(frozen=True, slots=True)
class Failure:
    """One step that failed."""

    step: Step
    error: StepFailed


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, by the hosts (`None`: the workstation) of failed steps; failures of all others go on waiting."""

    again: frozenset[str | None] = frozenset()
    """Try the failed step once more, and go on with those behind it."""
    without: frozenset[str | None] = frozenset()
    """Go on with the steps behind it; only in a phase that `may_pass_over`."""


Decide = Callable[[PhaseSpec, Sequence[Failure]], Decision | None]
"""Asked each time when a stage has ended with failures; `None` ends the run with them. May wait for a person."""
