"""What `docker ps`, `inspect` and `images` show of containers, images, volumes and networks."""

from __future__ import annotations

from typing import Any

from fabwiz.remote.rehearsal.engine import clock
from fabwiz.remote.rehearsal.engine.container import Container
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.images import Image, split

_EVERY = "0.0.0.0"  # noqa: S104 - how a port is noted that is published on every address


def _ago(since: str) -> str:
    seconds = max(0, (clock.now() - clock.read(since)) // 10**9)
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return f"{seconds} seconds" if seconds != 1 else "1 second"


def status(box: Container) -> str:
    """Such as `Up 3 seconds` or `Exited (2) 4 minutes ago`."""
    record = box.record
    if record.status == "running":
        return f"Up {_ago(record.started)}"
    if record.status == "created":
        return "Created"
    if record.status == "restarting":
        return f"Restarting ({record.exit_code}) {_ago(record.finished)} ago"
    return f"Exited ({record.exit_code}) {_ago(record.finished)} ago"


def row(box: Container, full: bool) -> dict[str, Any]:
    """A row of `docker ps`, all values texts."""
    record, spec = box.record, box.record.spec
    return {
        "Command": '"rehearsal"',
        "CreatedAt": record.created,
        "ID": record.id if full else record.id[:12],
        "Image": spec.image,
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(spec.labels.items())),
        "LocalVolumes": str(sum(m.kind == "volume" for m in spec.mounts)),
        "Mounts": ",".join(m.source for m in spec.mounts),
        "Names": spec.name,
        "Networks": ",".join(spec.networks),
        "Ports": ", ".join(map(str, spec.ports)) if record.status == "running" else "",
        "RunningFor": f"{_ago(record.created)} ago",
        "Size": "0B",
        "State": record.status,
        "Status": status(box),
    }


def container(engine: Engine, box: Container) -> dict[str, Any]:
    """`docker inspect` of a container."""
    record, spec = box.record, box.record.spec
    image = engine.images.present(spec.image)
    name, _, count = spec.restart.partition(":")
    return {
        "Id": record.id,
        "Created": record.created,
        "Name": f"/{spec.name}",
        "Image": image.id if image else "",
        "RestartCount": record.restarts,
        "State": {
            "Status": record.status,
            "Running": record.status in ("running", "restarting"),
            "Paused": False,
            "Restarting": record.status == "restarting",
            "OOMKilled": False,
            "Dead": False,
            "Pid": 1 if record.status == "running" else 0,
            "ExitCode": record.exit_code,
            "Error": record.error,
            "StartedAt": record.started,
            "FinishedAt": record.finished,
        },
        "Config": {
            "Hostname": spec.hostname or record.id[:12],
            "Env": [f"{key}={value}" for key, value in spec.environment.items()],
            "Cmd": list(spec.command) or None,
            "Image": spec.image,
            "Labels": spec.labels,
        },
        "HostConfig": {
            "RestartPolicy": {"Name": name, "MaximumRetryCount": int(count or 0)},
            "ExtraHosts": [f"{host}:{address}" for host, address in spec.extra_hosts.items()],
            "LogConfig": {"Type": "json-file", "Config": spec.log_options},
            "Privileged": spec.privileged,
            "ReadonlyRootfs": spec.read_only,
            "CapAdd": list(spec.cap_add) or None,
            "CapDrop": list(spec.cap_drop) or None,
            "SecurityOpt": list(spec.security_opt) or None,
            "NetworkMode": next(iter(spec.networks), "default"),
            "PidMode": "",
            "IpcMode": "shareable",
            "UTSMode": "",
            "UsernsMode": "",
            "Devices": None,
            "PortBindings": {
                f"{p.container}/tcp": [{"HostIp": "" if p.address == _EVERY else p.address, "HostPort": str(p.host)}]
                for p in spec.ports
            },
            "Binds": [f"{m.source}:{m.target}:{'ro' if m.read_only else 'rw'}" for m in spec.mounts],
        },
        "Mounts": [
            {
                "Type": m.kind,
                **({"Name": m.source} if m.kind == "volume" else {}),
                "Source": str(engine.volume_folder(m.source)) if m.kind == "volume" else m.source,
                "Destination": m.target,
                "RW": not m.read_only,
            }
            for m in spec.mounts
        ],
        "NetworkSettings": {
            "Ports": {f"{p.container}/tcp": [{"HostIp": p.address, "HostPort": str(p.host)}] for p in spec.ports},
            "Networks": {
                network: {
                    "Aliases": list(aliases),
                    "NetworkID": engine.networks.get(network, {}).get("id", ""),
                    "IPAddress": engine.config.container_address(record.number),
                }
                for network, aliases in spec.networks.items()
            },
        },
    }


def image(found: Image) -> dict[str, Any]:
    """`docker image inspect`."""
    is_named = not found.name.startswith("<")
    registry, repository, _ = split(found.name) if is_named else (None, "<none>", "")
    digests = [f"{registry + '/' if registry else ''}{repository}@{found.id}"]
    return {
        "Id": found.id,
        "RepoTags": list(found.names),
        "RepoDigests": [] if found.loaded else digests,
        "Created": found.created,
        "Architecture": found.architecture,
        "Os": "linux",
        "Size": 0,
        "RootFS": {"Type": "layers", "Layers": list(found.layers)},
        "Config": {"Labels": {"rehearsal": "true"}},
    }


def image_row(found: Image, full: bool = False) -> dict[str, Any]:
    """A row of `docker images`."""
    registry, repository, tag = split(found.name) if found.name[0] != "<" else (None, "<none>", "<none>")
    return {
        "Repository": f"{registry}/{repository}" if registry else repository,
        "Tag": tag,
        "ID": found.id if full else found.id[7:19],
        "CreatedSince": "rehearsal",
        "Size": "0B",
    }


def network(engine: Engine, name: str) -> dict[str, Any]:
    """`docker network inspect`."""
    found = engine.networks[name]
    return {
        "Name": name,
        "Id": found["id"],
        "Driver": "bridge",
        "Scope": "local",
        "IPAM": {"Driver": "default", "Config": []},
        "Labels": found["labels"],
        "Containers": {
            box.record.id: {"Name": box.record.spec.name}
            for box in engine.containers.values()
            if name in box.record.spec.networks and box.running
        },
    }


def volume(engine: Engine, name: str) -> dict[str, Any]:
    """`docker volume inspect`."""
    return {
        "Name": name,
        "Driver": "local",
        "Scope": "local",
        "Labels": engine.volumes[name],
        "Mountpoint": str(engine.volume_folder(name)),
    }
