"""The step in which the network is made."""

from __future__ import annotations

from screens.steps.run.step import RunStep

__all__ = ["RunStep"]
