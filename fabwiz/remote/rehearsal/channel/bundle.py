"""A channel's configuration, ready to be used: members, policies and settings (common/channelconfig)."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_configuration_pb2

from fabwiz.remote.rehearsal.channel.msp import Members, Msp, MspError
from fabwiz.remote.rehearsal.channel.policies import Policies
from fabwiz.session.releases import Release
from fabwiz.session.units import parse_duration

_LEVELS = {
    "Channel": ("V1_1", "V1_3", "V1_4_2", "V1_4_3"),
    "Orderer": ("V1_1", "V1_4_2"),
    "Application": ("V1_1", "V1_2", "V1_3", "V1_4_2"),
}


class ConfigError(Exception):
    """A configuration that a node refuses; the message is Fabric's."""


class Bundle:
    """One configuration of one channel; never changes. Raises ConfigError."""

    def __init__(self, channel: str, config: configtx_pb2.Config, release: Release) -> None:
        self.channel = channel
        self.config = config
        self.release = release
        self.root = config.channel_group
        try:
            self.members = Members(self._msps())
        except (MspError, ValueError) as error:
            raise ConfigError(
                f"initializing configtx manager failed: setting up the MSP manager failed: {error}"
            ) from error
        self.policies = Policies(self.root, self.members, release, "/Channel")
        self._check_capabilities()

    @property
    def sequence(self) -> int:
        """How many configurations there were before."""
        return int(self.config.sequence)

    def _organizations(self) -> Iterator[configtx_pb2.ConfigGroup]:
        for section in ("Orderer", "Application"):
            if section in self.root.groups:
                yield from self.root.groups[section].groups.values()
        if "Consortiums" in self.root.groups:
            for consortium in self.root.groups["Consortiums"].groups.values():
                yield from consortium.groups.values()

    def _msps(self) -> Iterator[Msp]:
        for organization in self._organizations():
            if "MSP" in organization.values:
                wrapped = msp_config_pb2.MSPConfig.FromString(organization.values["MSP"].value)
                yield Msp(msp_config_pb2.FabricMSPConfig.FromString(wrapped.config))

    def _check_capabilities(self) -> None:
        ceilings = self.release.capabilities
        for kind, ceiling, group in (
            ("Channel", ceilings.channel, self.root),
            ("Orderer", ceilings.orderer, self.root.groups.get("Orderer")),
            ("Application", ceilings.application, self.root.groups.get("Application")),
        ):
            if group is None or "Capabilities" not in group.values:
                continue
            known = _LEVELS[kind][: _LEVELS[kind].index(ceiling) + 1] if ceiling else ()
            for name in configuration_pb2.Capabilities.FromString(group.values["Capabilities"].value).capabilities:
                if name not in known:
                    raise ConfigError(f"{kind} capability {name} is required but not supported")

    # settings
    @property
    def is_system(self) -> bool:
        """Whether channels are created through it."""
        return "Consortiums" in self.root.groups

    def _orderer(self, key: str) -> bytes:
        group = self.root.groups.get("Orderer")
        if group is None or key not in group.values:
            raise ConfigError(f"{key} is missing in the Orderer group of channel {self.channel}")
        return bytes(group.values[key].value)

    @property
    def batch_size(self) -> orderer_configuration_pb2.BatchSize:
        """max_message_count, absolute_max_bytes, preferred_max_bytes."""
        return orderer_configuration_pb2.BatchSize.FromString(self._orderer("BatchSize"))

    @property
    def batch_timeout(self) -> float:
        """Seconds."""
        return parse_duration(orderer_configuration_pb2.BatchTimeout.FromString(self._orderer("BatchTimeout")).timeout)

    @property
    def kafka_brokers(self) -> list[str]:
        """Seed brokers, `host:port`."""
        return list(orderer_configuration_pb2.KafkaBrokers.FromString(self._orderer("KafkaBrokers")).brokers)

    @property
    def consensus(self) -> str:
        """`kafka` here; `solo` and `etcdraft` are not rehearsed."""
        return str(orderer_configuration_pb2.ConsensusType.FromString(self._orderer("ConsensusType")).type)

    @property
    def orderer_addresses(self) -> list[str]:
        """Where peers find orderers, `host:port`."""
        if "OrdererAddresses" not in self.root.values:
            return []
        return list(configuration_pb2.OrdererAddresses.FromString(self.root.values["OrdererAddresses"].value).addresses)

    @property
    def orderer_tls_roots(self) -> bytes:
        """TLS CA certificates of the orderers' organizations, PEM one after the other."""
        group = self.root.groups.get("Orderer")
        found = b""
        for organization in group.groups.values() if group else ():
            wrapped = msp_config_pb2.MSPConfig.FromString(organization.values["MSP"].value)
            found += b"".join(msp_config_pb2.FabricMSPConfig.FromString(wrapped.config).tls_root_certs)
        return found

    @property
    def application_msp_ids(self) -> list[str]:
        """MSP ids of the organizations that the channel's chaincodes are endorsed by."""
        group = self.root.groups.get("Application")
        found = []
        for organization in group.groups.values() if group else ():
            wrapped = msp_config_pb2.MSPConfig.FromString(organization.values["MSP"].value)
            found.append(msp_config_pb2.FabricMSPConfig.FromString(wrapped.config).name)
        return sorted(found)


def config_of(block: common_pb2.Block) -> tuple[str, configtx_pb2.ConfigEnvelope]:
    """Channel id and configuration of a configuration block. Raises ConfigError."""
    try:
        envelope = common_pb2.Envelope.FromString(block.data.data[0])
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        config = configtx_pb2.ConfigEnvelope.FromString(payload.data)
    except Exception as error:  # protobuf raises DecodeError, which has no public base
        raise ConfigError(f"no configuration block: {error}") from error
    if header.type != common_pb2.CONFIG or not config.HasField("config"):
        raise ConfigError(f"block {block.header.number} holds no configuration")
    return str(header.channel_id), config
