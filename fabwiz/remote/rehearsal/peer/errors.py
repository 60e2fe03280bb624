"""How a peer says no."""

from __future__ import annotations


class CallError(Exception):
    """A chaincode, system or not, answers with status 500 and this message."""


class Refused(Exception):
    """The endorser refuses the proposal itself: a gRPC error with this message."""
