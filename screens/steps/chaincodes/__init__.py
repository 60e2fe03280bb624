"""Chaincodes, their policies, and the calls that prove that they work."""

from screens.steps.chaincodes.step import Chaincodes

__all__ = ["Chaincodes"]
