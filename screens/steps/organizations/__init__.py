"""Organizations with their peers, and consortiums."""

from screens.steps.organizations.step import Organizations

__all__ = ["Organizations"]
