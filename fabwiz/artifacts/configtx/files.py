"""The files of `artifacts/channel-artifacts`, made once and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fabwiz.artifacts.configtx.difference import describe_difference
from fabwiz.artifacts.configtx.groups import seed_brokers
from fabwiz.artifacts.configtx.messages import (
    anchors_tx,
    brokers_of,
    channel_tx,
    creation_for_orderers,
    genesis_block,
)
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.files import make_private_dir, write_atomic
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

_SHOWN = 5
_ANCHORS = "-anchors.tx"


@dataclass(frozen=True, slots=True)
class ConfigtxReport:
    """Files that were made, and those that were there and say what the session says."""

    created: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)


def generate(
    network: Network, workspace: Workspace, now: datetime | None = None, *, replace: bool = False
) -> ConfigtxReport:
    """Make genesis.block, `<channel>.tx` and `<channel>-<MSP id>-anchors.tx` where they are missing.

    The keys must be there. A file that is there is kept as it is if its content is what the session gives. Where it
    is not, nothing is written: a network may run that was made from it. With `replace`, for when none can, it is made
    anew; so are files with anchors always, for a network that runs can be given others. Raises GenerateError with the
    differences and the way out, ArtifactError for an unknown release.
    """
    report = ConfigtxReport()
    missing: dict[Path, bytes] = {}
    try:
        for path, wanted, block in _wanted(network, workspace, now):
            replaceable = replace or path.name.endswith(_ANCHORS)
            if not path.exists() or (replaceable and _differs(path.read_bytes(), wanted, block)):
                missing[path] = wanted
            else:
                _refuse_difference(network, path, path.read_bytes(), wanted, block)
                report.kept.append(path)
        make_private_dir(workspace.channel_artifacts)
        for path, content in missing.items():
            write_atomic(path, content, durable=workspace.durable)
            report.created.append(path)
    except OSError as error:
        raise GenerateError(
            f"{error.filename or workspace.channel_artifacts}: {error.strerror or error}. Make room, or mend the "
            "rights of that place, and run this again."
        ) from error
    return report


def _wanted(network: Network, workspace: Workspace, now: datetime | None) -> Iterator[tuple[Path, bytes, bool]]:
    yield workspace.genesis_block, genesis_block(network, workspace, now), True
    for channel in network.channels.values():
        yield workspace.channel_tx(channel.name), channel_tx(network, channel, workspace, now), False
        for organization in channel.organizations:
            if organization.anchors:
                path = workspace.anchors_tx(channel.name, organization.msp_id)
                yield path, anchors_tx(network, channel, organization, workspace), False


def _differs(kept: bytes, wanted: bytes, block: bool) -> bool:
    try:
        return bool(_differences(kept, wanted, block))
    except ValueError:
        return True


def _differences(kept: bytes, wanted: bytes, block: bool) -> tuple[str, ...]:
    """What differs for the orderers: of members without anchors they are not told, whoever has none by now."""
    if block:
        return describe_difference(kept, wanted, block=True)
    return describe_difference(creation_for_orderers(kept), creation_for_orderers(wanted), block=False)


def _refuse_difference(network: Network, path: Path, kept: bytes, wanted: bytes, block: bool) -> None:
    try:
        differences = _differences(kept, wanted, block)
    except ValueError as error:
        raise GenerateError(
            f"{path} is damaged ({error}). Restore it from a backup; if no network runs that was made from it, "
            "remove it to have it made again."
        ) from None
    if differences:
        more = f"; and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        raise GenerateError(
            f"{path} was made from another state of the session: {'; '.join(differences[:_SHOWN])}{more}. A network "
            f"that runs with it would not follow. {_further_brokers(network, kept) if block else ''}Undo the change of "
            f"the session; or, if no network runs that was made from it (`fabwiz down` takes one away), remove "
            f"{path.name} to have it made again."
        )


def _further_brokers(network: Network, block: bytes) -> str:
    """How to add brokers: orderers learn of further ones from those that the genesis block names."""
    wanted = {broker.address: broker.key for broker in network.kafka}
    try:
        there = brokers_of(block)
    except ValueError:
        return ""
    if set(there) < set(seed_brokers(network)):
        keys = ", ".join(wanted[address] for address in there)
        return (
            "Brokers that are added later need not stand in it: keep its list with "
            f"`ordering.kafka.seed_brokers: [{keys}]`. "
        )
    return ""
