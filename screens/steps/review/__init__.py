"""The review: is it ready, what can it lose, what does each host get, what will happen."""

from screens.steps.review.step import Review

__all__ = ["Review"]
