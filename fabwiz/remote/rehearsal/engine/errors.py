"""What the engine refuses, in the words of the real one."""

from __future__ import annotations


class DockerError(Exception):
    """`docker` prints it after `Error response from daemon: `, compose in its own way."""


class UsageError(Exception):
    """A command line that the client itself refuses: unknown flags, wrong number of arguments."""


class ComposeError(Exception):
    """A compose file, or an `up`, that compose refuses."""
