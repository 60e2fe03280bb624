"""Asking a host for everything that an audit compares, in one script that only reads.

Names and contents on a host are hostile: names with anything but printable ASCII come in hexadecimal, what Docker
says comes as JSON, and the answer as a whole has a limit. No environment of a container is asked for: passwords are
in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fabwiz.deploy.docker import NETWORK_LABEL
from fabwiz.remote.connection import CommandFailed, Connection
from fabwiz.remote.scripts import NO_CHECKSUM, SUMS
from fabwiz.session.network import Host, Network

_LIMIT = 16 << 20
_TIMEOUT = 180.0

# in this order in each line `box [...]`
_FIELDS = (
    ".Id",
    ".Name",
    ".Config.Image",
    ".Config.Cmd",
    ".Config.Labels",
    ".HostConfig.Privileged",
    ".HostConfig.CapAdd",
    ".HostConfig.CapDrop",
    ".HostConfig.SecurityOpt",
    ".HostConfig.ReadonlyRootfs",
    ".HostConfig.NetworkMode",
    ".HostConfig.PidMode",
    ".HostConfig.IpcMode",
    ".HostConfig.UTSMode",
    ".HostConfig.UsernsMode",
    ".HostConfig.Devices",
    ".HostConfig.PortBindings",
    ".Mounts",
    ".NetworkSettings.Networks",
)
_BOX = "box [" + ",".join(f"{{{{json {one}}}}}" for one in _FIELDS) + "]"

# FOLDER LABEL BOX SUMS: the folder as it is really called, who asks, every entry below it with its mode in hex, owner,
# group and size, the SHA-256 of files below 64 MB, which of them hold a key; then containers, volumes and networks
AUDIT_SCRIPT = r"""
LC_ALL=C; export LC_ALL
dir=$1 label=$2 box=$3 sums=$4
sh -c "$sums" || exit
echo "uid $(id -u) ${SUDO_UID:-}"
entries() { find . \( -name '*[! -~]*' -o -name '*\\*' \) -prune -o "$@"; }
if cd -- "$dir" 2>/dev/null; then
  echo "folder $(pwd -P)"
  entries -exec stat -c 'entry %f %u %g %s %n' {} +
  entries -type f -size -131072 -exec sh -c "$sums"' sums "$@" | sed "s/^/sum /"' sums {} +
  entries -type f -size -2048 -exec grep -l -e 'PRIVATE KEY-----' {} + | sed 's/^/key /'
  find . \( -name '*[! -~]*' -o -name '*\\*' \) -prune -exec sh -c "$sums"'
    for path; do
      sum=
      if [ -f "$path" ] && [ ! -h "$path" ]; then sum=$(sums "$path" | head -n 1); sum=${sum#\\}; fi
      name=$(printf %s "$path" | od -An -v -tx1 | tr -d " \n")
      echo "odd $(stat -c "%f %u %g %s" -- "$path") ${sum%% *} $name"
    done' odd {} + | head -n 200
elif [ -e "$dir" ] || [ -h "$dir" ]; then echo closed
fi
if ids=$(docker ps -aq --no-trunc 2>/dev/null); then
  echo docker
  for id in $ids; do echo "id $id"; done
  [ -z "$ids" ] || printf '%s\n' "$ids" | xargs docker inspect --type container --format "$box" 2>/dev/null
  docker volume ls -q --filter "label=$label" | sed 's/^/volume /'
  docker network ls --filter "label=$label" --format '{{.Name}}' | sed 's/^/network /'
else echo "nodocker $(docker ps -aq 2>&1 | tail -n 1)"
fi
exit 0
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something below `remote_dir`."""

    mode: int
    """st_mode: type and permissions."""
    uid: int
    size: int


@dataclass(frozen=True, slots=True)
class Mount:
    """What a container has mounted: `source` is the host's path, `name` the volume's, if it is one."""

    source: str
    target: str
    writable: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A container's definition, as Docker has it. Lists are sorted; capabilities have no prefix `CAP_`."""

    id: str
    name: str
    image: str
    command: tuple[str, ...]
    labels: Mapping[str, str]
    privileged: bool
    cap_add: tuple[str, ...]
    cap_drop: tuple[str, ...]
    security: tuple[str, ...]
    read_only: bool
    modes: Mapping[str, str]
    """`network`, `pid`, `ipc`, `uts` and `userns`."""
    devices: tuple[str, ...]
    ports: tuple[str, ...]
    """`7051:7051/tcp`, with an address before it where it is not published on all."""
    mounts: tuple[Mount, ...]
    networks: tuple[str, ...]


@dataclass(slots=True)
class Found:
    """What a host shows."""

    uid: int = 0
    """Who asked: under sudo, root."""
    login_uid: int | None = None
    """Who used sudo."""
    folder: str | None = None
    """`remote_dir` without symbolic links; `None` if it is not there."""
    closed: bool = False
    """Whether `remote_dir` is there and cannot be entered."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """By path below `remote_dir`, which is itself `.`."""
    sums: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    """Paths of files with a PEM private key."""
    ids: set[str] = field(default_factory=set)
    """Of all containers that are listed."""
    boxes: list[Box] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    """With the network's label."""
    networks: list[str] = field(default_factory=list)
    docker: bool = False
    """Whether Docker answers; else `docker_error` may say why not."""
    docker_error: str = ""


def ask(connection: Connection, network: Network, host: Host) -> Found:
    """Ask a host. Changes nothing there. Raises RemoteError, also for more than 16 MB of answer."""
    label = f"{NETWORK_LABEL}={network.name}"
    argv = ["sh", "-c", AUDIT_SCRIPT, "audit", host.remote_dir, label, _BOX, SUMS]
    answer = connection.run(argv, root=True, timeout=_TIMEOUT, limit=_LIMIT)
    if answer.code == NO_CHECKSUM:
        raise CommandFailed(host.name, "nothing there makes SHA-256 checksums", "install coreutils or openssl", answer)
    found = parse(answer.check("looking at what is there").stdout)
    if not found.docker and network.on(host.name):
        raise CommandFailed(host.name, f"Docker does not answer: {found.docker_error or 'docker: not found'}")
    return found


def parse(text: str) -> Found:
    """Read what the script prints; lines that are something else are passed over."""
    found = Found()
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            _take(found, kind, rest)
    return found


def _take(found: Found, kind: str, rest: str) -> None:
    match kind:
        case "uid":
            uid, _, login = rest.partition(" ")
            found.uid = int(uid)
            found.login_uid = int(login) if login else None
        case "folder":
            found.folder = rest
        case "closed":
            found.closed = True
        case "entry":
            mode, uid, _, size, path = rest.split(" ", 4)
            found.entries[_below(path)] = Entry(int(mode, 16), int(uid), int(size))
        case "sum":
            digest, _, path = rest.partition(" ")
            found.sums[_below(path.removeprefix(" ").removeprefix("*"))] = digest
        case "key":
            found.keys.add(_below(rest))
        case "odd":
            mode, uid, _, size, digest, name = rest.split(" ")
            path = _below(bytes.fromhex(name).decode("utf-8", "backslashreplace"))
            found.entries[path] = Entry(int(mode, 16), int(uid), int(size))
            if digest:
                found.sums[path] = digest
        case "docker":
            found.docker = True
        case "nodocker":
            found.docker_error = rest
        case "id":
            found.ids.add(rest)
        case "box":
            found.boxes.append(_box(json.loads(rest)))
        case "volume":
            found.volumes.append(rest)
        case "network":
            found.networks.append(rest)


def _below(path: str) -> str:
    return path.removeprefix("./")


def _box(values: list[Any]) -> Box:
    said = dict(zip(_FIELDS, values, strict=True))
    modes = {
        mode: str(said[f".HostConfig.{name}"] or "")
        for mode, name in (
            ("network", "NetworkMode"),
            ("pid", "PidMode"),
            ("ipc", "IpcMode"),
            ("uts", "UTSMode"),
            ("userns", "UsernsMode"),
        )
    }
    return Box(
        str(said[".Id"]),
        str(said[".Name"]).removeprefix("/"),
        str(said[".Config.Image"]),
        tuple(map(str, said[".Config.Cmd"] or ())),
        {str(key): str(value) for key, value in (said[".Config.Labels"] or {}).items()},
        bool(said[".HostConfig.Privileged"]),
        capabilities(said[".HostConfig.CapAdd"]),
        capabilities(said[".HostConfig.CapDrop"]),
        security_options(said[".HostConfig.SecurityOpt"]),
        bool(said[".HostConfig.ReadonlyRootfs"]),
        modes,
        tuple(sorted(str(device["PathOnHost"]) for device in said[".HostConfig.Devices"] or ())),
        tuple(sorted(_ports(said[".HostConfig.PortBindings"] or {}))),
        tuple(
            Mount(str(one["Source"]), str(one["Destination"]), bool(one["RW"]), str(one.get("Name") or ""))
            for one in said[".Mounts"] or ()
        ),
        tuple(sorted(map(str, said[".NetworkSettings.Networks"] or {}))),
    )


def capabilities(names: Any) -> tuple[str, ...]:
    """As Docker and compose write them, `CAP_CHOWN` or `chown`, in one manner and order."""
    return tuple(sorted(str(name).upper().removeprefix("CAP_") for name in names or ()))


def security_options(options: Any) -> tuple[str, ...]:
    """In one manner: `no-new-privileges` has been written in three ways."""
    said = (str(option).replace("=", ":", 1) for option in options or ())
    return tuple(sorted("no-new-privileges:true" if one == "no-new-privileges" else one for one in said))


def _ports(bindings: Mapping[str, Any]) -> list[str]:
    found = []
    nowhere: list[Any] = [{}]
    for inside, outside in bindings.items():
        for one in outside or nowhere:
            address = str(one.get("HostIp") or "")
            before = "" if address in ("", "0.0.0.0", "::") else f"{address}:"  # noqa: S104
            found.append(f"{before}{one.get('HostPort') or ''}:{inside}")
    return found
