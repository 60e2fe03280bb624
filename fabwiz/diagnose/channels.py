"""Creating, changing and joining channels; the clocks that orderers compare."""

from __future__ import annotations

from fabwiz.diagnose.known import Known

_EXISTS_CAUSE = (
    "The channel is there already, or a change that was made before is sent once more: an anchor peer, for instance."
)
_EXISTS_REMEDY = "Nothing needs doing: replay fetches the channel's first block and joins with it, and goes on."

KNOWN = (
    Known(
        "8",
        r"eadset expected key \[\w{1,20}\]\s{1,3}/Channel\S{0,300} at version \d{1,9}, but got version \d{1,9}",
        _EXISTS_CAUSE,
        _EXISTS_REMEDY,
        False,
        "common/configtx/update.go:25, :36; yeasy/docker-compose-files#51; minifabric#22",
        until=(1, 4, 0),
    ),
    Known(
        "8b",
        r"proposed update requires that key \[\w{1,20}\]\s{1,3}/Channel\S{0,300} be at version \d{1,9}, "
        r"but it is currently at version \d{1,9}",
        _EXISTS_CAUSE,
        _EXISTS_REMEDY,
        False,
        "common/configtx/update.go v1.4.1:25",
        since=(1, 4, 1),
    ),
    Known(
        "8c",
        r"existing config does not contain element for \[\w{1,20}\]\s{1,3}/Channel/Application/\S{1,300} "
        r"but was in the read set",
        "The channel to be created has the name of the orderers' system channel, so that the orderers take its "
        "creation for a change of their own channel.",
        "Give system_channel in the session a name that no channel has (`fabwiz check` tells: channel-system), then "
        "set the network up anew: the genesis block carries that name.",
        True,
        "caliper#412; HandsOn#30",
    ),
    Known(
        "9",
        r"olicy for \[\w{1,20}\]\s{1,3}/Channel\S{0,300} not satisfied"
        r"|implicit policy evaluation failed - \d{1,9} sub-policies were satisfied"
        r"|Failed to reach implicit threshold of \d{1,9} sub-policies",
        "The request is not signed by enough administrators that the channel knows: keys of another generation, or "
        "too few organizations.",
        "Check that the workspace beside the session holds the keys that the network was set up with; do not mix it "
        "with another. If it was made anew, take the network down with its data (`fabwiz down --data`) and replay.",
        True,
        "common/configtx, common/policies/implicitmeta.go; fabric-ca#359",
    ),
    Known(
        "11",
        r"This identity is not an admin|access denied for \[JoinChain\]",
        "The peer does not take the signer for an administrator of its organization.",
        "fabwiz signs with Admin@<domain> from the workspace: check that it is of the generation that the peer's msp "
        "folder came from; `fabwiz replay` places the msp folders again. With the cli container use Admin's msp.",
        True,
        "msp/mspimpl.go; marbles#198, #207, #209",
    ),
    Known(
        "19",
        r"LedgerID already exists",
        "The peer has joined this channel before.",
        "Nothing needs doing: it counts as done.",
        False,
        "core/ledger/ledgermgmt; core/scc/cscc",
    ),
    Known(
        "23",
        r"\b[\w.-]{1,40} capability \S{1,100} is required but not supported",
        "The channel asks for a capability that this release does not know (a level above it, or a name such as V1_4 "
        "that never existed); the node stops rather than misread the channel.",
        "Run all hosts at the session's release; fabwiz takes capabilities from it. If the genesis block came from a "
        "newer one, take the network down with its volumes, then generate and replay.",
        True,
        "common/capabilities; cello#70; fabric-gm#2",
    ),
    Known(
        "24",
        r"Attempted to include a member which is not in the consortium|Unknown consortium name",
        "The channel's organizations or consortium are not what the genesis block says.",
        "Run `fabwiz check` (channel-consortium). If the session changed after the network was set up, the genesis "
        "block is older: set the network up anew, or change its configuration by an update.",
        True,
        "orderer/common/msgprocessor",
    ),
    Known(
        "25",
        r"envelope timestamp [^\n]{1,200} is more than \S{1,40} apart from current server time"
        r"|timestamp [^\n]{1,200} is more than the \S{1,40} time window difference above/below server time",
        "The clocks of the two machines differ by more than 15 minutes.",
        "Set the clock by NTP on the host that is wrong, and on this workstation (`timedatectl` on each), then replay.",
        True,
        "common/deliver/deliver.go v1.1.0:290, v1.2.1:315",
        since=(1, 1, 0),
    ),
)
