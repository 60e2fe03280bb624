"""A second lab beside the first, for what would take too long one after the other: half of its time is waiting.

It has hosts, addresses and a network of its own (the addresses are the same: namespaces keep them apart), and uses
what the first has built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.lab.images.__main__ import STOCK
from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import NAMESPACE

BUILT = "--built"
"""Tells `python -m tests.lab` that all is built already."""
FAULTS = "test_faults_*.py"


class Beside:
    """Runs the long fault tests in a second lab, from its making on."""

    def __init__(self, repository: Path, arguments: Sequence[str]) -> None:
        self.folder = lab_folder() / "beside"
        _furnish(self.folder)
        self._log = self.folder / "pytest.log"
        faults = sorted(str(path) for path in Path(__file__).parent.glob(FAULTS))
        environment = {**os.environ, "FABWIZ_LAB": str(self.folder), "LAB_NS": f"{NAMESPACE}2", "PYTHONUNBUFFERED": "1"}
        environment.pop("FABWIZ_LAB_TABLE", None)  # the first one puts both tables into one
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.lab", BUILT, *faults, *arguments],
                cwd=repository, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def wait(self) -> int:
        """Its exit code; prints what it had to say."""
        code = self._process.wait()
        print("== the fault tests, in the second lab", flush=True)
        print(self._log.read_text(errors="replace"), flush=True)
        return code

    def end(self) -> None:
        """End it early; it takes its hosts away by itself."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def _furnish(folder: Path) -> None:
    """The root file systems and images of the first lab."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("rootfs-*"):
        if old.is_symlink():
            old.unlink()
    for rootfs in lab_folder().glob("rootfs-*"):
        if rootfs.is_dir():
            (folder / rootfs.name).symlink_to(rootfs)
    shutil.copy(lab_folder() / STOCK, folder / STOCK)
