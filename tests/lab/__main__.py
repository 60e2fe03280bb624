"""`python -m tests.lab [--beside] [PYTEST ARGUMENTS]`: build what the lab needs, run its tests there, take all away.

With --beside the long fault tests run in a second lab at the same time. Needs root, and the packages that
tests/lab/README.md names. The exit code is pytest's.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.beside import BUILT, FAULTS, Beside
from tests.lab.images import __main__ as images
from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import NAMESPACE, Lab
from tests.outcomes import ROWS, Outcomes, put_into

HERE = Path(__file__).parent
REPO = HERE.parents[1]
BESIDE = "--beside"


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
            if BUILT in arguments:
                lab.build()
            elif code := images.main():
                return code
            words = [argument for argument in arguments if argument not in (BUILT, BESIDE)]
            return pytest_on_station(words) if BUILT in arguments else tests(words, beside=BESIDE in arguments)
        finally:
            lab.down()


def tests(arguments: list[str], *, beside: bool) -> int:
    """Run the tests in this lab, or in two; the table of the faults that they made."""
    folders = [lab_folder()]
    if not beside:
        code = pytest_on_station(arguments)
    else:
        second = Beside(REPO, arguments)
        folders.append(second.folder)
        try:
            code = pytest_on_station([f"--ignore-glob=*/{FAULTS}", *arguments])
            code = second.wait() or code
        finally:
            second.end()
    faults = Outcomes()
    for folder in folders:
        faults.read(folder / ROWS)
    if faults.rows:
        print("\n".join(("== faults", *faults.plain())))
        (lab_folder() / "faults.md").write_text(faults.markdown() + "\n")
        if os.environ.get("FABWIZ_LAB_TABLE"):
            put_into(HERE / "README.md", faults.markdown())
    return code


def pytest_on_station(arguments: list[str]) -> int:
    """Run pytest in the station's network namespace."""
    begun = time.monotonic()
    (lab_folder() / ROWS).unlink(missing_ok=True)
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
