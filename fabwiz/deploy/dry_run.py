"""A dry run: hosts and nodes are only asked, and artifacts are made in a copy that is gone afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Status
from fabwiz.deploy.run import Run
from fabwiz.deploy.scratch import scratch_folder
from fabwiz.deploy.step import Evidence, Result, Step, seen, skipped
from fabwiz.fabric.errors import FabricError
from fabwiz.remote.connection import RemoteError
from fabwiz.session.workspace import Workspace


@contextmanager
def dry(run: Run) -> Iterator[Run]:
    """The same run, dry: over a copy of the workspace's artifacts, so that what follows from the session is seen.

    The copy holds keys, so it stays inside the workspace where there is one.
    """
    place = run.workspace.root if run.workspace.root.exists() else None
    with scratch_folder(place) as folder:
        copy = Workspace(folder / run.workspace.session_file.name, durable=False, guard=run.workspace.guard)
        if run.workspace.artifacts.exists():
            shutil.copytree(run.workspace.artifacts, copy.artifacts, symlinks=True)
        twin = replace(run, workspace=copy, dry=True)
        try:
            yield twin
        finally:
            twin.fabric.close()


def look_only(run: Run, step: Step) -> Result:
    """How a step would end. Raises StepFailed, and what looking raises, where it would fail."""
    if step.only_reads:
        return step.execute(run)
    if step.in_workspace:
        made = step.execute(run)
        return _would(step) if made.changed else made
    try:
        if isinstance(step, Evidence):
            return seen(step.act(run))
        found = step.look(run)
    except FabricError:
        found = None  # a node that an earlier step would start
    except (StepFailed, RemoteError):
        if not isinstance(step, Evidence):
            raise
        found = None
    if found is not None:
        return skipped(found)
    return skipped(f"would wait: {step.title}") if isinstance(step, Evidence) else _would(step)


def _would(step: Step) -> Result:
    """Not done, as the status says; it counts among the steps that would change something."""
    return Result(Status.SKIPPED, f"would: {step.title}", changed=True)
