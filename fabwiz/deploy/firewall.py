"""Opening ports in a host's own firewall: exactly those that this topology needs, to the addresses that need them.

No firewall is stopped and no port opened to everybody. What Docker publishes does not pass firewalld's zones, ufw or
the chain INPUT: it is forwarded, and the operator's own rules for it stand in the chain DOCKER-USER. Ports at which
nothing listens yet, as the preflight asks for them, do pass INPUT; so both ways are opened where both have rules.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fabwiz.deploy.distribution import Argv

_MOST_PORTS = 15
"""That ufw takes in one rule."""


class Firewall(StrEnum):
    """Who filters on a host."""

    FIREWALLD = "firewalld"
    UFW = "ufw"
    IPTABLES = "iptables"
    NFTABLES = "nftables"
    """Rules of somebody's own making: nobody can say where another one belongs."""
    NONE = ""


# ADDRESS...: `firewall=`, `docker_user=` if that chain has rules, and for firewalld `zone=ADDRESS ZONE`, the zone of
# the interface that leads to each address. Needs root, and reads only. iptables waits for nobody (-w is too new).
FIREWALL_SCRIPT = r"""
own() { "$1" -S "$2" 2>/dev/null | grep -Eqv "^-P $2 ACCEPT|^-N $2|^-A $2 -j RETURN"; }
if [ "$(firewall-cmd --state 2>/dev/null)" = running ]; then firewall=firewalld
elif ufw status 2>/dev/null | head -n 1 | grep -q 'Status: active'; then firewall=ufw
elif own iptables INPUT || own ip6tables INPUT || own iptables DOCKER-USER; then firewall=iptables
elif nft list ruleset 2>/dev/null | grep -q 'hook input'; then firewall=nftables
else firewall=; fi
say firewall "$firewall"
if own iptables DOCKER-USER; then say docker_user 4; fi
if own ip6tables DOCKER-USER; then say docker_user6 6; fi
if [ "$firewall" = firewalld ]; then
  default=$(firewall-cmd --get-default-zone 2>/dev/null)
  for address in "$@"; do
    device=$(ip -o route get "$address" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')
    zone=$(firewall-cmd --get-zone-of-interface="$device" 2>/dev/null)
    say zone "$address ${zone:-$default}"
  done
fi
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports of a host that an address is to be let in at."""

    source: str
    """An IP address."""
    ports: tuple[int, ...]
    """Sorted."""


def openings(needed: Iterable[tuple[str, int]]) -> list[Opening]:
    """One for each address, by address."""
    by_source: dict[str, set[int]] = {}
    for source, port in needed:
        by_source.setdefault(source, set()).add(port)
    return [Opening(source, tuple(sorted(ports))) for source, ports in sorted(by_source.items())]


def opening(
    firewall: Firewall, wanted: Iterable[Opening], values: Mapping[str, str], zones: Mapping[str, str]
) -> list[Argv]:
    """The commands, root's, that let addresses in; none where the firewall is none that is known.

    `values` are those that FIREWALL_SCRIPT printed. Rules of iptables are gone after a reboot: where they are kept is
    the operator's own affair.
    """
    commands: list[Argv] = []
    for one in wanted:
        match firewall:
            case Firewall.FIREWALLD:
                commands += _firewalld(one, zones.get(one.source, ""))
            case Firewall.UFW:
                for ports in _groups(one.ports):
                    commands.append(("ufw", "allow", "proto", "tcp", "from", one.source, "to", "any", "port", ports))
            case Firewall.IPTABLES:
                commands += _iptables(one, values)
    return commands


def _firewalld(one: Opening, zone: str) -> list[Argv]:
    """Now and for good, and without a reload, which would flush Docker's rules."""
    where = (f"--zone={zone}",) if zone.replace("-", "").replace("_", "").isalnum() else ()
    commands: list[Argv] = []
    for port in one.ports:
        rule = (
            f'rule family="ipv{_version(one.source)}" source address="{one.source}" '
            f'port port="{port}" protocol="tcp" accept'
        )
        commands.append(("firewall-cmd", *where, f"--add-rich-rule={rule}"))
        commands.append(("firewall-cmd", "--permanent", *where, f"--add-rich-rule={rule}"))
    return commands


def _iptables(one: Opening, values: Mapping[str, str]) -> list[Argv]:
    program, chain = ("iptables", "docker_user") if _version(one.source) == 4 else ("ip6tables", "docker_user6")
    commands: list[Argv] = []
    for port in one.ports:
        source = ("-p", "tcp", "-s", one.source)
        commands.append((program, "-I", "INPUT", *source, "--dport", str(port), "-j", "ACCEPT"))
        if chain in values:
            # RETURN: past the operator's own rules, on to Docker's
            published = ("-m", "conntrack", "--ctorigdstport", str(port))
            commands.append((program, "-I", "DOCKER-USER", *source, *published, "-j", "RETURN"))
    return commands


def _groups(ports: tuple[int, ...]) -> list[str]:
    return [",".join(map(str, ports[i : i + _MOST_PORTS])) for i in range(0, len(ports), _MOST_PORTS)]


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version
