"""What to type on a host, by its distribution and its service manager: remedies name commands that work there."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Argv = tuple[str, ...]

# prints `os_id=`, `os_like=`, `os_version=` and `init=` as PROBE_SCRIPTs have them; $1 of `say` is the key. The file
# is read and not sourced: a remedy is no reason to run what stands in it.
OS_SCRIPT = r"""
for key in ID ID_LIKE VERSION_ID; do
  say "os_$key" "$(sed -n "s/^$key=//p" /etc/os-release 2>/dev/null | head -n 1 | tr -d '"'\''')"
done
if [ -d /run/systemd/system ]; then init=systemd
elif command -v rc-service >/dev/null 2>&1; then init=openrc
elif [ -d /etc/init.d ]; then init=sysv
else init=; fi
say init "$init"
"""


class Init(StrEnum):
    """Who starts services on a host."""

    SYSTEMD = "systemd"
    OPENRC = "openrc"
    SYSV = "sysv"
    UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How packages are installed. `docker` and `compose` are the packages that the distribution itself has."""

    install: str
    docker: str
    compose: str
    repository: bool = False
    """Whether these come from Docker's own package repository, which must be added first."""


_DEBIAN = Distribution("apt-get install -y", "docker.io", "docker-compose")
_UBUNTU = Distribution("apt-get install -y", "docker.io", "docker-compose-v2")
_FEDORA = Distribution("dnf install -y", "moby-engine", "docker-compose")
_RHEL = Distribution("dnf install -y", "docker-ce docker-ce-cli containerd.io", "docker-compose-plugin", True)
_RHEL_7 = Distribution("yum install -y", "docker-ce docker-ce-cli containerd.io", "docker-compose-plugin", True)
_SUSE = Distribution("zypper install -y", "docker", "docker-compose")
_ALPINE = Distribution("apk add", "docker", "docker-cli-compose")
_BY_ID = {
    "debian": _DEBIAN,
    "ubuntu": _UBUNTU,
    "fedora": _FEDORA,
    "rhel": _RHEL,
    "centos": _RHEL,
    "suse": _SUSE,
    "opensuse": _SUSE,
    "sles": _SUSE,
    "alpine": _ALPINE,
}
_OLD = ("6", "7")


def distribution(values: Mapping[str, str]) -> Distribution | None:
    """By what OS_SCRIPT printed: its own name, else those that it says it is like; `None` for a stranger."""
    own = values.get("os_ID", "").lower()
    like = values.get("os_ID_LIKE", "").lower().split()
    # Mint and Pop are like `ubuntu debian`, Rocky and Alma like `rhel centos fedora`, openSUSE is `opensuse-leap`
    for name in (own, own.partition("-")[0], *like):
        found = _BY_ID.get(name)
        if found is _RHEL and values.get("os_VERSION_ID", "").partition(".")[0] in _OLD:
            return _RHEL_7
        if found:
            return found
    return None


def init(values: Mapping[str, str]) -> Init:
    """Who starts services, by what OS_SCRIPT printed."""
    return next((one for one in Init if one == values.get("init")), Init.UNKNOWN)


def starting(manager: Init, service: str) -> list[Argv]:
    """The commands, root's, that start a service now and at each boot; none where nobody is known to do so."""
    match manager:
        case Init.SYSTEMD if service == "systemd-timesyncd":
            return [("timedatectl", "set-ntp", "true")]
        case Init.SYSTEMD:
            return [("systemctl", "enable", f"{service}.service"), ("systemctl", "start", f"{service}.service")]
        case Init.OPENRC:
            return [("rc-update", "add", service, "default"), ("rc-service", service, "start")]
        case Init.SYSV:
            return [("service", service, "start")]
        case _:
            return []


def installing(values: Mapping[str, str], what: str) -> str:
    """The remedy for a missing `docker` or `compose`, or for a clock (`time`), in words."""
    found = distribution(values)
    if found is None:
        return {
            "docker": "install Docker",
            "compose": "install the Compose plugin or docker-compose",
            "time": "install chrony",
        }[what]
    package = {"docker": found.docker, "compose": found.compose, "time": "chrony"}[what]
    command = f"`{found.install} {package}`"
    named = {"docker": "Docker", "compose": "the Compose plugin or docker-compose", "time": "chrony"}[what]
    added = " after adding Docker's own package repository" if found.repository and what != "time" else ""
    return f"install {named}: {command}{added}"


def words(commands: Sequence[Argv]) -> str:
    """Commands as they are told."""
    return " and ".join(f"`{shlex.join(one)}`" for one in commands)
