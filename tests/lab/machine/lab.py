"""The lab as tests drive it: hosts come up, break, and go. All of it is done by `lab.sh`."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from tests.lab.images.store import lab_folder

SCRIPT = Path(__file__).with_name("lab.sh")
NAMESPACE = os.environ.get("LAB_NS") or "fabwizlab"
"""With another one, and another FABWIZ_LAB, a second lab runs beside the first."""
SUITES = ("bookworm", "trixie")
Result = TypeVar("Result")


class LabError(Exception):
    """The lab itself does not work: nothing that a test is about."""


def _environment() -> dict[str, str]:
    return {**os.environ, "FABWIZ_LAB": str(lab_folder()), "LAB_NS": NAMESPACE}


def lab_sh(*argv: str, settings: Mapping[str, str] | None = None, timeout: float = 300) -> str:
    """Run `lab.sh`; returns what it prints. Raises LabError."""
    environment = _environment() | dict(settings or {})
    # files, not pipes: what it leaves running would keep a pipe open
    log = lab_folder() / "lab.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a+") as err:
        begin = err.seek(0, os.SEEK_END)
        done = subprocess.run(
            [str(SCRIPT), *argv], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
            text=True, timeout=timeout,
        )  # fmt: skip
        err.seek(begin)
        said = err.read()
    if done.returncode:
        raise LabError(f"lab.sh {' '.join(argv)}: exit code {done.returncode}\n{done.stdout}{said}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command on a host came to."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class LabHost:
    """One host: h1 is 198.18.0.11. Its faults last until they are taken back, or until the host goes."""

    number: int
    ssh_port: int = 22
    rebooted: list[str] = field(default_factory=list, compare=False)
    """What happened to its power, for whoever compares containers before and after."""

    @property
    def name(self) -> str:
        return f"h{self.number}"

    @property
    def address(self) -> str:
        return f"198.18.0.{10 + self.number}"

    # its console
    def sh(self, *argv: str, input: bytes = b"", timeout: float = 120) -> Ran:  # noqa: A002
        """Run a command on it as root, not through SSH: works whatever its network and sshd do."""
        done = subprocess.run(
            [str(SCRIPT), "sh", self.name, *argv], input=input, capture_output=True, env=_environment(), timeout=timeout
        )
        return Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def ok(self, *argv: str, input: bytes = b"", timeout: float = 120) -> str:  # noqa: A002
        """The same, for what must succeed: returns its output. Raises LabError."""
        ran = self.sh(*argv, input=input, timeout=timeout)
        if ran.code:
            raise LabError(f"{self.name}: {' '.join(argv)}: exit code {ran.code}\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def load(self, archive: Path) -> None:
        """`docker load` by hand."""
        with archive.open("rb") as file:
            argv = [str(SCRIPT), "sh", self.name, "docker", "load", "-q"]
            done = subprocess.run(argv, stdin=file, capture_output=True, text=True, env=_environment(), timeout=600)
        if done.returncode:
            raise LabError(f"{self.name}: docker load {archive}: {done.stderr}")

    def unpack(self, archive: Path) -> None:
        """A tar file, into its root folder."""
        with archive.open("rb") as file:
            argv = [str(SCRIPT), "sh", self.name, "tar", "-x", "-C", "/"]
            done = subprocess.run(argv, stdin=file, capture_output=True, text=True, env=_environment(), timeout=120)
        if done.returncode:
            raise LabError(f"{self.name}: unpacking {archive}: {done.stderr}")

    def keep_as_seed(self, folder: Path) -> None:
        """Keep its images for hosts to begin with. The host is off afterwards."""
        lab_sh("seed", self.name, str(folder))

    # power
    def off(self) -> None:
        """Shut down cleanly."""
        self._power("off")

    def on(self) -> None:
        """Switch on, and wait until SSH and Docker answer."""
        self._power("on")
        lab_sh("ready", self.name)

    def reboot(self) -> None:
        """Off and on, cleanly."""
        self._power("reboot")

    def crash(self) -> None:
        """Off and on without a word to anybody."""
        self._power("crash")

    def _power(self, what: str) -> None:
        self.rebooted.append(what)
        lab_sh(what, self.name)

    # faults
    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The host hangs: it takes connections, but never answers."""
        lab_sh("freeze", self.name)
        try:
            yield
        finally:
            lab_sh("thaw", self.name)

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Its cable is cut."""
        lab_sh("cut", self.name)
        try:
            yield
        finally:
            lab_sh("join", self.name)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """The disk below /var/lib/docker is full. Only for a host with a disk of its own (`disks`)."""
        lab_sh("fill", self.name)
        try:
            yield
        finally:
            lab_sh("unfill", self.name)

    @contextmanager
    def firewall(self, what: Literal["reject", "drop"], *ports: int) -> Iterator[None]:
        """New connections to its ports, sshd's and published ones alike, are refused or lost."""
        for port in ports:
            lab_sh("firewall", self.name, what, str(port))
        try:
            yield
        finally:
            lab_sh("firewall", self.name, "off")

    @contextmanager
    def delayed(self, milliseconds: int) -> Iterator[None]:
        """Every packet that it receives comes later."""
        lab_sh("delay", self.name, str(milliseconds))
        try:
            yield
        finally:
            lab_sh("delay", self.name, "0")

    @contextmanager
    def clock_off(self, by: str) -> Iterator[None]:
        """Its clock is wrong, by `+7200s` say, for what runs over SSH."""
        lab_sh("clock", self.name, by)
        try:
            yield
        finally:
            lab_sh("clock", self.name, "0")

    @contextmanager
    def without_docker(self) -> Iterator[None]:
        """Its engine is killed, and comes back afterwards."""
        self.sh("pkill", "-KILL", "-x", "dockerd")
        try:
            yield
        finally:
            self.rebooted.append("dockerd")
            self.sh("service", "docker", "start")
            lab_sh("ready", self.name)


class Lab:
    """All hosts of the lab. There is one set of hosts at a time, and every set begins clean."""

    def __init__(self) -> None:
        self.folder = lab_folder()
        self._lock = threading.Lock()

    @property
    def key(self) -> Path:
        """The private key that logs in as root, as `fabric` (group docker, sudo) and as `ops` (sudo alone)."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        """The hosts' public keys."""
        return self.folder / "known_hosts"

    def build(self) -> None:
        """The root file systems that are not there yet, and the station. Needs the network."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda suite: lab_sh("build", suite, timeout=900), SUITES))
        lab_sh("station")

    @contextmanager
    def hosts(
        self,
        count: int,
        *,
        seed: Path | None,
        suites: Mapping[int, str] | None = None,
        disks: Mapping[int, str] | None = None,
        ssh_ports: Mapping[int, int] | None = None,
    ) -> Iterator[Sequence[LabHost]]:
        """Clean hosts h1 to h`count`; they are gone afterwards. `seed`: the images that they begin with.

        By host number: `suites` (`trixie`: Compose v2 only), `disks` (`600M`: Docker's disk), `ssh_ports`.
        """
        if not self._lock.acquire(blocking=False):
            raise LabError("another test holds the lab's hosts: fixtures of different scopes are mixed")
        settings = {"LAB_SEED": str(seed) if seed else "none"}
        for key, values in (("SUITE", suites), ("DISK", disks), ("SSH_PORT", ssh_ports)):
            settings |= {f"LAB_{key}_h{number}": str(value) for number, value in (values or {}).items()}
        try:
            self.clear()
            lab_sh("up", str(count), settings=settings, timeout=600)
            yield [LabHost(number, (ssh_ports or {}).get(number, 22)) for number in range(1, count + 1)]
        finally:
            self.clear()
            self._lock.release()

    def clear(self) -> None:
        """End all hosts, also those that an earlier run left."""
        lab_sh("clear")

    def down(self) -> None:
        """The station too."""
        lab_sh("down")


def on_each(hosts: Sequence[LabHost], do: Callable[[LabHost], Result]) -> list[Result]:
    """Do something on all hosts at once; the results in the hosts' order."""
    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(do, hosts))
