"""What a run would do, by phase and host; nothing is connected to, and nothing of the workspace is changed."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fabwiz.artifacts.generate import generate
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from fabwiz.deploy.scratch import clear_scratch, scratch_folder
from fabwiz.deploy.step import Action
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders there are 0700
_ROOM = 1 << 30
"""Bytes that must be free there; a plan for 500 hosts takes a tenth."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as a plan shows it; `host` None is the workstation."""

    step: str
    title: str
    host: str | None
    node: str | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """A phase with its steps in the order in which they start."""

    phase: str
    title: str
    why: str
    steps: tuple[PlannedStep, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return asdict(self)


def plan(network: Network, until: Phase | None = None) -> list[PlannedPhase]:
    """Plan a run.

    Which files a host gets is told by its manifest, so the artifacts are made once more in a temporary folder, with
    keys that nobody keeps.
    """
    place = _place()
    clear_scratch(place)
    with scratch_folder(place) as folder:
        workspace = Workspace(folder / "plan.yaml", durable=False)
        generate(network, workspace, sketch=True)
        return [
            PlannedPhase(
                spec.phase,
                spec.title,
                spec.why,
                tuple(
                    PlannedStep(step.name, step.title, step.host, step.node, tuple(step.preview(workspace)))
                    for stage in spec.stages(network)
                    for step in stage
                ),
            )
            for spec in phases_until(until)
        ]


def _place() -> Path:
    """Memory, where there is enough: tens of thousands of small files then wait for no disk, and no key reaches one."""
    try:
        room = os.statvfs(_MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    is_fit = room.f_bavail * room.f_frsize > _ROOM and os.access(_MEMORY, os.W_OK | os.X_OK)
    return _MEMORY if is_fit else Path(tempfile.gettempdir())
