"""The step in which one sees what runs, and takes a report along."""

from __future__ import annotations

from screens.steps.done.step import DoneStep

__all__ = ["DoneStep"]
