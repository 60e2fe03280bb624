"""The operator's side: a folder with a session file, and the `fabwiz` command as a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.network import Network
from fabwiz.session.releases import RELEASES
from fabwiz.session.workspace import Workspace
from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import Lab

REPO = Path(__file__).parents[3]
_HEAP = "256 MiB"
"""Thirteen hosts share one machine."""
_PATIENCE = {
    "zookeeper": "5m", "kafka": "5m", "orderers": "5m", "peers": "5m", "channels": "5m", "chaincode": "10m",
}  # fmt: skip
"""Thirteen hosts and what goes wrong on them share two cores, which may be slow ones."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command that has ended. `events` are the objects of `--json`."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]

    def steps(self, status: str, phase: str | None = None) -> list[dict[str, Any]]:
        """Steps that ended so: `done` changed something, `skipped` found nothing to do, `failed`."""
        return [
            event
            for event in self.events
            if event.get("event") == "step" and event.get("status") == status and phase in (None, event.get("phase"))
        ]

    @property
    def summary(self) -> dict[str, Any]:
        """The last word of a run: `done`, `skipped` where nothing had to be changed, or `failed`."""
        return next(event for event in reversed(self.events) if event["event"] == "summary")

    @property
    def phases(self) -> dict[str, float]:
        """Seconds by phase."""
        ended = [event for event in self.events if event["event"] == "phase" and "seconds" in event]
        return {event["phase"]: event["seconds"] for event in ended}

    @property
    def story(self) -> str:
        """What to print where it did not go as it should."""
        return f"exit code {self.code} after {self.seconds:.0f} s\n{self.stdout[-6000:]}\n{self.stderr[-3000:]}"


class Workstation:
    """A session for the lab's hosts, and what fabwiz makes of it."""

    def __init__(self, folder: Path, lab: Lab, data: Mapping[str, Any]) -> None:
        self.folder = folder
        self._lab = lab
        self.session_file = folder / f"{data['name']}.yaml"
        self.known_hosts = folder / "known_hosts"
        self.environment: dict[str, str] = {}
        """What its commands find there beside the usual: passwords, say."""
        shutil.copyfile(lab.known_hosts, self.known_hosts)
        self.write(data)

    def handed_on(self, folder: Path) -> Workstation:
        """Another operator's, with a copy of the session and of the workspace."""
        other = Workstation(folder, self._lab, self.data)
        shutil.copytree(self.workspace.root, other.workspace.root)
        return other

    def write(self, data: Mapping[str, Any]) -> None:
        """Change the session file."""
        self.data = dict(data)
        self.session_file.write_text(yaml.safe_dump(self.data, sort_keys=False))

    @property
    def network(self) -> Network:
        network = Document.from_text(self.session_file.read_text(), self.session_file).network
        assert network, self.session_file.read_text()
        return network

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.session_file)

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """`fabwiz COMMAND SESSION ARGUMENTS...` in the background, output to pipes."""
        argv = [sys.executable, "-m", "fabwiz", command, str(self.session_file), *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SSH_", "FABWIZ_"))}
        environment |= {"HOME": str(self.folder), "PYTHONPATH": str(REPO), "PYTHONUNBUFFERED": "1"}
        environment |= self.environment
        return subprocess.Popen(
            argv,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fabwiz(self, command: str, *arguments: str, timeout: float = 900) -> Outcome:
        """The same with the lab's host keys and `--json`, to its end."""
        begun = time.monotonic()
        options = ["--known-hosts", str(self.known_hosts), "--json"]
        process = self.start(command, *options, *arguments)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            stderr += f"\nkilled after {timeout} s"
        return Outcome(process.returncode, stdout, stderr, time.monotonic() - begun)

    def succeeds(self, command: str, *arguments: str, timeout: float = 900) -> Outcome:
        """The same, for what must end well."""
        outcome = self.fabwiz(command, *arguments, timeout=timeout)
        assert outcome.code == 0, outcome.story
        return outcome


def lab_session(example: str, **changes: Any) -> dict[str, Any]:
    """An example session with the lab's addresses (h1 stands for its first host), key and small heaps.

    Images are sent by fabwiz where they are missing. `changes` replace or extend top-level settings; mappings are
    merged. Where FABWIZ_LAB_IMAGES has not the images of
    the example's release, it becomes the release that it has.
    """
    data = yaml.safe_load(re.sub(r"\b203\.0\.113\.", "198.18.0.", examples.text(example)))
    own = {
        "ssh": {"user": "root", "key": str(lab_folder() / "key"), "agent": False},
        "images": {"source": "load", "archives": str(archives_folder())},
        "ordering": {"kafka": {"heap": _HEAP}},
        "timeouts": _PATIENCE,
    }
    merged = _merged(_merged(data, own), changes)
    return merged | {"fabric": _release(str(merged["fabric"]))}


def archives_folder() -> Path:
    """Where the archives of all images are."""
    return Path(next(iter(_stock().values()))).parent


def _stock() -> dict[str, str]:
    """Archives by image name."""
    found: dict[str, str] = json.loads((lab_folder() / "stock.json").read_text())["images"]
    return found


def _release(wanted: str) -> str:
    """This release if the lab has its images, else the newest that it has."""
    there = _stock()
    tags = {name.rpartition(":")[2] for name in there if "/fabric-peer:" in name}
    found = [release.version for release in RELEASES.values() if release.tag in tags]
    assert found, f"no fabric-peer image of a known release among {', '.join(there)}"
    return wanted if wanted in found else found[-1]


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result
