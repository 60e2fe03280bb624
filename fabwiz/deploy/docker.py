"""Docker and Compose on a host: which commands are run there, and what their answers mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fabwiz.deploy.errors import StepFailed
from fabwiz.remote.answers import json_value
from fabwiz.remote.connection import Connection
from fabwiz.session.network import Host, Network

NETWORK_LABEL = "fabwiz.network"
NODE_LABEL = "fabwiz.node"
REVISION_LABEL = "fabwiz.revision"
"""Hash of a container's definition and of the files that it mounts: tells an outdated container from a current one."""


_PUBLISHED = re.compile(r":(\d{1,5})(?:-(\d{1,5}))?->", re.ASCII)
_MOST_PUBLISHED = 4096
"""Characters of a list of ports that are read: a host must not keep this machine busy with one line."""


class State(StrEnum):
    """What a container is doing."""

    RUNNING = "running"
    RESTARTING = "restarting"
    PAUSED = "paused"
    CREATED = "created"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Container:
    """A container as `docker ps -a` shows it."""

    name: str
    id: str
    image: str
    state: State
    status: str
    """Docker's own words: `Up 3 minutes`, `Exited (1) 4 seconds ago`."""
    revision: str | None
    node: str | None
    ports: frozenset[int] = frozenset()
    """Ports of the host that it has published; none while it does not run."""


def compose_file(host: Host) -> str:
    """Where a host's compose file lies."""
    return f"{host.remote_dir}/docker-compose.yaml"


class Docker:
    """Docker on one host. `compose` is the argv that compose is called with there, found out by the preflight."""

    def __init__(self, network: Network, host: Host, connection: Connection, compose: Sequence[str]) -> None:
        self.network = network
        self.host = host
        self.connection = connection
        self.compose = tuple(compose)

    def containers(self) -> dict[str, Container]:
        """The network's containers on this host by name, whatever their state."""
        argv = ["docker", "ps", "-a", "--no-trunc", "--filter", f"label={NETWORK_LABEL}={self.network.name}"]
        answer = self.connection.run([*argv, "--format", "{{json .}}"], root=True, timeout=60).check()
        return {container.name: container for container in parse_containers(answer.stdout)}

    def up(self, services: Sequence[str], timeout: float) -> None:
        """Create and start services; those that are as they must be stay untouched."""
        argv = [
            *self.compose,
            "-p",
            self.network.name,
            "-f",
            compose_file(self.host),
            "up",
            "-d",
            "--no-deps",
            *services,
        ]
        self.connection.run(argv, root=True, timeout=timeout).check(
            f"starting {', '.join(services)}", "`docker ps -a` and `docker logs` on that host may tell more"
        )

    def missing_images(self, images: Iterable[str]) -> list[str]:
        """Those images that this host does not have: one question where all are there, else one for each."""
        script = (
            'docker image inspect "$@" >/dev/null 2>&1 && exit 0\n'
            'for image in "$@"; do docker image inspect "$image" >/dev/null 2>&1 || echo "$image"; done'
        )
        wanted = list(images)
        answer = self.connection.run(["sh", "-c", script, "images", *wanted], root=True, timeout=120).check()
        gone = set(answer.stdout.split())
        return [image for image in wanted if image in gone]

    def pull(self, image: str, timeout: float) -> None:
        """Pull one image. Raises StepFailed with the engine's own words."""
        answer = self.connection.run(["docker", "pull", image], root=True, timeout=timeout)
        if answer.code:
            raise StepFailed(
                f"{image} cannot be pulled: {last_line(answer.stderr) or last_line(answer.stdout)}",
                remedy="check the name (session: images.*) and that the host reaches the registry; "
                f"try `docker pull {image}` there",
            )


def parse_containers(text: str) -> Iterable[Container]:
    """Read the lines of `docker ps --format '{{json .}}'`; lines that are no such thing are passed over."""
    for line in text.splitlines():
        try:
            row = json_value(line)
            labels = dict(label.partition("=")[::2] for label in str(row["Labels"]).split(","))
            name, identifier = str(row["Names"]), str(row["ID"])
            status, image = str(row["Status"]), str(row["Image"])
            ports = _published(str(row.get("Ports", "")))
        except (ValueError, TypeError, KeyError):
            continue
        yield Container(
            name, identifier, image, _state(status), status, labels.get(REVISION_LABEL), labels.get(NODE_LABEL), ports
        )


def _published(text: str) -> frozenset[int]:
    """Host ports of `0.0.0.0:7051-7053->7051-7053/tcp, :::7050->7050/tcp, 9443/tcp`."""
    found: set[int] = set()
    for first, last in _PUBLISHED.findall(text[:_MOST_PUBLISHED]):
        found.update(range(int(first), min(int(last or first), 65535) + 1))
    return frozenset(found)


def _state(status: str) -> State:
    if "(Paused)" in status:
        return State.PAUSED
    for prefix, state in (("Up", State.RUNNING), ("Restarting", State.RESTARTING), ("Created", State.CREATED)):
        if status.startswith(prefix):
            return state
    return State.EXITED


def last_line(text: str) -> str:
    """The last line that says something: where a command puts its error."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
