"""One known error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fabwiz.session.releases import Release

Number = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a message. `cause` and `remedy` are for an operator of fabwiz.

    `pattern` is a regular expression, searched for anywhere in a line; it must need no more than linear time whatever
    the line holds. It begins with plain letters where it can (without the first, where releases differ in upper and
    lower case), so that lines which say nothing of the kind are passed over quickly. `fatal`: waiting longer cannot
    help. `since` and `until` are the first and the last release with this message, both included; `None`: no limit.
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
        object.__setattr__(self, "regex", re.compile(self.pattern))

    def is_of(self, release: Release) -> bool:
        """Whether this release can say so."""
        return (self.since is None or release.number >= self.since) and (
            self.until is None or release.number <= self.until
        )
