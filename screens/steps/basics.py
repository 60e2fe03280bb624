"""The network as a whole: its name, the release, the orderers' domain, TLS."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from fabwiz.session.releases import RELEASES
from screens.step import Step
from screens.widgets.field import Field


class Basics(Step):
    """What holds for all nodes."""

    KEY = "network"
    TITLE = "Network"
    HELP = """# The network

A Fabric network with Kafka ordering consists of **peers**, which keep the ledgers, **ordering service nodes**
(orderers), which put transactions into blocks, and **Kafka brokers** with a **ZooKeeper ensemble**, on which the
orderers agree about the order.

Give it a name, and choose the release. All nodes run the same release; 1.4.12 is the last one that has Kafka and is
the best choice for a new network. TLS encrypts and authenticates what peers, orderers and clients say to each other:
leave it on.
"""
    CLAIMS: ClassVar[tuple[str, ...]] = (
        "fabwiz",
        "name",
        "fabric",
        "domain",
        "system_channel",
        "tls",
        "orderer_organization",
    )

    def compose(self) -> ComposeResult:
        """A field a setting."""
        yield Static("What is the network called, and which Fabric does it run?", classes="lead")
        yield Field(("name",), "Name")
        yield Field(
            ("fabric",),
            "Fabric release",
            [(version, version) for version in sorted(RELEASES, key=_numbers, reverse=True)],
        )
        yield Field(("domain",), "Orderers' domain")
        yield Field(("tls",), "TLS")
        yield Field(("system_channel",), "System channel")
        yield Field(("orderer_organization", "name"), "Orderers' organization")
        yield Field(("orderer_organization", "msp_id"), "Its MSP id")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
