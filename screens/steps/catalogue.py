"""The steps, in their order."""

from __future__ import annotations

from screens.step import Step
from screens.steps.basics import Basics
from screens.steps.chaincodes import Chaincodes
from screens.steps.channels import Channels
from screens.steps.done import DoneStep
from screens.steps.hosts import Hosts
from screens.steps.organizations import Organizations
from screens.steps.review import Review
from screens.steps.roles import Roles
from screens.steps.run import RunStep
from screens.steps.settings import Settings

STEPS: tuple[type[Step], ...] = (
    Basics,
    Hosts,
    Roles,
    Organizations,
    Channels,
    Chaincodes,
    Settings,
    Review,
    RunStep,
    DoneStep,
)
