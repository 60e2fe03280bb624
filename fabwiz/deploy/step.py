"""A step: it looks whether things are as they must be, acts if not, and looks again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Status

if TYPE_CHECKING:
    from fabwiz.deploy.run import Run
    from fabwiz.session.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a plan.

    `command`: run on the host. `file`: put on the host (or made on the workstation, where the step has no host).
    `call`: a call of Fabric's gRPC API from the workstation. `wait`: evidence that is waited for. `port`: published
    by a container. `check`: something that is only read.
    """

    kind: Literal["command", "file", "call", "wait", "check", "port"]
    text: str
    private: bool = False
    """Whether the file holds a private key or a password."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended well: done, or skipped because there was nothing to do."""

    status: Status
    message: str
    changed: bool = False
    """Whether anything is different now; what was only looked at is done, and changed nothing."""


def done(message: str) -> Result:
    """Something was changed."""
    return Result(Status.DONE, message, changed=True)


def seen(message: str) -> Result:
    """Something was looked at, or waited for."""
    return Result(Status.DONE, message)


def skipped(message: str) -> Result:
    """Everything was there already."""
    return Result(Status.SKIPPED, message)


class Step(ABC):
    """One step of a phase, on one host or (`host` None) on the workstation.

    Subclasses say what `look` sees and what `act` does; both raise StepFailed, or the errors of the layers below.
    """

    name: str
    """Short and stable: it stands in events and in the journal."""
    title: str
    """For people, without a full stop."""
    host: str | None = None
    node: str | None = None
    only_reads: bool = False
    """Whether the whole step changes nothing, so that a dry run does it, too."""
    in_workspace: bool = False
    """Whether it changes nothing but artifacts, of which a dry run has a copy to do it in."""

    @abstractmethod
    def look(self, run: Run) -> str | None:
        """What shows that nothing is to be done, in words; `None` when the step must act. Changes nothing."""

    @abstractmethod
    def act(self, run: Run) -> str:
        """Change things; returns what was done, in words."""

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """What `act` would do, for `plan`; `workspace` holds generated artifacts."""
        return ()

    def execute(self, run: Run) -> Result:
        """Look, act, look again."""
        if (found := self.look(run)) is not None:
            return skipped(found)
        run.leases.hold(self.host)
        run.acted = True
        message = self.act(run)
        if self.look(run) is None:
            raise StepFailed(f"{self.title}: done, but it does not show; {message}")
        return done(message)


class Evidence(Step):
    """A step that only waits until something shows; see `Run.wait`."""

    def execute(self, run: Run) -> Result:
        """Wait; what is seen is never a change."""
        return seen(self.act(run))

    def look(self, run: Run) -> str | None:
        """Nothing can be said without waiting."""
        return None
