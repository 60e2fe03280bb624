"""What a rehearsal host is told when it starts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Plain data, stored as JSON in the host's folder."""

    name: str
    """Its name in the session."""
    address: str
    """Its loopback address, `127.A.B.1`; its containers get `127.A.B.2` and up."""
    ssh_port: int
    user: str
    authorized_key: str
    """The one public key that may log in, as `ssh-ed25519 AAAA...`."""
    root: str
    """Its folder: `bin`, `home`, `docker`, `fs`; survives a crash."""
    cluster: str
    """Folder that all hosts of the rehearsal share: the topics that the Kafka stand-ins replicate."""
    release: str
    """Fabric release of the session."""
    registry: str | None = None
    namespace: str = "hyperledger"
    images: tuple[tuple[str, str], ...] = ()
    """Images that the session names itself, beside the published ones: (whole name, role)."""
    extra_tags: tuple[str, ...] = ()
    """Tags that the session sets for Fabric's own images."""
    third_party_tags: tuple[str, ...] = ()
    compose: str = "both"
    """Which compose it has: `v1` (docker-compose), `v2` (docker compose), `both` or `none`."""
    docker: bool = True
    """Whether it has docker at all."""
    lifeline: int = -1
    """File descriptor that the parent keeps open; its end is the host's end."""

    @property
    def folder(self) -> Path:
        """`root` as a path."""
        return Path(self.root)

    @property
    def host_key(self) -> Path:
        """The private key of its SSH server."""
        return self.folder / "ssh_host_ed25519_key"

    @property
    def socket(self) -> Path:
        """Where its docker engine listens."""
        return self.folder / "docker.sock"

    def container_address(self, number: int) -> str:
        """The address of its `number`-th container, from 0."""
        return f"{self.address.rpartition('.')[0]}.{2 + number}"

    def to_json(self) -> str:
        """Write for `from_json`."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> HostConfig:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        for key in ("extra_tags", "third_party_tags"):
            data[key] = tuple(data[key])
        data["images"] = tuple((name, role) for name, role in data["images"])
        return cls(**data)
