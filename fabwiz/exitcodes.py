"""What the exit code of a command tells a script. Part of the contract with the user."""

from enum import IntEnum


class ExitCode(IntEnum):
    """One number a class of end."""

    DONE = 0
    """Everything is as it should be."""
    FAILED = 1
    """A step failed; run again to go on from there."""
    INVALID = 2
    """Usage, or the session is invalid or breaks a rule."""
    REFUSED = 3
    """The preflight refused, or a host could not be reached, and nothing was changed."""
    LOCKED = 4
    """Another operator holds the lock."""
    INTERRUPTED = 130
    """The operator asked to stop."""
