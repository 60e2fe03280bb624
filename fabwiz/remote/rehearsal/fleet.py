"""The rehearsal: hosts that are processes on this machine, reached by the ordinary SSH code."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from fabwiz.remote.rehearsal import tools
from fabwiz.remote.rehearsal.addresses import SSH_PORT, Block
from fabwiz.remote.rehearsal.config import HostConfig
from fabwiz.remote.rehearsal.errors import RehearsalError
from fabwiz.remote.rehearsal.furnish import install_tools, key_pair, user
from fabwiz.remote.rehearsal.processes import kill_session_of, session_members
from fabwiz.remote.secrets import ENVIRONMENT
from fabwiz.session.files import make_private_dir
from fabwiz.session.model import HostSpec, Session, Ssh
from fabwiz.session.network import Network

_READY_WITHIN = 30.0
_SECRETS = frozenset(ENVIRONMENT.values())
"""Secrets: hosts are given none."""
_OF_TESTS = ("COV_", "PYTEST_")


@dataclass(slots=True)
class _Process:
    popen: subprocess.Popen[bytes]
    lifeline: int


class Rehearsal:
    """Rehearsal hosts for a session, from `start` (entering) to `stop` (leaving).

    `session` is the given session with every host replaced: address, SSH user, port and key, remote_dir; nothing
    else differs. `known_hosts` is a file with the hosts' keys. Everything lies below `scratch`:
    `hosts/<name>/` is a host with its files, images, volumes and container logs; it survives `crash` and `start`.
    All processes end with this one, however it ends. Raises RehearsalError.

    `compose` per host name: `v1` (docker-compose), `v2` (docker compose), `both`, `none`; `docker=False` names hosts
    without docker. Linux only: elsewhere 127.0.0.0/8 is not all loopback.
    """

    def __init__(
        self,
        session: Session,
        scratch: Path,
        *,
        compose: Mapping[str, str] | None = None,
        without_docker: Iterable[str] = (),
    ) -> None:
        self._original = session
        self.scratch = scratch.absolute()
        self._compose = dict(compose or {})
        self._without_docker = frozenset(without_docker)
        self._block: Block | None = None
        self._configs: dict[str, HostConfig] = {}
        self._processes: dict[str, _Process] = {}
        self._session: Session | None = None
        self._lock = threading.Lock()

    # what the rest of the program needs
    @property
    def session(self) -> Session:
        """The session with the rehearsal's hosts."""
        if self._session is None:
            raise RehearsalError("the rehearsal has not been started yet")
        return self._session

    @property
    def key_file(self) -> Path:
        """The client's private key."""
        return self.scratch / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The hosts' public keys, as OpenSSH writes known_hosts."""
        return self.scratch / "ssh" / "known_hosts"

    def address(self, host: str) -> str:
        """The loopback address of a host."""
        return self._configs[host].address

    def folder(self, host: str) -> Path:
        """What stands for a host's file system and its docker."""
        return self._configs[host].folder

    # life
    def __enter__(self) -> Self:
        try:
            self._prepare()
            self._start_all()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> None:
        if sys.platform != "linux":
            raise RehearsalError("a rehearsal needs Linux: only there all of 127.0.0.0/8 is this machine")
        network = Network(self._original)
        if network.release is None:
            raise RehearsalError(f"fabric: {self._original.fabric} is no known release; `fabwiz check` says more")
        for top in ("ssh", "hosts", "cluster"):
            make_private_dir(self.scratch / top)
        self._block = block = Block(network)
        authorized = key_pair(self.key_file)
        images = self._original.images
        known = []
        for index, name in enumerate(network.hosts, 1):
            folder = self.scratch / "hosts" / name
            for part in ("bin", "home", "tmp", "fs", "docker"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            self._configs[name] = config = HostConfig(
                name=name,
                address=block.host(index),
                ssh_port=SSH_PORT,
                user=user(),
                authorized_key=authorized,
                root=str(folder),
                cluster=str(self.scratch / "cluster"),
                release=network.release.version,
                registry=images.registry,
                namespace=images.namespace,
                images=tuple((image, role) for role, image in images.overrides.items()),
                extra_tags=(images.tag,) if images.tag else (),
                third_party_tags=(images.third_party_tag,) if images.third_party_tag else (),
                compose=self._compose.get(name, "both"),
                docker=name not in self._without_docker,
            )
            install_tools(config)
            known.append(f"[{config.address}]:{SSH_PORT} {key_pair(config.host_key)}\n")
        self.known_hosts.write_text("".join(known))
        self.known_hosts.chmod(0o600)
        self._session = self._replaced(network)

    def _replaced(self, network: Network) -> Session:
        hosts = {}
        for name, config in self._configs.items():
            remote_dir = network.hosts[name].remote_dir.lstrip("/")
            hosts[name] = HostSpec(
                address=config.address,
                transport="ssh",
                ssh=Ssh(user=config.user, port=SSH_PORT, key=str(self.key_file), agent=False, sudo="never"),
                remote_dir=str(config.folder / "fs" / remote_dir),
            )
        return self._original.model_copy(update={"hosts": hosts, "ssh": Ssh()})

    # processes
    def _start_all(self) -> None:
        waiting = [(name, self._launch(name)) for name in self._configs]
        for name, process in waiting:
            self._await(name, process)

    def start(self, host: str) -> None:
        """Start a crashed or stopped host again, with all that it had on disk. Nothing happens if it runs."""
        with self._lock:
            if host in self._processes and self._processes[host].popen.poll() is None:
                return
        self._await(host, self._launch(host))

    def _launch(self, host: str) -> _Process:
        config = self._configs[host]
        reading, writing = os.pipe()
        try:
            path = config.folder / "host.json"
            data = HostConfig.from_json(config.to_json())
            object.__setattr__(data, "lifeline", reading)
            path.write_text(data.to_json())
            package_root = Path(tools.__file__).parents[4]
            with (config.folder / "host.log").open("ab") as log:
                popen = subprocess.Popen(
                    [sys.executable, "-m", "fabwiz.remote.rehearsal.host", str(path)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=config.folder,
                    env={
                        **{k: v for k, v in os.environ.items() if not k.startswith(_OF_TESTS) and k not in _SECRETS},
                        "PYTHONPATH": os.pathsep.join(
                            filter(None, [str(package_root), os.environ.get("PYTHONPATH", "")])
                        ),
                    },
                    pass_fds=(reading,),
                    start_new_session=True,
                )
        except OSError as error:
            os.close(writing)
            raise RehearsalError(f"rehearsal host {host} cannot be started: {error}") from error
        finally:
            os.close(reading)
        process = _Process(popen, writing)
        with self._lock:
            self._processes[host] = process
        return process

    def _await(self, host: str, process: _Process) -> None:
        assert process.popen.stdout
        timer = threading.Timer(_READY_WITHIN, process.popen.kill)
        timer.start()
        try:
            line = process.popen.stdout.readline()
        finally:
            timer.cancel()
        if line.strip() != b"ready":
            log = (self._configs[host].folder / "host.log").read_text(errors="replace").strip().splitlines()
            self._end(host)
            raise RehearsalError(
                f"rehearsal host {host} did not come up: {log[-1] if log else 'it said nothing'} "
                f"(all of it: {self._configs[host].folder / 'host.log'})"
            )

    def running(self, host: str) -> bool:
        """Whether the host's process lives."""
        process = self._processes.get(host)
        return process is not None and process.popen.poll() is None

    def crash(self, host: str) -> None:
        """Pull the plug: everything on the host ends at once, nothing is said to anybody. What is on disk stays."""
        process = self._processes.get(host)
        if process is None:
            return
        kill_session_of(process.popen.pid)
        self._end(host)

    def freeze(self, host: str) -> None:
        """Let the host hang: connections stay open and nothing answers, until `thaw`."""
        for pid in session_members(self._processes[host].popen.pid):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, host: str) -> None:
        """Let a frozen host go on."""
        for pid in session_members(self._processes[host].popen.pid):
            os.kill(pid, signal.SIGCONT)

    def _end(self, host: str) -> None:
        with self._lock:
            process = self._processes.pop(host, None)
        if process is None:
            return
        os.close(process.lifeline)
        try:
            process.popen.wait(5)
        except subprocess.TimeoutExpired:
            kill_session_of(process.popen.pid)
            process.popen.wait()
        if process.popen.stdout:
            process.popen.stdout.close()

    def stop(self) -> None:
        """End all hosts, in order. May be called again."""
        for name in list(self._processes):
            with contextlib.suppress(ProcessLookupError):
                self._processes[name].popen.terminate()
                self._processes[name].popen.send_signal(signal.SIGCONT)
        for name in list(self._processes):
            self._end(name)
        if self._block:
            self._block.release()
            self._block = None
