"""What a new organization, consortium, channel or chaincode says at first: the most likely, to be changed then."""

from __future__ import annotations

from typing import Any

from fabwiz.editing.placing import mapping, names
from fabwiz.rules.suggest import label, unique
from fabwiz.session.findings import Edit
from fabwiz.session.model import Session
from fabwiz.session.network import DEFAULT_CONSORTIUM

SAMPLE = "chaincode_example02"
"""The shipped sample that a new chaincode runs until another one is named."""


def next_of(data: Any, part: str, first: str) -> str:
    """A free name for one more: `Org1`, `Org2`, ...; it goes on from the last one there is."""
    there = list(mapping(data, part))
    return unique(there[-1] if there and there[-1][-1:].isdigit() else first, there)


def new_organization(data: Any, name: str) -> Edit:
    """An organization without peers; its domain lies below the orderers'."""
    domain = mapping(data).get("domain")
    if not isinstance(domain, str) or not domain:
        domain = Session.model_fields["domain"].default
    taken = [mapping(data, "organizations", one).get("domain") for one in mapping(data, "organizations")]
    part = label(name, [str(one).partition(".")[0] for one in taken], "org", lower=True)
    return Edit(("organizations", name), {"domain": f"{part}.{domain}", "peers": {}})


def said_consortiums(data: Any) -> list[Edit]:
    """Write down the consortium of all that holds where none is said; nothing where one is."""
    if mapping(data, "consortiums"):
        return []
    return [Edit(("consortiums",), {DEFAULT_CONSORTIUM: list(mapping(data, "organizations"))})]


def new_consortium(data: Any, name: str) -> Edit:
    """A consortium of nobody yet; the first one that is said takes the place of the one that held unsaid."""
    return Edit(("consortiums", name), [])


def new_channel(data: Any, name: str) -> Edit:
    """A channel of the first consortium's members; without consortiums, of all organizations."""
    consortiums = mapping(data, "consortiums")
    first = next(iter(consortiums), None)
    members = names(data, "consortiums", first) if first else list(mapping(data, "organizations"))
    said: dict[str, Any] = {"organizations": members}
    return Edit(("channels", name), {"consortium": first, **said} if first and len(consortiums) > 1 else said)


def new_chaincode(data: Any, name: str) -> Edit:
    """A chaincode on all channels, from the shipped sample."""
    said = {"version": "1.0", "language": "golang", "path": SAMPLE, "channels": list(mapping(data, "channels"))}
    return Edit(("chaincodes", name), said)
