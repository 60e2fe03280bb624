"""What a network has shown of itself: by whoever asked its hosts and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen, and when."""

    time: str
    """UTC, ISO 8601."""
    states: Mapping[str, str] = field(default_factory=dict)
    """What its host says of each container, by node name: `Up 3 minutes`; or why nobody can say."""
    running: frozenset[str] = frozenset()
    """Names of the nodes that run."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Hosts that could not be asked, each with what is in the way."""
    heights: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    """Blocks of each channel on each of its peers, or what is in the way."""
    answers: tuple[str, ...] = ()
    """What chaincode answered when it was last checked: `mycc on mychannel: invoke a b 10; query a = 90`."""
    rehearsal: bool = False
    """Whether all of it was seen on rehearsal hosts."""

    @property
    def agreed(self) -> Mapping[str, int]:
        """The channels whose peers all have the same number of blocks, with that number."""
        found: dict[str, int] = {}
        for channel, peers in self.heights.items():
            said = set(peers.values())
            if len(said) == 1 and isinstance(height := next(iter(said)), int):
                found[channel] = height
        return found
