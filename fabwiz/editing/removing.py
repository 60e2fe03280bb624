"""Taking things away together with what refers to them."""

from __future__ import annotations

from typing import Any

from fabwiz.editing.placing import mapping, without_item
from fabwiz.session.findings import Edit


def remove_organization(data: Any, name: str) -> list[Edit]:
    """An organization; it leaves consortiums and channels, and no check asks as it any more.

    Policies that name it stay: what they are to say without it is for somebody to decide, and a finding says so.
    """
    edits = [Edit(("organizations", name))]
    for consortium in mapping(data, "consortiums"):
        edits += without_member(data, ("consortiums", consortium), name)
    for channel in mapping(data, "channels"):
        edits += without_member(data, ("channels", channel, "organizations"), name)
    return edits + _without_check_setting(data, "organization", name)


def remove_consortium(data: Any, name: str) -> list[Edit]:
    """A consortium; channels of it name none any more. The last one takes the whole part away: its default holds."""
    alone = list(mapping(data, "consortiums")) == [name]
    edits = [Edit(("consortiums",) if alone else ("consortiums", name))]
    for channel, said in mapping(data, "channels").items():
        if isinstance(said, dict) and said.get("consortium") == name:
            edits.append(Edit(("channels", channel, "consortium")))
    return edits


def remove_channel(data: Any, name: str) -> list[Edit]:
    """A channel; chaincodes do not run there any more, and no check calls them there."""
    edits = [Edit(("channels", name))]
    for chaincode in mapping(data, "chaincodes"):
        edits += without_member(data, ("chaincodes", chaincode, "channels"), name)
    return edits + _without_check_setting(data, "channel", name)


def without_member(data: Any, path: tuple[str, ...], name: str) -> list[Edit]:
    """Out of a list that must be there: where it was the only one, an empty list stays."""
    return [Edit(edit.path, [] if edit.path == path else None) for edit in without_item(data, path, name)]


def _without_check_setting(data: Any, setting: str, value: str) -> list[Edit]:
    return [
        Edit(("chaincodes", chaincode, "check", at, setting))
        for chaincode, said in mapping(data, "chaincodes").items()
        for at, check in enumerate(_checks(said))
        if isinstance(check, dict) and check.get(setting) == value
    ]


def _checks(chaincode: Any) -> list[Any]:
    found = chaincode.get("check") if isinstance(chaincode, dict) else None
    return found if isinstance(found, list) else []
