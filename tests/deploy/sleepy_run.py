"""A run of two acts on leases of two seconds, as a program of its own.

python -m tests.deploy.sleepy_run SESSION_FILE FOLDER

Its first act makes the file `first` in FOLDER; before the second, which makes `second`, it waits for `wake`. Ends with
the exit code of a command.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from fabwiz.commands.running import exit_code
from fabwiz.deploy import lease, leases
from fabwiz.deploy.errors import Leased
from fabwiz.deploy.events import Emitter
from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import DOWN, PhaseSpec
from fabwiz.deploy.replay import changing, prepare
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Step
from fabwiz.exitcodes import ExitCode
from fabwiz.remote.pool import Pool
from fabwiz.session.load import load

lease.LASTS, leases.EVERY = 2.0, 0.5


class Make(Step):
    """Makes a file on host a."""

    host = "a"

    def __init__(self, path: Path, after: Path | None = None) -> None:
        self.name, self.title = path.name, f"make {path.name}"
        self._path, self._after = path, after

    def look(self, run: Run) -> str | None:
        while self._after and not self._after.exists():
            time.sleep(0.01)
        return "it is there" if self._path.exists() else None

    def act(self, run: Run) -> str:
        self._path.touch()
        return "made"


def main(session_file: str, folder: str) -> int:
    network = load(Path(session_file)).network
    assert network
    place = Path(folder)
    steps = [Make(place / "first"), Make(place / "second", place / "wake")]
    run = prepare(network, Path(session_file), Pool(network), Emitter())
    try:
        with changing(run, "replay"):
            return exit_code(execute(run, [PhaseSpec(DOWN, "make files", "", lambda _: [[step] for step in steps])]))
    except Leased as error:
        print(error)
        return ExitCode.LOCKED
    finally:
        run.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
