"""The engine of one rehearsal host: images, volumes, networks, containers; its state outlives a crash."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fabwiz.remote.rehearsal.config import HostConfig
from fabwiz.remote.rehearsal.containers.context import Context, release_of
from fabwiz.remote.rehearsal.containers.programs import program
from fabwiz.remote.rehearsal.engine import clock
from fabwiz.remote.rehearsal.engine.container import Container
from fabwiz.remote.rehearsal.engine.errors import DockerError
from fabwiz.remote.rehearsal.engine.happenings import Happenings
from fabwiz.remote.rehearsal.engine.images import Images
from fabwiz.remote.rehearsal.engine.logs import ContainerLog
from fabwiz.remote.rehearsal.engine.spec import Record, Spec
from fabwiz.remote.rehearsal.wire import bind

VERSION = "18.09.9-rehearsal"
_STAGE = ("/var/run", "/run")
"""Host paths that every Docker host has: its socket lies there."""


class Engine:
    """All methods may be called from several threads; they raise DockerError with Docker's words."""

    def __init__(self, config: HostConfig) -> None:
        self.config = config
        self.folder = config.folder / "docker"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self.closing = threading.Event()
        self.happenings = Happenings()
        state = self._load()
        self.images = Images(config, state["images"], self.save, self._pause)
        self.volumes: dict[str, dict[str, str]] = state["volumes"]
        """Labels by volume name."""
        self.networks: dict[str, dict[str, Any]] = state["networks"]
        self.containers: dict[str, Container] = {}
        for data in state["containers"]:
            record = Record.from_data(data)
            self.containers[record.spec.name] = self._container(record)

    def _pause(self, seconds: float) -> None:
        self.closing.wait(seconds)

    # state
    def _load(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        if path.exists():
            state: dict[str, Any] = json.loads(path.read_text())
            return state
        networks = {name: {"id": secrets.token_hex(32), "labels": {}} for name in ("bridge", "host", "none")}
        return {"images": {}, "volumes": {}, "networks": networks, "containers": []}

    def save(self) -> None:
        """Write the state down."""
        with self._lock:
            if not hasattr(self, "containers"):
                return
            state = {
                "images": self.images.state,
                "volumes": self.volumes,
                "networks": self.networks,
                "containers": [container.record.to_data() for container in self.containers.values()],
            }
            partial = self.folder / "state.json.new"
            partial.write_text(json.dumps(state))
            partial.replace(self.folder / "state.json")

    def _container(self, record: Record) -> Container:
        log = ContainerLog(self.folder / "containers" / record.id / "log.jsonl")
        return Container(record, log, self.save, lambda action: self.happenings.add(action, record))

    def boot(self) -> None:
        """What dockerd does when it starts: containers that ran, or that shall always run, run again."""
        for container in list(self.containers.values()):
            record = container.record
            ran = record.status in ("running", "restarting")
            wanted = record.spec.restart == "always" or (
                record.spec.restart.startswith(("unless-stopped", "on-failure")) and not record.stopped_by_hand
            )
            if ran:
                record.status, record.exit_code = "exited", 255
            if wanted and (ran or record.spec.restart == "always") and not record.stopped_by_hand:
                try:
                    self.start(record.spec.name)
                except DockerError as error:
                    container.log.write(str(error))
        self.save()

    def shutdown(self) -> None:
        """The host goes down in order: containers end, their state says that they ran."""
        self.closing.set()
        threads = [threading.Thread(target=container.end, args=(2.0,)) for container in list(self.containers.values())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # networks and volumes
    def create_network(self, name: str, labels: Mapping[str, str]) -> None:
        """Make a bridge network; there may be only one of a name here."""
        with self._lock:
            if name in self.networks:
                raise DockerError(f"network with name {name} already exists")
            self.networks[name] = {"id": secrets.token_hex(32), "labels": dict(labels)}
        self.save()

    def remove_network(self, name: str) -> None:
        """Remove a network that no container is on."""
        with self._lock:
            if name not in self.networks:
                raise DockerError(f"network {name} not found")
            if name in ("bridge", "host", "none"):
                raise DockerError(f"{name} is a pre-defined network and cannot be removed")
            if any(name in c.record.spec.networks and c.running for c in self.containers.values()):
                raise DockerError(f"error while removing network: network {name} has active endpoints")
            del self.networks[name]
        self.save()

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Make a volume; an existing one stays as it is."""
        with self._lock:
            if name not in self.volumes:
                self.volumes[name] = dict(labels)
                self.volume_folder(name).mkdir(parents=True, exist_ok=True)
        self.save()

    def volume_folder(self, name: str) -> Path:
        """Where a volume's files lie."""
        return self.folder / "volumes" / name / "_data"

    def remove_volume(self, name: str) -> None:
        """Remove a volume that no container has."""
        with self._lock:
            if name not in self.volumes:
                raise DockerError(f"get {name}: no such volume")
            users = [
                c.record.id
                for c in self.containers.values()
                if any(m.kind == "volume" and m.source == name for m in c.record.spec.mounts)
            ]
            if users:
                raise DockerError(f"remove {name}: volume is in use - [{', '.join(users)}]")
            del self.volumes[name]
            shutil.rmtree(self.folder / "volumes" / name, ignore_errors=True)
        self.save()

    # containers
    def find(self, name: str) -> Container:
        """A container by name or by a beginning of its id."""
        name = name.removeprefix("/")
        if name in self.containers:
            return self.containers[name]
        matches = [c for c in self.containers.values() if len(name) >= 4 and c.record.id.startswith(name)]
        if len(matches) == 1:
            return matches[0]
        raise DockerError(f"No such container: {name}")

    def create(self, spec: Spec) -> Container:
        """Make a container; image, networks, volumes and bind sources must be there."""
        with self._lock:
            if spec.name in self.containers:
                other = self.containers[spec.name].record.id
                raise DockerError(
                    f'Conflict. The container name "/{spec.name}" is already in use by container "{other}". '
                    "You have to remove (or rename) that container to be able to reuse that name."
                )
            if self.images.present(spec.image) is None:
                raise DockerError(f"No such image: {spec.image}")
            for name in spec.networks:
                if name not in self.networks:
                    raise DockerError(f"network {name} not found")
            for mount in spec.mounts:
                if mount.kind == "bind" and not mount.source.startswith(_STAGE) and not Path(mount.source).exists():
                    raise DockerError(
                        f'invalid mount config for type "bind": bind source path does not exist: {mount.source}'
                    )
                if mount.kind == "volume" and mount.source not in self.volumes:
                    self.create_volume(mount.source, {})
            taken = {c.record.number for c in self.containers.values()}
            number = next(n for n in range(250) if n not in taken)
            record = Record(secrets.token_hex(32), number, spec, clock.write(clock.now()))
            container = self._container(record)
            self.containers[spec.name] = container
        self.save()
        self.happenings.add("create", record)
        return container

    def start(self, name: str) -> None:
        """Start a container; its ports must be free on this host."""
        container = self.find(name)
        record = container.record
        with self._lock:
            if container.running:
                return
            image = self.images.present(record.spec.image)
            if image is None:
                raise DockerError(f"No such image: {record.spec.image}")
            run = program(image.kind)
            if run is None:
                record.status, record.exit_code = "exited", 0
                self.save()
                return
            self._check_ports(container)
            release = release_of(image.release)
            container.start(lambda: self._context(record, release.version), run)

    def _check_ports(self, container: Container) -> None:
        spec = container.record.spec
        front = f"driver failed programming external connectivity on endpoint {spec.name} ({secrets.token_hex(32)}): "
        for port in spec.ports:
            for other in self.containers.values():
                if (
                    other is not container
                    and other.running
                    and any(p.host == port.host for p in other.record.spec.ports)
                ):
                    raise DockerError(f"{front}Bind for {port.address}:{port.host} failed: port is already allocated")
            try:
                bind(self.config.address, port.host).close()
            except OSError as error:
                raise DockerError(
                    f"{front}Error starting userland proxy: listen tcp {port.address}:{port.host}: bind: "
                    f"{(error.strerror or str(error)).lower()}"
                ) from error

    def _context(self, record: Record, release: str) -> Context:
        spec = record.spec
        published: dict[int, list[int]] = {}
        for port in spec.ports:
            published.setdefault(port.container, []).append(port.host)
        address = self.config.container_address(record.number)
        return Context(
            name=spec.name,
            hostname=spec.hostname or record.id[:12],
            release=release_of(release),
            environment=spec.environment,
            address=address,
            host_address=self.config.address,
            published=published,
            mounts={
                m.target.rstrip("/") or "/": (
                    self.volume_folder(m.source) if m.kind == "volume" else Path(m.source),
                    m.read_only,
                )
                for m in spec.mounts
            },
            layer=self.folder / "containers" / record.id / "layer",
            shared=Path(self.config.cluster),
            lookup=lambda name: self._lookup(record, name),
            log=self.containers[spec.name].log.write,
            networks=lambda: list(self.networks),
            image_error=self._image_error,
        )

    def _image_error(self, name: str) -> str | None:
        if self.images.present(name):
            return None
        try:
            self.images.pull(name, lambda line: None)
        except DockerError as error:
            return str(error)
        return None

    def _lookup(self, record: Record, name: str) -> str | None:
        spec = record.spec
        if name in spec.extra_hosts:
            return spec.extra_hosts[name]
        if name in (spec.hostname, record.id[:12]):
            return self.config.container_address(record.number)
        for other in list(self.containers.values()):
            theirs = other.record.spec
            for network in set(spec.networks) & set(theirs.networks):
                if name in (theirs.name, theirs.service, *theirs.networks[network], other.record.id[:12]):
                    return self.config.container_address(other.record.number) if other.running else None
        return None

    def remove(self, name: str, force: bool) -> None:
        """Remove a container; a running one only by force."""
        container = self.find(name)
        if container.running:
            if not force:
                raise DockerError(
                    f"You cannot remove a running container {container.record.id}. "
                    "Stop the container before attempting removal or force remove"
                )
            container.end(2.0)
        with self._lock:
            self.containers.pop(container.record.spec.name, None)
            container.log.close()
            shutil.rmtree(self.folder / "containers" / container.record.id, ignore_errors=True)
        self.save()
        self.happenings.add("destroy", container.record)

    def labelled(self, matches: Callable[[Mapping[str, str]], bool]) -> list[Container]:
        """Containers whose labels match, newest first as `docker ps` shows them."""
        found = [c for c in self.containers.values() if matches(c.record.spec.labels)]
        return sorted(found, key=lambda c: c.record.created, reverse=True)
