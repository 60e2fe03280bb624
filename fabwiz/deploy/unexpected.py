"""Errors that nobody has foreseen: kept in a file, told in words."""

from __future__ import annotations

import os
import traceback

from fabwiz.deploy.errors import StepFailed
from fabwiz.remote.sanitize import clean
from fabwiz.session.files import make_private_dir
from fabwiz.session.workspace import Workspace


def unexpected(error: Exception, workspace: Workspace) -> StepFailed:
    """What is told to the operator; the traceback goes to `logs/engine.log` in the workspace."""
    report = workspace.logs / "engine.log"
    text = "".join(traceback.format_exception(error))
    try:
        make_private_dir(workspace.logs)
        descriptor = os.open(report, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(clean(text))
    except OSError:
        pass
    return StepFailed(
        f"{type(error).__name__}: {clean(str(error))}",
        cause="fabwiz itself did not expect this",
        remedy=f"run again; if it stays, report it with {report}",
    )
