"""`python -m tests.lab [PYTEST ARGUMENTS]`: build what the lab needs, run its tests there, take everything away.

Needs root, and the packages that tests/lab/README.md names. The exit code is pytest's.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.images import __main__ as images
from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import NAMESPACE, Lab

HERE = Path(__file__).parent
REPO = HERE.parents[1]


def main(arguments: list[str]) -> int:
    if os.geteuid() != 0:
        print("the lab makes network namespaces and mounts: run this as root", file=sys.stderr)
        return 2
    lab_folder().mkdir(parents=True, exist_ok=True)
    with (lab_folder() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another run holds the lab ({lock.name})", file=sys.stderr)
            return 2
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        lab = Lab()
        try:
            lab.down()  # what an earlier run that was killed has left
            if code := images.main():
                return code
            return pytest_on_station(arguments)
        finally:
            lab.down()


def pytest_on_station(arguments: list[str]) -> int:
    """Run pytest in the station's network namespace."""
    begun = time.monotonic()
    argv = ["nsenter", f"--net=/run/netns/{NAMESPACE}", sys.executable, "-m", "pytest", "-m", "lab", "-n", "0"]
    paths = [] if any(Path(argument.partition("::")[0]).exists() for argument in arguments) else [str(HERE)]
    environment = {**os.environ, "FABWIZ_LAB": str(lab_folder())}
    process = subprocess.Popen([*argv, *paths, *arguments], cwd=REPO, env=environment)
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    print(f"lab tests: {time.monotonic() - begun:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
