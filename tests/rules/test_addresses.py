"""Addresses of hosts, and what is said of text that is almost one."""

from __future__ import annotations

import pytest

from fabwiz.rules.addresses import flaw, is_loopback, normal


@pytest.mark.parametrize(
    "text",
    [
        "198.51.100.11",
        "2001:db8::1",
        "fe80::1",
        "::ffff:198.51.100.1",
        "host",
        "host-1.example.com",
        "HOST.example.com.",
        "3com.example",
        "xn--bcher-kva.example",
        "127.0.0.1",
    ],
)
def test_good_addresses(text: str) -> None:
    assert flaw(text) is None


@pytest.mark.parametrize(
    ("text", "says", "meant"),
    [
        ("192.168.121", "has 3 numbers of the 4 of an IPv4 address", None),
        ("192", "has 1 number of the 4", None),
        ("198.51.100.11.4", "has 5 numbers of the 4", None),
        ("198.51.100.256", "has 256 in it; the numbers of an IPv4 address are 0 to 255", None),
        ("198.51..11", "has nothing between two dots", None),
        ("198.051.100.011", "leading zero", "198.51.100.11"),
        ("host.12", "the last label of a name is no number", None),
        ("198.51.100.0/24", "prefix length", "198.51.100.0"),
        ("198.51.100.11:2222", "ssh.port", "198.51.100.11"),
        ("[2001:db8::1]", "brackets", "2001:db8::1"),
        ("[2001:db8::1]:2222", "ssh.port", "2001:db8::1"),
        ("op@198.51.100.11", "ssh.user", "198.51.100.11"),
        ("op@198.51.100.11:2222", "ssh.user", "198.51.100.11"),
        ("ssh://host.example.com/", "URL", "host.example.com"),
        ("2001:db8:::1", "is no IPv6 address", None),
        ("2001:db8::12345", "is no IPv6 address", None),
        ("fe80::1%eth0", "zone", "fe80::1"),
        ("0.0.0.0", "every address", None),
        ("::", "every address", None),
        ("224.0.0.1", "multicast", None),
        ("255.255.255.255", "broadcast", None),
        ("host_1.example.com", "is no DNS name", None),
        ("-host", "is no DNS name", None),
        ("a" * 64, "is no DNS name", None),
        (" host", "blanks", "host"),
        ("", "is empty", None),
        ("١٩٢.168.1.1", "is no DNS name", None),
        ("a@" * 5000, "user", None),
    ],
)
def test_flaws(text: str, says: str, meant: str | None) -> None:
    found = flaw(text)
    assert found is not None
    assert says in found.message
    assert found.address == meant


@pytest.mark.parametrize("text", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1", "localhost", "LocalHost."])
def test_loopback(text: str) -> None:
    assert is_loopback(text)


def test_other_addresses_are_no_loopback() -> None:
    assert not any(map(is_loopback, ["198.51.100.11", "2001:db8::1", "localhost1", "host"]))


def test_one_address_has_one_normal_form() -> None:
    assert normal("2001:0DB8:0:0::1") == normal("2001:db8::1")
    assert normal("Host.Example.com.") == normal("host.example.com")
