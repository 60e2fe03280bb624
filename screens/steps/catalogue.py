"""The steps, in their order."""

from __future__ import annotations

from screens.step import Step
from screens.steps.basics import Basics

STEPS: tuple[type[Step], ...] = (Basics,)
