"""What one release's cryptogen puts into its tree, where the releases differ.

Read from `common/tools/cryptogen` (main.go, ca/generator.go, msp/generator.go) at the tags of hyperledger/fabric.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from fabwiz.session.releases import Release


class NodeOus(Enum):
    """Which organizational units an MSP recognizes (`NodeOUs` of its config.yaml)."""

    NONE = "none"
    CLIENT_PEER = "client peer"
    """Fabric 1.1 to 1.4.2: admins carry `client` and stand in `admincerts`."""
    ALL = "client peer admin orderer"
    """From 1.4.3: admins carry `admin`, and `admincerts` is empty."""

    @property
    def units(self) -> tuple[str, ...]:
        """Their names. (Values are texts: in Python 3.11.2, Debian 12's, a member cannot be an empty tuple.)"""
        return () if self is NodeOus.NONE else tuple(self.value.split())


class Kind(Enum):
    """Whom an identity is for; the value is its node OU where all four are known."""

    PEER = "peer"
    ORDERER = "orderer"
    USER = "client"
    ADMIN = "admin"

    @property
    def is_node(self) -> bool:
        """A peer or an orderer; the others are people's."""
        return self in (Kind.PEER, Kind.ORDERER)


@dataclass(frozen=True, slots=True)
class Profile:
    """The habits of one release's cryptogen."""

    node_ous: NodeOus
    """Of organizations with peers; that of the orderers has none in any 1.x network."""
    backdating: timedelta
    whole_minutes: bool
    """Certificates start at a whole minute (from 1.3)."""
    ca_usages: tuple[ObjectIdentifier, ...]
    """Extended key usages of CA certificates: any up to 1.3, client and server authentication from 1.4.0."""
    users_have_client_files: bool
    """tls/client.{crt,key} for people; before 1.1 theirs were called server.* too."""
    admin_is_server: bool
    """1.4.3 alone took an admin with an `admin` OU for a server (mended in 1.4.4, FAB-16873)."""

    @classmethod
    def of(cls, release: Release) -> Profile:
        """The habits of a release."""
        number = release.number
        ous = NodeOus.ALL if release.has_admin_ous else NodeOus.CLIENT_PEER if release.has_node_ous else NodeOus.NONE
        return cls(
            node_ous=ous,
            # 1.0.0 to 1.0.2 did not backdate at all
            backdating=timedelta(minutes=5) if number >= (1, 0, 3) else timedelta(0),
            whole_minutes=number >= (1, 3, 0),
            ca_usages=(ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)
            if number >= (1, 4, 0)
            else (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,),
            users_have_client_files=number >= (1, 1, 0),
            admin_is_server=number == (1, 4, 3),
        )

    def not_before(self, now: datetime) -> datetime:
        """When a certificate made at `now` (with a time zone) starts to hold; whole seconds, in UTC."""
        start = now.astimezone(UTC)
        if self.whole_minutes:
            start = (start + timedelta(seconds=30)).replace(second=0, microsecond=0)
        return (start - self.backdating).replace(microsecond=0)

    def tls_name(self, kind: Kind, ous: NodeOus) -> str:
        """What an identity's TLS files are called: `server` or `client`, with .crt and .key."""
        if kind.is_node or not self.users_have_client_files:
            return "server"
        return "server" if kind is Kind.ADMIN and ous is NodeOus.ALL and self.admin_is_server else "client"


def organizational_unit(kind: Kind, ous: NodeOus) -> str | None:
    """The node OU that an identity's certificate carries in an organization with these node OUs."""
    if ous is NodeOus.NONE:
        return None
    if kind.value in ous.units:
        return kind.value
    return "client"


def carries_config(kind: Kind, ous: NodeOus) -> bool:
    """Whether an identity's own msp folder has a config.yaml: up to 1.4.2 only a peer's."""
    return ous is NodeOus.ALL or (ous is NodeOus.CLIENT_PEER and kind is Kind.PEER)


def msp_config(ca_file: str, ous: NodeOus) -> str:
    """The msp/config.yaml that names the node OUs, all certified by `ca_file` (its name under cacerts)."""
    text = "NodeOUs:\n  Enable: true\n"
    for unit in ous.units:
        text += f"  {unit.title()}OUIdentifier:\n"
        text += f"    Certificate: cacerts/{ca_file}\n    OrganizationalUnitIdentifier: {unit}\n"
    return text
