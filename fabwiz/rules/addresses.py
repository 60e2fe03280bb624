"""What is an address of a host, and what is wrong with text that is almost one."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from fabwiz.rules.naming import DNS_NAME

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]*)*")
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")


class Flaw(NamedTuple):
    """`message` says what is wrong; the others are what was probably meant."""

    message: str
    address: str | None = None
    port: int | None = None
    user: str | None = None


def ip_of(text: str) -> Ip | None:
    """The IP address that a text is, if it is one."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def normal(text: str) -> str:
    """The same text for the same address: IPv6 in its shortest form, DNS names in lower case without a last dot."""
    ip = ip_of(text)
    return str(ip) if ip else text.lower().rstrip(".")


def is_loopback(text: str) -> bool:
    """Whether an address only ever means the machine that uses it."""
    ip = ip_of(text)
    if ip is None:
        name = normal(text)
        return name == "localhost" or name.endswith(".localhost") or name.startswith("localhost.")
    mapped = getattr(ip, "ipv4_mapped", None)
    return ip.is_loopback or bool(mapped and mapped.is_loopback)


def flaw(text: str) -> Flaw | None:
    """What keeps a text from being an IPv4 address, an IPv6 address or a DNS name; `None` if nothing does."""
    if not text or text != text.strip():
        return Flaw("is empty" if not text.strip() else "has blanks around it", text.strip() or None)
    if (ip := ip_of(text)) is not None:
        return _unusable(ip, text)
    return _decorated(text) or _almost_ip(text) or _no_name(text)


def _unusable(ip: Ip, text: str) -> Flaw | None:
    if getattr(ip, "scope_id", None):
        return Flaw("has a zone after %, which means something on one machine only; leave it out", text.split("%")[0])
    if ip.is_unspecified:
        return Flaw("means every address of a machine, not one that others can reach")
    if ip.is_multicast or ip == _BROADCAST:
        return Flaw("is a multicast or broadcast address, not one of a single machine")
    return None


def _decorated(text: str) -> Flaw | None:
    """A good address with something around it that belongs elsewhere."""
    scheme, found, rest = text.partition("://")
    if found:
        return Flaw(f"is a URL; leave {scheme}:// out", _good(rest.strip("/")))
    user, found, rest = text.rpartition("@")
    if found:
        inner = flaw(rest) if rest else Flaw("")
        meant = inner or Flaw("", rest)
        return Flaw("names a user; that goes into ssh.user", meant.address, meant.port, user or None)
    address, found, _ = text.partition("/")
    if found:
        return Flaw("is a network with a prefix length; write the machine's own address", _good(address))
    if text.startswith("[") and "]" in text:
        inside, _, rest = text[1:].partition("]")
        port = _port(rest[1:]) if rest.startswith(":") else None
        return Flaw("has brackets; write the IPv6 address alone" + _port_hint(port), _good(inside), port)
    address, found, digits = text.rpartition(":")
    if found and ":" not in address and (port := _port(digits)):
        return Flaw("has a port;" + _port_hint(port)[1:], _good(address), port)
    return None


def _almost_ip(text: str) -> Flaw | None:
    if ":" in text:
        return Flaw("is no IPv6 address: groups of up to 4 hexadecimal digits with colons between, one :: at most")
    if not _NUMBERS.fullmatch(text):
        return None
    parts = text.split(".")
    if len(parts) != 4:
        says = f"has {len(parts)} number{'s' if len(parts) > 1 else ''} of the 4 of an IPv4 address"
        return Flaw(f"{says}; write all four" if len(parts) < 4 else f"{says}; write four")
    for part in parts:
        if not part:
            return Flaw("has nothing between two dots of an IPv4 address")
        if len(part) > 3 or int(part) > 255:
            return Flaw(f"has {part[:12]} in it; the numbers of an IPv4 address are 0 to 255")
    zeros = ".".join(str(int(part)) for part in parts)
    return Flaw("has a number with a leading zero, which some programs read as octal", zeros)


def _no_name(text: str) -> Flaw | None:
    if not DNS_NAME.fullmatch(text.removesuffix(".")):
        what = "no DNS name: labels of letters, digits and hyphens, at most 63 characters each, with dots between"
        return Flaw(f"is {what}")
    if text.split(".")[-1].isdecimal():
        return Flaw("is neither an IPv4 address nor a DNS name: the last label of a name is no number")
    return None


def _good(text: str) -> str | None:
    return text if text and len(text) < 300 and "@" not in text and "://" not in text and flaw(text) is None else None


def _port(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) < 65536 else None


def _port_hint(port: int | None) -> str:
    return "; the port of sshd goes into ssh.port" if port else ""
