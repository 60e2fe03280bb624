"""What can go wrong with a rehearsal as a whole."""

from __future__ import annotations


class RehearsalError(Exception):
    """A rehearsal that cannot start or go on; the message says why and what to do."""
