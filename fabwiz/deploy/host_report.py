"""What the test of a host has found out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fabwiz.deploy.reach import Reach


class Stage(StrEnum):
    """How far the test of a host is."""

    REACHING = "reaching"
    LOOKING = "looking"
    TRYING_WAYS = "trying ports"
    """It was looked at; now it tries the ports of other hosts."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class HostReport:
    """What is known of a host so far; what it did not tell is `None`. Texts are safe to show."""

    host: str
    stage: Stage
    reached: bool = False
    """Logged in."""
    problems: tuple[tuple[str, str], ...] = ()
    """What is wrong, each with the way out (may be empty)."""
    doubts: tuple[str, ...] = ()
    """What may go wrong all the same, with the way out."""
    key_refused: bool = False
    """Nobody vouched for its host key."""
    is_root: bool | None = None
    """Whether commands that need it are root's: by login or by sudo."""
    engine: str | None = None
    """Version of Docker."""
    compose: str | None = None
    disk: int | None = None
    """Bytes that are free where the network's data will lie."""
    memory: int | None = None
    """Bytes in all."""
    spare_memory: int | None = None
    """Bytes that are to be had."""
    skew: float | None = None
    """Seconds that its clock is ahead of this workstation's."""
    ports: tuple[int, ...] = ()
    """Ports that are in use there and that Docker could not publish."""
    ways: tuple[Reach, ...] | None = None
    """How it gets through to each host that its nodes need; `None` while nobody knows."""

    @property
    def blocked(self) -> tuple[Reach, ...]:
        """The hosts that it does not get through to."""
        return tuple(one for one in self.ways or () if one.shut)

    @property
    def fit(self) -> bool:
        """Whether it was looked at and nothing is wrong."""
        return self.stage is Stage.DONE and self.reached and not self.problems
