"""What happened to containers, as `docker events` tells it: the latest are kept, whoever listens gets new ones at once.

Docker keeps as many: moby, `daemon/events/events.go`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fabwiz.remote.rehearsal.engine import clock
from fabwiz.remote.rehearsal.engine.spec import Record

_KEPT = 256


class Happening(NamedTuple):
    """One event of a container."""

    time: int
    """Nanoseconds since 1970; no two share one."""
    action: str
    """`create`, `start`, `die` or `destroy`."""
    record: Record

    @property
    def data(self) -> dict[str, Any]:
        """As `--format '{{json .}}'` has it."""
        spec = self.record.spec
        about = {**spec.labels, "image": spec.image, "name": spec.name}
        if self.action == "die":
            about["exitCode"] = str(self.record.exit_code)
        return {
            "status": self.action,
            "id": self.record.id,
            "from": spec.image,
            "Type": "container",
            "Action": self.action,
            "Actor": {"ID": self.record.id, "Attributes": about},
            "scope": "local",
            "time": self.time // 10**9,
            "timeNano": self.time,
        }


class Happenings:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._kept: deque[Happening] = deque(maxlen=_KEPT)
        self._grown = threading.Condition()

    def add(self, action: str, record: Record) -> None:
        """Tell that it has just happened."""
        with self._grown:
            last = self._kept[-1].time if self._kept else 0
            self._kept.append(Happening(max(clock.now(), last + 1), action, record))
            self._grown.notify_all()

    def follow(self, since: int, until: int | None, go_on: Callable[[], bool]) -> Iterator[Happening]:
        """Those from `since` on as they come, until then or until `go_on()` says no."""
        told = since - 1
        while True:
            over = (until is not None and clock.now() >= until) or not go_on()
            with self._grown:
                new = [one for one in self._kept if one.time > told and (until is None or one.time <= until)]
                if not new and not over:
                    self._grown.wait(0.25)
            for one in new:
                told = one.time
                yield one
            if over:
                return
