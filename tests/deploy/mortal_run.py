"""A run that is killed (SIGKILL) at a given moment, as a program of its own.

python -m tests.deploy.mortal_run SESSION.json SESSION_FILE KNOWN_HOSTS MOMENT

MOMENT is `PHASE.COUNT+SECONDS`: so long after the COUNT-th event or journal record of that phase (`check-sent`,
`check-sent-again` and `check-passed` count as phases of their own); `never` lets it live. Ends with 0 when all went
well, 1 otherwise.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from fabwiz.deploy.events import Emitter, Event, Kind
from fabwiz.deploy.replay import replay
from fabwiz.session.model import Session
from tests.deploy.sites import errors, open_run


class Reaper:
    """Counts what happens, and kills."""

    def __init__(self, moment: str) -> None:
        match = re.fullmatch(r"([a-z-]+)\.(\d+)\+([\d.]+)", moment)
        self.what, self.left, self.delay = (match[1], int(match[2]), float(match[3])) if match else ("", 0, 0.0)

    def happens(self, what: str | None) -> None:
        if what != self.what:
            return
        self.left -= 1
        if self.left == 0:
            if self.delay:
                threading.Timer(self.delay, self.kill).start()
            else:
                self.kill()

    def event(self, event: Event) -> None:
        if event.event is not Kind.LOG:
            self.happens(event.phase)

    @staticmethod
    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def main(session: str, session_file: str, known_hosts: str, moment: str) -> int:
    reaper = Reaper(moment)
    parsed = Session.model_validate_json(Path(session).read_bytes())
    with open_run(parsed, Path(session_file), Emitter(reaper.event), known_hosts=Path(known_hosts)) as run:
        append = run.journal.append

        def watched(kind: str, **values: Any) -> None:
            append(kind, **values)
            reaper.happens(kind)

        run.journal.append = watched  # type: ignore[method-assign]
        outcome = replay(run)
    print(*errors(outcome), sep="\n")
    return bool(outcome.failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
