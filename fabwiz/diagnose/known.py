"""One known error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fabwiz.session.releases import Release

Number = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a message. `cause` and `remedy` are for an operator of fabwiz.

    `pattern` is a regular expression, searched for anywhere in a line, upper and lower case alike; it must need no more
    than linear time whatever the line holds. `fatal`: waiting longer cannot help. `since` and `until` are the first
    and the last release with this message, both included; `None`: no limit.
    """

    id: str
    pattern: str
    cause: str
    remedy: str
    fatal: bool
    evidence: str
    since: Number | None = None
    until: Number | None = None
    regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "regex", re.compile(self.pattern, re.IGNORECASE))

    def is_of(self, release: Release) -> bool:
        """Whether this release can say so."""
        return (self.since is None or release.number >= self.since) and (
            self.until is None or release.number <= self.until
        )
