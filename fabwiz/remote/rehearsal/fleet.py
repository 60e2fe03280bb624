"""The rehearsal: hosts that are processes on this machine, reached by the ordinary SSH code."""

from __future__ import annotations

import base64
import contextlib
import getpass
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fabwiz.remote.rehearsal import tools
from fabwiz.remote.rehearsal.config import HostConfig
from fabwiz.remote.rehearsal.processes import kill_session_of, session_members
from fabwiz.session.model import HostSpec, Session, Ssh
from fabwiz.session.network import Network

SSH_PORT = 2222
_READY_WITHIN = 30.0
_ROLES = ("zookeeper", "kafka", "orderer", "peer", "couchdb", "tools")


class RehearsalError(Exception):
    """A rehearsal that cannot start or go on; the message says why and what to do."""


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
        self._claim: socket.socket | None = None
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
            (self.scratch / top).mkdir(parents=True, exist_ok=True)
        (self.scratch / "ssh").chmod(0o700)
        block = self._claim_block(network)
        authorized = _key_pair(self.key_file)
        images = self._original.images
        known = []
        for index, name in enumerate(network.hosts, 1):
            folder = self.scratch / "hosts" / name
            for part in ("bin", "home", "tmp", "fs", "docker"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            self._configs[name] = config = HostConfig(
                name=name,
                address=f"{block}.{index}.1",
                ssh_port=SSH_PORT,
                user=_user(),
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
            _install_tools(config)
            known.append(f"[{config.address}]:{SSH_PORT} {_key_pair(config.host_key)}\n")
        self.known_hosts.write_text("".join(known))
        self.known_hosts.chmod(0o600)
        self._session = self._replaced(network)

    def _claim_block(self, network: Network) -> str:
        """Find `127.A.B` blocks nobody else rehearses on: 127.A.<host>.1; a bound socket holds the claim."""
        wanted = [(index, name) for index, name in enumerate(network.hosts, 1)]
        if len(wanted) > 250:
            raise RehearsalError(f"a rehearsal has room for 250 hosts; this session has {len(wanted)}")
        for second in secrets.SystemRandom().sample(range(16, 250), 40):
            claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                claim.bind((f"127.{second}.255.1", SSH_PORT - 1))
            except OSError:
                claim.close()
                continue
            self._claim = claim
            break
        else:
            raise RehearsalError("no free block of loopback addresses: too many rehearsals run at once")
        block = f"127.{second}"
        for index, name in wanted:
            ports = [(SSH_PORT, "sshd")]
            ports += [(port, node.name) for node in network.nodes if node.host == name for port in node.ports.values()]
            for port, owner in ports:
                with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((f"{block}.{index}.1", port))
                    except OSError as error:
                        raise RehearsalError(
                            f"port {port}, which {owner} needs, is taken on every address of this machine "
                            f"({error.strerror}): end the program that listens there, or give {owner} another port"
                        ) from error
        return block

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
                        **{k: v for k, v in os.environ.items() if not k.startswith(("COV_", "PYTEST_"))},
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
        if self._claim:
            self._claim.close()
            self._claim = None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "rehearsal"


def _key_pair(path: Path) -> str:
    """Make an ed25519 key unless it is there; returns the public half as `ssh-ed25519 AAAA...`."""
    if path.exists():
        key = serialization.load_ssh_private_key(path.read_bytes(), None)
    else:
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    kind, _, body = public.decode().partition(" ")
    base64.b64decode(body, validate=True)
    return f"{kind} {body}"


def _install_tools(config: HostConfig) -> None:
    here = Path(tools.__file__).parent
    python = _quoted(sys.executable)
    client = f"exec {python} -I -S {_quoted(str(here / 'docker_client.py'))} {_quoted(str(config.socket))}"
    scripts = {
        "scp": f'exec {python} -I -S {_quoted(str(here / "scp.py"))} "$@"',
        "sudo": f'exec /bin/sh {_quoted(str(here / "sudo.sh"))} "$@"',
    }
    if config.docker:
        scripts["docker"] = f'{client} docker "$@"'
        if config.compose in ("v1", "both"):
            scripts["docker-compose"] = f'{client} docker-compose "$@"'
    for name in ("docker", "docker-compose"):
        # never the machine's own: a rehearsal host without docker says so itself
        scripts.setdefault(name, f"echo 'sh: 1: {name}: not found (rehearsal)' >&2; exit 127")
    for name, line in scripts.items():
        path = config.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
