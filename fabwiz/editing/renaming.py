"""Renaming what operators name, together with everything that refers to it by name.

Each function gives edits that are made in order, as one change. None of them checks the new name: rules do.
"""

from __future__ import annotations

import re
from typing import Any

from fabwiz.editing.placing import mapping, move, placed, renamed_item
from fabwiz.session.findings import Edit, SessionPath


def rename_host(data: Any, old: str, new: str) -> list[Edit]:
    """A host: the nodes on it, and those who log in over it, follow."""
    edits = [move(place.path, new) for place in placed(data) if place.host == old]
    for host in mapping(data, "hosts"):
        if mapping(data, "hosts", host, "ssh").get("jump") == old:
            edits.append(Edit(("hosts", host, "ssh", "jump"), new))
    if mapping(data, "ssh").get("jump") == old:
        edits.append(Edit(("ssh", "jump"), new))
    return [*edits, Edit(("hosts", old), key=new)]


def rename_node(data: Any, path: SessionPath, new: str) -> list[Edit]:
    """A node: `path` leads to it. A peer stays an anchor, and a broker a seed broker, if it was one."""
    edits = []
    if path[0] == "organizations":
        edits = renamed_item(data, ("organizations", str(path[1]), "anchors"), str(path[-1]), new)
    elif path[0] == "kafka":
        edits = renamed_item(data, ("ordering", "kafka", "seed_brokers"), str(path[-1]), new)
    return [*edits, Edit(path, key=new)]


def rename_organization(data: Any, old: str, new: str) -> list[Edit]:
    """An organization: consortiums, channels and checks follow, and policies where its MSP id comes from its name."""
    edits = []
    for consortium in mapping(data, "consortiums"):
        edits += renamed_item(data, ("consortiums", consortium), old, new)
    for channel in mapping(data, "channels"):
        edits += renamed_item(data, ("channels", channel, "organizations"), old, new)
    edits += _in_checks(data, "organization", old, new)
    if mapping(data, "organizations", old).get("msp_id") is None:
        edits += rename_msp(data, f"{old}MSP", f"{new}MSP")
    return [*edits, Edit(("organizations", old), key=new)]


def rename_msp(data: Any, old: str, new: str) -> list[Edit]:
    """An MSP id in all policies: of chaincodes, and of their private data collections."""
    edits = []
    for chaincode, said in mapping(data, "chaincodes").items():
        paths: list[tuple[str, ...]] = [("chaincodes", chaincode)]
        paths += [("chaincodes", chaincode, "collections", one) for one in mapping(said, "collections")]
        for path in paths:
            policy = mapping(data, *path).get("policy")
            if isinstance(policy, str):
                renamed = re.sub(rf"(['\"]){re.escape(old)}\.(?=\w+['\"])", lambda match: f"{match[1]}{new}.", policy)
                if renamed != policy:
                    edits.append(Edit((*path, "policy"), renamed))
    return edits


def rename_consortium(data: Any, old: str, new: str) -> list[Edit]:
    """A consortium: its channels follow."""
    edits = [
        Edit(("channels", channel, "consortium"), new)
        for channel in mapping(data, "channels")
        if mapping(data, "channels", channel).get("consortium") == old
    ]
    return [*edits, Edit(("consortiums", old), key=new)]


def rename_channel(data: Any, old: str, new: str) -> list[Edit]:
    """A channel: the chaincodes on it, and their checks, follow."""
    edits = []
    for chaincode in mapping(data, "chaincodes"):
        edits += renamed_item(data, ("chaincodes", chaincode, "channels"), old, new)
    return [*edits, *_in_checks(data, "channel", old, new), Edit(("channels", old), key=new)]


def _in_checks(data: Any, setting: str, old: str, new: str) -> list[Edit]:
    edits = []
    for chaincode, said in mapping(data, "chaincodes").items():
        checks = said.get("check") if isinstance(said, dict) else None
        for at, check in enumerate(checks if isinstance(checks, list) else ()):
            if isinstance(check, dict) and check.get(setting) == old:
                edits.append(Edit(("chaincodes", chaincode, "check", at, setting), new))
    return edits
