"""What runs where."""

from screens.steps.roles.step import Roles

__all__ = ["Roles"]
