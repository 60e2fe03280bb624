"""Chaincode: installing, building, starting, calling."""

from __future__ import annotations

from fabwiz.diagnose.known import Known

KNOWN = (
    Known(
        "12",
        r"Failed to pull \S{0,200}fabric-ccenv:latest: API error \(404\)",
        "The peer builds chaincode in an image that was taken from Docker Hub in 2020.",
        "Run `fabwiz generate` and `fabwiz replay`: fabwiz names the release's own tag (CORE_CHAINCODE_BUILDER). "
        "images.overrides.builder in the session names another image.",
        True,
        "release notes of 1.4.8; PIVT#71, #77, #84; Altoros#17; hurley#265",
        since=(1, 2, 0),
        until=(1, 4, 7),
    ),
    Known(
        "13",
        r"API error \(404\): network \S{1,200} not found",
        "The peer starts chaincode in a Docker network that its host does not have: the setting names another network "
        "than compose made.",
        "Let fabwiz write the compose files (`fabwiz generate`, then replay); in a file of your own give the network "
        "an explicit name and set CORE_VM_DOCKER_HOSTCONFIG_NETWORKMODE to it.",
        True,
        "yeasy/docker-compose-files#116; fabric-samples#566",
    ),
    Known(
        "14",
        r"timeout expired while starting chaincode|Error trying to connect to local peer: context deadline exceeded",
        "The chaincode's container cannot reach its peer on the chaincode port, or building it took longer than the "
        "peer waits.",
        "Replay once more: a slow build is kept. If it comes again, look at the log of the chaincode's container on "
        "that host, and whether the peer's chaincode port (7052) is free there.",
        False,
        "feitnomore#5; HandsOn#28",
    ),
    Known(
        "20",
        r"chaincode with name '[^'\n]{1,300}' already exists",
        "The chaincode is instantiated on this channel already.",
        "Nothing needs doing: it counts as done. To run a new version, raise its version in the session and replay.",
        False,
        "core/scc/lscc v1.2.0",
        since=(1, 2, 0),
    ),
    Known(
        "20b",
        r"\bchaincode exists [A-Za-z0-9_-]{1,300}",
        "The chaincode is instantiated on this channel already.",
        "Nothing needs doing: it counts as done. To run a new version, raise its version in the session and replay.",
        False,
        "core/scc/lscc v1.0.0",
        until=(1, 1, 1),
    ),
    Known(
        "21",
        r"cannot get package for chaincode \(\S{1,300}\)|could not find chaincode with name",
        "The chaincode is not installed on this peer, or not instantiated on this channel.",
        "`fabwiz replay` installs it on every peer of its channels and instantiates it; `fabwiz plan` shows where.",
        # the answer to asking whether it is there is the same
        False,
        "core/chaincode, core/scc/lscc",
    ),
    Known(
        "22",
        r"chaincode fingerprint mismatch:? data mismatch",
        "Peers were given different packages of the same version of the chaincode.",
        "Raise the chaincode's version in the session and replay: fabwiz packages once and installs the same bytes on "
        "every peer.",
        True,
        "FAB-12134; release notes of 1.4.1 and 1.4.8; bevel#1264",
        since=(1, 2, 0),
    ),
)
