"""The configuration that a new channel starts from (orderer/common/msgprocessor/systemchannel.go, NewChannelConfig)."""

from __future__ import annotations

from fabric_protos.common import configtx_pb2, configuration_pb2, policies_pb2

from fabwiz.remote.rehearsal.channel.bundle import Bundle, ConfigError

_POLICY = "ChannelCreationPolicy"


def template(system: Bundle, update: configtx_pb2.ConfigUpdate) -> Bundle:
    """The not yet existing channel as the system channel and the consortium define it.

    The update is then judged against it: its application group demands the consortium's ChannelCreationPolicy.
    Raises ConfigError in Fabric's words.
    """
    if not update.HasField("write_set"):
        raise ConfigError("Config update has an empty writeset")
    if "Application" not in update.write_set.groups:
        raise ConfigError("Config update has missing application group")
    wanted = update.write_set.groups["Application"]
    if wanted.version != 1:
        raise ConfigError(
            f"Config update for channel creation does not set application group version to 1, was {wanted.version}"  # noqa: S608
        )
    if "Consortium" not in update.write_set.values:
        raise ConfigError("Consortium config value missing")
    name = configuration_pb2.Consortium.FromString(update.write_set.values["Consortium"].value).name
    if not system.is_system:
        raise ConfigError("The ordering system channel does not appear to support creating channels")
    consortiums = system.root.groups["Consortiums"].groups
    if name not in consortiums:
        raise ConfigError(f"Unknown consortium name: {name}")
    consortium = consortiums[name]
    application = configtx_pb2.ConfigGroup(mod_policy=_POLICY)
    policy = policies_pb2.Policy.FromString(consortium.values[_POLICY].value)
    application.policies[_POLICY].policy.CopyFrom(policy)
    if consortium.groups and not wanted.groups:
        raise ConfigError("Proposed configuration has no application group members, but consortium contains members")
    for organization in wanted.groups:
        if organization not in consortium.groups:
            raise ConfigError("Attempted to include a member which is not in the consortium")
        application.groups[organization].CopyFrom(consortium.groups[organization])
    root = configtx_pb2.ConfigGroup()
    for key, value in system.root.values.items():
        if key != "Consortium":
            root.values[key].CopyFrom(value)
    for key, kept in system.root.policies.items():
        root.policies[key].CopyFrom(kept)
    root.groups["Orderer"].CopyFrom(system.root.groups["Orderer"])
    root.groups["Application"].CopyFrom(application)
    root.values["Consortium"].value = configuration_pb2.Consortium(name=name).SerializeToString()
    root.values["Consortium"].mod_policy = "Admins"
    if system.release.number >= (1, 1, 0):  # PredictableChannelTemplate
        root.mod_policy = system.root.mod_policy
        _zero(root)
    return Bundle(update.channel_id, configtx_pb2.Config(channel_group=root), system.release)


def _zero(group: configtx_pb2.ConfigGroup) -> None:
    group.version = 0
    for value in group.values.values():
        value.version = 0
    for policy in group.policies.values():
        policy.version = 0
    for name in group.groups:
        _zero(group.groups[name])
