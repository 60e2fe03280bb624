"""What somebody else has on every host: a container, a volume, a network and a file that must survive everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.lab.machine.lab import LabHost, on_each

IMAGE = "lab/neighbour:1"
_SETTLE = f"""
docker network create --label owner=somebody neighbour >/dev/null
docker volume create --label owner=somebody neighbour >/dev/null
echo theirs >/var/lib/docker/volumes/neighbour/_data/notes
mkdir -p /opt/neighbour; echo theirs >/opt/neighbour/notes
docker run -d --name neighbour --label owner=somebody --restart always --network neighbour -v neighbour:/data \\
  {IMAGE} busybox sleep 1000000 >/dev/null
"""
_LOOK = """
docker inspect --format 'container={{.Id}}
state={{.State.Status}}
restarts={{.RestartCount}}
started={{.State.StartedAt}}' neighbour
docker network inspect --format 'network={{.Id}}' neighbour
docker volume inspect --format 'volume={{.CreatedAt}}' neighbour
echo "notes=$(cat /var/lib/docker/volumes/neighbour/_data/notes /opt/neighbour/notes | tr '\\n' ' ')"
echo "image=$(docker image inspect --format '{{.Id}}' lab/neighbour:1)"
"""
_CHANGES_WITH_POWER = ("started", "restarts")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """As they were when they settled."""

    hosts: Sequence[LabHost]
    before: Sequence[dict[str, str]]

    @classmethod
    def settle(cls, hosts: Sequence[LabHost]) -> Neighbours:
        """Put them on every host."""
        on_each(hosts, lambda host: host.ok("sh", "-ec", _SETTLE))
        return cls(hosts, on_each(hosts, _look))

    def disturbed(self) -> list[str]:
        """What is not as it was, but for restarts of containers on hosts whose power or engine went."""
        found = []
        for host, before, now in zip(self.hosts, self.before, on_each(self.hosts, _look), strict=True):
            for key, value in before.items():
                if now.get(key) != value and not (host.rebooted and key in _CHANGES_WITH_POWER):
                    found.append(f"{host.name}: {key} was {value}, is {now.get(key)}")
        return found


def _look(host: LabHost) -> dict[str, str]:
    lines = host.sh("sh", "-c", _LOOK).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
