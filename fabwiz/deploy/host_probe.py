"""What a host says of itself, and whether it can carry its roles; for the preflight, and for trying out hosts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from fabwiz.deploy import host_fit
from fabwiz.deploy.distribution import OS_SCRIPT, init, installing, starting, words
from fabwiz.deploy.docker import NETWORK_LABEL, State, last_line, parse_containers
from fabwiz.remote.answers import number
from fabwiz.remote.connection import Connection
from fabwiz.session.network import Host, Network

# One script, one round trip. It prints `key=value` lines; what a host lacks is simply not printed.
PROBE_SCRIPT = (
    r"""
say() { printf '%s=%s\n' "$1" "$2"; }
say clock "$(date -u +%s)"
say arch "$(uname -m)"
say uid "$(id -u)"
say user "$(id -un)"
"""
    + OS_SCRIPT
    + r"""
say memory_kb "$(awk '$1 == "MemTotal:" {print $2}' /proc/meminfo 2>/dev/null)"
say spare_kb "$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo 2>/dev/null)"
if answer=$(docker version --format '{{.Server.Version}}' 2>&1); then say engine "$answer"
else say engine_error "$(printf '%s\n' "$answer" | tail -n 1)"; fi
if answer=$(docker compose version --short 2>/dev/null); then say plugin "$answer"; fi
if answer=$(docker-compose version --short 2>/dev/null); then say standalone "$answer"; fi
"""
    + host_fit.FIT_SCRIPT
    + r"""
folder=$1; while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
say free_kb "$(df -Pk "$folder" | awk 'NR == 2 {print $4}')"
if [ -w "$folder" ]; then say writable "$folder"; else say not_writable "$folder"; fi
awk '$4 == "0A" {print "listen=" $2}' /proc/net/tcp /proc/net/tcp6 2>/dev/null
docker ps -a --no-trunc --filter "label=$2" --format '{{json .}}' 2>/dev/null | sed 's/^/container=/'
docker volume ls -q --filter "label=$2" 2>/dev/null | sed 's/^/volume=/'
[ ! -f "$1/manifest.json" ] || say manifest "$(tr -d '\n' <"$1/manifest.json")"
say clock_at_end "$(date -u +%s)"
exit 0
"""
)

USER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
"""What may stand in a command as it is."""
MOST_SKEW = 300.0
"""Seconds. Certificates of the official generator, and ours, start 5 minutes before they are made."""
MOST_BEHIND_1_0 = 5.0
"""Seconds. The generators of 1.0.0 to 1.0.2 let certificates start when they are made, and so do we there."""
_MAPPED = "0" * 16 + "FFFF0000"
"""How /proc/net/tcp6 begins `::ffff:192.0.2.1`."""
LEAST_DISK = 512 << 20
"""Bytes below which not even the keys and the first blocks are safe."""

_NUMBERS = ("clock", "clock_at_end", "uid", "memory_kb", "spare_kb", "free_kb", "docker_free_kb")
"""Values that are whole numbers, or were not said."""


@dataclass(slots=True)
class Probe:
    """What a host says of itself."""

    values: dict[str, str] = field(default_factory=dict)
    listening: dict[str, set[int]] = field(default_factory=dict)
    """Ports by local address, as /proc/net/tcp writes it: `0100007F` is 127.0.0.1."""
    containers: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    subnets: list[str] = field(default_factory=list)
    """Of each of Docker's networks: its name, a space, and its address ranges as JSON."""
    asked: float = 0.0
    """This workstation's time, in seconds since 1970, in the middle of the round trip."""

    @property
    def skew(self) -> float:
        """Seconds that the host's clock is ahead of this workstation's."""
        return self.clock - self.asked

    @property
    def clock(self) -> float:
        """Seconds since 1970 in the middle of the script: some of its commands take seconds on a busy host."""
        begun, ended = self.values["clock"], self.values.get("clock_at_end", "")
        return (float(begun) + float(ended if ended.isdigit() else begun) + 1) / 2  # `date` cuts half a second


def parse_probe(text: str) -> Probe:
    """Read what PROBE_SCRIPT prints; lines of login banners and the like are passed over."""
    probe = Probe()
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if not equals:
            continue
        if key == "listen":
            address, _, port = value.partition(":")
            with suppress(ValueError):  # a port has four digits there
                probe.listening.setdefault(address, set()).add(int(port[:4], 16))
        elif key == "container":
            probe.containers.append(value)
        elif key == "volume":
            probe.volumes.append(value)
        elif key == "subnets":
            probe.subnets.append(value)
        elif key.isidentifier() and (key not in _NUMBERS or number(value) is not None):
            probe.values[key] = value.strip()
    return probe


def taken_ports(listening: Mapping[str, set[int]], rehearsal: bool) -> set[int]:
    """Ports that Docker could not publish any more.

    It binds all addresses, so that a listener on any one is in the way; those on other loopback addresses than
    127.0.0.1 are left out, since resolvers sit there. Rehearsal hosts share this machine's list, and bind only their
    own address: there only a listener on all addresses is in the way.
    """
    taken: set[int] = set()
    for address, ports in listening.items():
        if address.startswith(_MAPPED):  # a server that speaks both, at an IPv4 address
            address = address.removeprefix(_MAPPED)
        is_loopback = len(address) == 8 and address.endswith("7F")
        if not address.strip("0") or not (rehearsal or (is_loopback and address != "0100007F")):
            taken |= ports
    return taken


def look(connection: Connection, network: Network, host: Host) -> Probe:
    """Ask a host. Changes nothing there. Raises RemoteError."""
    begun = time.time()
    argv = ["sh", "-c", PROBE_SCRIPT, "probe", host.remote_dir, f"{NETWORK_LABEL}={network.name}"]
    answer = connection.run(argv, root=True, timeout=60).check("looking at the host")
    probe = parse_probe(answer.stdout)
    probe.asked = (begun + time.time()) / 2
    return probe


def problems(network: Network, host: Host, probe: Probe, rehearsal: bool) -> Iterator[tuple[str, str]]:
    """Everything that keeps a host from carrying its roles, each with the way out."""
    values = probe.values
    if "engine" not in values:
        said = values.get("engine_error") or "docker: not found"
        yield (f"no Docker engine answers ({last_line(said)})", _engine_remedy(values, said))
    if "plugin" not in values and "standalone" not in values:
        yield (
            "neither `docker compose` nor `docker-compose` is there",
            installing(values, "compose"),
        )
    yield from host_fit.too_old(probe)
    if not rehearsal:
        yield from host_fit.overlaps(network, host, probe)
    if "not_writable" in values:
        make = f"`install -d -m 0700 -o {_user(values)} {host.remote_dir}`"
        yield (
            f"{values['not_writable']} cannot be written for {host.remote_dir}",
            (
                f"log in as root, let the user use sudo (session: ssh.sudo), or set remote_dir; or, as root, {make} "
                "(`fabwiz fix` does it where the folder is not there yet)"
            ),
        )
    if not values.get("clock", "").isdigit():
        yield ("the host does not tell its time", "see that `date` and a POSIX shell are there")
    elif not -_most_behind(network) < (skew := probe.skew) < MOST_SKEW:
        yield (
            f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this workstation's",
            (
                f"set the clock: {installing(values, 'time')}, or start the time service that is there (`fabwiz fix` "
                "does it); certificates would not be valid yet, and orderers refuse at 15 minutes"
            ),
        )
    if values.get("free_kb", "").isdigit() and int(values["free_kb"]) << 10 < LEAST_DISK:
        yield (f"only {int(values['free_kb']) >> 10} MB are free for {host.remote_dir}", "make room")
    images = network.session.images
    if values.get("arch") not in (None, "x86_64", "amd64") and not (images.registry or images.overrides):
        yield (
            f"its architecture is {values['arch']}; Fabric's published images are for x86_64",
            "use another machine, or name images of your own (session: images.overrides)",
        )
    yield from _clashes(network, host, probe, taken_ports(probe.listening, rehearsal))


def _user(values: Mapping[str, str]) -> str:
    """The login user, for commands that are told: a host may call itself anything."""
    said = values.get("user", "")
    return said if USER_NAME.fullmatch(said) else "USER"


def _engine_remedy(values: Mapping[str, str], said: str) -> str:
    """By what the client says: it is not there, it is not let in, or nobody answers."""
    start = words(starting(init(values), "docker"))
    begin = f"start it: {start} (`fabwiz fix` does it)" if start else "start it"
    if "permission denied" in said.lower():
        return (
            "log in as root, or let the user use sudo (session: ssh.sudo); or put it into the group docker, which is "
            f"as good as root: `usermod -aG docker {_user(values)}`, then log in anew"
        )
    if "not found" in said.lower():
        then = f", {begin}," if start else ", start it,"
        return f"{installing(values, 'docker')}{then} and let the login user use it (root, sudo, or the group docker)"
    return f"{begin}; look into its log where it does not stay up"


def _most_behind(network: Network) -> float:
    release = network.release
    return MOST_BEHIND_1_0 if release and release.number < (1, 0, 3) else MOST_SKEW


def _clashes(network: Network, host: Host, probe: Probe, in_use: set[int]) -> Iterator[tuple[str, str]]:
    containers = list(parse_containers("\n".join(probe.containers)))
    running = {c.name for c in containers if c.state not in (State.EXITED, State.CREATED)}
    holders = {port: container.name for container in containers for port in container.ports}
    for node in network.on(host.name):
        # an engine that was killed and is back shows containers that it is still restoring with their ports
        own = {port for port, holder in holders.items() if holder == node.name}
        wanted = set(node.ports.values()) - own
        taken = sorted(wanted & (in_use | holders.keys())) if node.name not in running else []
        by: dict[str | None, list[str]] = {}
        for port in taken:
            by.setdefault(holders.get(port), []).append(str(port))
        for holder, ports in by.items():
            where = ".".join(map(str, node.path))
            yield (
                f"port {', '.join(ports)} of {node.name} is taken by {holder or 'something else'}",
                f"give {node.name} ports of its own ({where}), so that {holder} keeps its own; or remove {holder}"
                if holder
                else f"free it, or give {node.name} another port ({where})",
            )
