"""What a container is made from, and what is known about it; plain data that outlives the host process."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Mount:
    """A bind mount (`source` is a path) or a volume (`source` is its name)."""

    kind: str
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """A published port."""

    host: int
    container: int
    address: str = "0.0.0.0"  # noqa: S104 - what docker calls "every address of the host"

    def __str__(self) -> str:
        return f"{self.address}:{self.host}->{self.container}/tcp"


@dataclass(frozen=True, slots=True)
class Spec:
    """How to make a container."""

    name: str
    image: str
    service: str = ""
    hostname: str = ""
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    ports: tuple[Port, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    networks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Network name: aliases of the container there."""
    extra_hosts: dict[str, str] = field(default_factory=dict)
    restart: str = "no"
    log_options: dict[str, str] = field(default_factory=dict)
    privileged: bool = False
    read_only: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()


@dataclass(slots=True)
class Record:
    """A container as the engine remembers it."""

    id: str
    number: int
    """Its place in the host's addresses."""
    spec: Spec
    created: str
    status: str = "created"
    """created, running, restarting or exited."""
    exit_code: int = 0
    error: str = ""
    started: str = "0001-01-01T00:00:00Z"
    finished: str = "0001-01-01T00:00:00Z"
    restarts: int = 0
    stopped_by_hand: bool = False

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Record:
        """Read what `to_data` gave."""
        spec = dict(data["spec"])
        for key in ("command", "cap_add", "cap_drop", "security_opt"):
            spec[key] = tuple(spec.get(key, ()))
        spec["mounts"] = tuple(Mount(**m) for m in spec["mounts"])
        spec["ports"] = tuple(Port(**p) for p in spec["ports"])
        spec["networks"] = {name: tuple(aliases) for name, aliases in spec["networks"].items()}
        return cls(**{**data, "spec": Spec(**spec)})
