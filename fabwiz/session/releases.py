"""The Fabric releases with Kafka ordering, and what differs between them.

Read from `scripts/bootstrap.sh`, `Makefile` and the code at each tag of hyperledger/fabric.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The highest capability that a release knows, by configuration group; `None` where it knows none."""

    channel: str | None
    orderer: str | None
    application: str | None


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """One release of Fabric 1.x."""

    number: tuple[int, int, int]
    tag: str
    """Tag of the fabric-* images."""
    third_party_tag: str
    """Tag of the fabric-kafka, fabric-zookeeper and fabric-couchdb images."""
    kafka: str
    """Kafka inside the fabric-kafka image."""
    zookeeper: str
    """ZooKeeper inside the fabric-zookeeper image."""
    capabilities: Capabilities
    builder_gone: bool
    """Whether the chaincode builder image that the peer pulls by default (`:latest`) is no longer published."""

    @property
    def version(self) -> str:
        """Such as `1.4.12`."""
        return ".".join(map(str, self.number))

    @property
    def has_node_ous(self) -> bool:
        """Node OUs `client` and `peer` (cryptogen's EnableNodeOUs)."""
        return self.number >= (1, 1, 0)

    @property
    def has_admin_ous(self) -> bool:
        """Node OUs `admin` and `orderer` too; admins of such organizations stand in no `admincerts`."""
        return self.number >= (1, 4, 3)

    @property
    def has_organization_policies(self) -> bool:
        """Policies of organizations in configtx.yaml; earlier releases have built-in ones."""
        return self.number >= (1, 2, 0)

    @property
    def has_events_port(self) -> bool:
        """The separate event hub of the peer (7053)."""
        return self.number < (1, 3, 0)

    @property
    def has_logging_spec(self) -> bool:
        """FABRIC_LOGGING_SPEC instead of CORE_LOGGING_LEVEL and ORDERER_GENERAL_LOGLEVEL."""
        return self.number >= (1, 4, 0)

    @property
    def has_collections(self) -> bool:
        """Private data collections."""
        return self.number >= (1, 2, 0)


def _row(
    minor: int,
    patches: range,
    images: str,
    third: str,
    kafka: str,
    zookeeper: str,
    ceilings: tuple[str | None, str | None, str | None],
    builder_gone: bool,
) -> list[Release]:
    return [
        Release(
            (1, minor, patch),
            images.format(patch),
            third.format(patch),
            kafka,
            zookeeper,
            Capabilities(*ceilings),
            builder_gone,
        )
        for patch in patches
    ]


_V1_1 = ("V1_1", "V1_1", "V1_1")
_V1_3 = ("V1_3", "V1_1", "V1_3")
_V1_4_3 = ("V1_4_3", "V1_4_2", "V1_4_2")

# ceilings: channel, orderer, application
RELEASES: dict[str, Release] = {
    release.version: release
    for row in (
        _row(0, range(7), "x86_64-1.0.{}", "x86_64-1.0.{}", "0.9.0.1", "3.4.9", (None, None, None), False),
        _row(1, range(2), "x86_64-1.1.{}", "x86_64-0.4.6", "1.0.0", "3.4.9", _V1_1, False),
        _row(2, range(2), "1.2.{}", "0.4.10", "1.0.0", "3.4.9", ("V1_1", "V1_1", "V1_2"), True),
        _row(3, range(1), "1.3.{}", "0.4.13", "1.0.0", "3.4.9", _V1_3, True),
        _row(4, range(1), "1.4.{}", "0.4.14", "1.0.0", "3.4.9", _V1_3, True),
        _row(4, range(1, 2), "1.4.{}", "0.4.15", "1.0.0", "3.4.9", _V1_3, True),
        _row(4, range(2, 3), "1.4.{}", "0.4.15", "1.0.0", "3.4.9", ("V1_4_2", "V1_4_2", "V1_4_2"), True),
        _row(4, range(3, 4), "1.4.{}", "0.4.15", "1.0.0", "3.4.9", _V1_4_3, True),
        _row(4, range(4, 7), "1.4.{}", "0.4.18", "1.0.2", "3.4.14", _V1_4_3, True),
        _row(4, range(7, 8), "1.4.{}", "0.4.20", "1.0.2", "3.4.14", _V1_4_3, True),
        _row(4, range(8, 10), "1.4.{}", "0.4.21", "1.0.2", "3.4.14", _V1_4_3, False),
        _row(4, range(10, 13), "1.4.{}", "0.4.22", "1.0.2", "3.4.14", _V1_4_3, False),
    )
    for release in row
}
"""Every release, by its version, in order."""

NEWEST = RELEASES["1.4.12"]
