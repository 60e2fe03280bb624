"""crypto-config.yaml and configtx.yaml, for those who go on with the official tools.

Given them, the release's own cryptogen and configtxgen make what `crypto` and `configtx` make here.
"""

from __future__ import annotations

from typing import Any

import yaml

from fabwiz.artifacts.configtx.dialect import Dialect
from fabwiz.artifacts.configtx.groups import group_name, seed_brokers
from fabwiz.artifacts.configtx.msp import has_node_ous
from fabwiz.artifacts.configtx.policies import organization_roles
from fabwiz.artifacts.errors import GenerateError, release_of
from fabwiz.session.network import Channel, Network, Organization
from fabwiz.session.units import format_size, go_duration
from fabwiz.session.workspace import Workspace

_SUBJECT_KEYS = {
    "country": "Country",
    "province": "Province",
    "locality": "Locality",
    "organizational_unit": "OrganizationalUnit",
    "street_address": "StreetAddress",
    "postal_code": "PostalCode",
}
_DEFAULT_POLICIES = {"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins"}

Data = dict[str, Any]


def crypto_config_yaml(network: Network) -> str:
    """crypto-config.yaml for `cryptogen generate --config=crypto-config.yaml`.

    What cryptogen has no words for stands in a comment. Raises ArtifactError for an unknown release.
    """
    release = release_of(network)
    orderers = network.orderer_organization
    orderer: Data = {"Name": "Orderer", "Domain": orderers.domain, **_ca(network, orderers)}
    orderer["Specs"] = [{"Hostname": node.key} for node in orderers.nodes]
    peers = []
    for organization in network.organizations.values():
        entry: Data = {"Name": organization.name, "Domain": organization.domain}
        if release.has_node_ous:
            entry["EnableNodeOUs"] = True
        entry.update(_ca(network, organization))
        entry["Specs"] = [{"Hostname": node.key} for node in organization.nodes]
        entry["Users"] = {"Count": organization.users}
        peers.append(entry)
    comments = [f"Keys and certificates of {network.name}, for cryptogen of Fabric {release.version}."]
    certificates = network.session.certificates
    if certificates != type(certificates)(subject=certificates.subject):
        comments.append("cryptogen gives every certificate 10 years; the session asks for other lifetimes.")
    if release.number < (1, 1, 0) and any(_ca(network, one) for one in network.all_organizations):
        comments.append("cryptogen of Fabric 1.0 passes over the subject fields of CA.")
    return _text(comments, {"OrdererOrgs": [orderer], "PeerOrgs": peers})


def configtx_yaml(network: Network, workspace: Workspace | None = None) -> str:
    """configtx.yaml with the profile `Genesis` and, for the channels in their order, `Channel0`, `Channel1`, ...

    It belongs beside the folder crypto-config. With a workspace, organizations whose keys are there are described
    as these keys have it (an earlier release may have made them). Raises ArtifactError for an unknown release,
    GenerateError for a broker or organization that does not exist.
    """
    profiles = _Profiles(network, workspace)
    release = release_of(network)
    comments = [
        f"Channel configuration of {network.name}, for configtxgen of Fabric {release.version}.",
        f"Genesis block: -profile Genesis -channelID {network.session.system_channel} -outputBlock genesis.block",
    ]
    data = {"Genesis": profiles.genesis()}
    for number, channel in enumerate(network.channels.values()):
        comments.append(f"{channel.name}: -profile Channel{number} -channelID {channel.name}")
        data[f"Channel{number}"] = profiles.channel(channel)
    return _text(comments, {"Profiles": data})


class _Profiles:
    def __init__(self, network: Network, workspace: Workspace | None) -> None:
        self._network = network
        self._workspace = workspace
        self._release = release_of(network)
        self._dialect = Dialect.of(self._release)
        self._entries: dict[str, Data] = {}

    def genesis(self) -> Data:
        ordering = self._network.session.ordering
        orderer: Data = {
            "OrdererType": "kafka",
            "Addresses": [node.address for node in self._network.orderers],
            "BatchTimeout": go_duration(ordering.batch_timeout),
            "BatchSize": {
                "MaxMessageCount": ordering.max_message_count,
                "AbsoluteMaxBytes": format_size(ordering.absolute_max_bytes),
                "PreferredMaxBytes": format_size(ordering.preferred_max_bytes),
            },
            "Kafka": {"Brokers": seed_brokers(self._network)},
            "Organizations": [self._organization(self._network.orderer_organization)],
            **self._policies({"BlockValidation": "ANY Writers"}),
            **_capability(self._dialect.capabilities.orderer),
        }
        consortiums = {
            name: {"Organizations": [self._organization(self._member(name, member)) for member in members]}
            for name, members in self._network.consortiums.items()
        }
        return {
            **self._policies(),
            **_capability(self._dialect.capabilities.channel),
            "Orderer": orderer,
            "Consortiums": consortiums,
        }

    def channel(self, channel: Channel) -> Data:
        application = {
            **self._policies(),
            **_capability(self._dialect.capabilities.application),
            "Organizations": [self._organization(organization) for organization in channel.organizations],
        }
        return {
            **self._policies(),
            **_capability(self._dialect.capabilities.channel),
            "Consortium": channel.consortium,
            "Application": application,
        }

    def _member(self, consortium: str, name: str) -> Organization:
        organization = self._network.organizations.get(name)
        if organization is None:
            raise GenerateError(f"consortiums.{consortium} names {name}, which is not listed under organizations.")
        return organization

    def _organization(self, organization: Organization) -> Data:
        """The same in every profile."""
        if organization.directory not in self._entries:
            self._entries[organization.directory] = self._described(organization)
        return self._entries[organization.directory]

    def _described(self, organization: Organization) -> Data:
        entry: Data = {
            "Name": group_name(organization),
            "ID": organization.msp_id,
            "MSPDir": f"crypto-config/{organization.directory}/msp",
        }
        if not organization.is_orderer:
            entry["AnchorPeers"] = [{"Host": peer.name, "Port": peer.ports["grpc"]} for peer in organization.anchors]
        if self._dialect.explicit_policies:
            entry["Policies"] = {
                name: {"Type": "Signature", "Rule": _any_of(organization.msp_id, roles)}
                for name, roles in organization_roles(self._tells_peers(organization)).items()
            }
        return entry

    def _tells_peers(self, organization: Organization) -> bool:
        if self._workspace is not None:
            folder = self._workspace.crypto_config / organization.directory / "msp"
            if folder.is_dir():
                return has_node_ous(folder, self._dialect)
        return self._release.has_node_ous and not organization.is_orderer

    def _policies(self, more: dict[str, str] | None = None) -> Data:
        if not self._dialect.explicit_policies:
            return {}
        rules = {**_DEFAULT_POLICIES, **(more or {})}
        return {"Policies": {name: {"Type": "ImplicitMeta", "Rule": rule} for name, rule in rules.items()}}


def _ca(network: Network, organization: Organization) -> Data:
    general, own = network.session.certificates.subject, organization.subject
    fields = {key: getattr(own, name) or getattr(general, name) for name, key in _SUBJECT_KEYS.items()}
    given = {key: value for key, value in fields.items() if value}
    return {"CA": given} if given else {}


def _any_of(msp_id: str, roles: tuple[str, ...]) -> str:
    return "OR(" + ", ".join(f"'{msp_id}.{role}'" for role in roles) + ")"


def _capability(name: str | None) -> Data:
    return {"Capabilities": {name: True}} if name else {}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated parts out: configtxgen's reader has its own mind about anchors."""
        return True


def _text(comments: list[str], data: Data) -> str:
    head = "".join(f"# {comment}\n" for comment in comments)
    return head + yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True)
