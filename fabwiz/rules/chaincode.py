"""Chaincodes: their names, their channels, their checks and where their source lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fabwiz.rules.registry import ERROR, OWN, Problem, Surroundings, fix, rule, rule_about_surroundings, setting
from fabwiz.rules.suggest import near, unique
from fabwiz.session.findings import Edit
from fabwiz.session.model import CheckStep
from fabwiz.session.network import Chaincode, Network
from fabwiz.session.samples import chaincode_source
from fabwiz.session.shape import nearest

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_STRICT_NAME = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
_VERSION = re.compile(r"[A-Za-z0-9_.+-]+")
_SYSTEM = ("cscc", "lscc", "escc", "vscc", "qscc")

# what a folder of source must hold, by language
_MARKS = {
    "golang": ("*.go", "no .go file"),
    "node": ("package.json", "no package.json"),
    "java": ("build.gradle*|pom.xml", "neither build.gradle nor pom.xml"),
}
_FILES = 10_000


@rule(
    "chaincode-name",
    ERROR,
    "chaincode names and versions are ones that peers take",
    "Name and version become parts of container and image names. Names of Fabric's own system chaincodes are taken.",
    "Fabric: core/scc/lscc/lscc.go, isValidChaincodeName and isValidChaincodeVersion",
)
def names(network: Network) -> Iterator[Problem]:
    """Names and versions that peers refuse."""
    strict = network.release is not None and network.release.number >= (1, 3, 0)
    for chaincode in network.chaincodes.values():
        name, version = chaincode.name, chaincode.spec.version
        good = (_STRICT_NAME if strict else _NAME).fullmatch(name)
        if not good or name in _SYSTEM:
            plain = "-".join(re.findall("[A-Za-z0-9]+", name)) or "chaincode"
            better = unique(plain, {*network.chaincodes, *_SYSTEM})
            what = "letters, digits, hyphens and underscores" + (", none of the latter at an end" if strict else "")
            yield Problem(
                chaincode.path,
                f"{name!r} is a system chaincode of Fabric; choose another name"
                if good
                else f"{name!r} cannot name a chaincode: use {what}",
                fix(f"rename it to {better}", Edit(chaincode.path, key=better)),
            )
        if not _VERSION.fullmatch(version):
            plain = "-".join(re.findall("[A-Za-z0-9_.+-]+", version)) or "1.0"
            path = (*chaincode.path, "version")
            yield Problem(
                path,
                f"{version!r} cannot be the version of a chaincode: use letters, digits and . _ + -",
                fix(f"use {plain}", setting(plain, *path)),
            )


@rule(
    "chaincode-channel",
    ERROR,
    "a chaincode is instantiated on channels that exist",
    "A chaincode runs on a channel; its checks call it there, as members of that channel.",
    OWN,
)
def channels(network: Network) -> Iterator[Problem]:
    """Unknown channels, or none; checks on other channels or by strangers."""
    for chaincode in network.chaincodes.values():
        given, path = chaincode.spec.channels, (*chaincode.path, "channels")
        known = [name for name in dict.fromkeys(given) if name in network.channels]
        if not given:
            only = list(network.channels)[:1]
            mend = fix(f"instantiate it on {only[0]}", setting(only, *path)) if only else None
            yield Problem(path, f"the chaincode {chaincode.name} is instantiated on no channel; name one", mend)
        for position, name in enumerate(given):
            if name in network.channels and name not in given[:position]:
                continue
            if name in network.channels:
                mend = fix("name it once", setting(known, *path))
                yield Problem((*path, position), f"the chaincode {chaincode.name} names the channel {name} twice", mend)
                continue
            meant = nearest(name, list(network.channels))
            better = list(dict.fromkeys([*known, meant])) if meant else known
            yield Problem(
                (*path, position),
                f"the chaincode {chaincode.name} is to run on {name!r}, which is no channel of this session"
                f"{near(name, network.channels)}",
                fix(f"use {', '.join(better)}", setting(better, *path)) if better else None,
            )
        for position, step in enumerate(chaincode.spec.check):
            yield from _step_on_channel(network, chaincode, (*chaincode.path, "check", position), step)


def _step_on_channel(
    network: Network, chaincode: Chaincode, path: tuple[str | int, ...], step: CheckStep
) -> Iterator[Problem]:
    running = [channel.name for channel in chaincode.channels]
    if step.channel is not None and step.channel not in running and running:
        yield Problem(
            (*path, "channel"),
            f"this check calls {chaincode.name} on {step.channel!r}, where it does not run"
            f"{near(step.channel, running)}",
            fix("call it on all of its channels", Edit((*path, "channel"))),
        )
    where = [channel for channel in chaincode.channels if step.channel in (None, channel.name)]
    members = dict.fromkeys(one.name for channel in where for one in channel.organizations if one.nodes)
    if step.organization is not None and step.organization not in members and where:
        yield Problem(
            (*path, "organization"),
            f"this check calls {chaincode.name} as {step.organization!r}, which has no peer on its channel"
            f"{near(step.organization, members)}",
            fix("let any organization call it", Edit((*path, "organization"))),
        )


@rule(
    "chaincode-check",
    ERROR,
    "each check is either a query or an invocation, with a function to call",
    "A check proves that the network works; one that calls nothing would prove nothing and look as if it did.",
    OWN,
)
def checks(network: Network) -> Iterator[Problem]:
    """Checks that call nothing, or two things."""
    for chaincode in network.chaincodes.values():
        for position, step in enumerate(chaincode.spec.check):
            path = (*chaincode.path, "check", position)
            if (step.query is None) == (step.invoke is None):
                both = "both query and invoke" if step.query is not None else "neither query nor invoke"
                yield Problem(path, f"check {position + 1} of {chaincode.name} has {both}; give it exactly one of them")
            elif not (step.query or step.invoke):
                yield Problem(path, f"check {position + 1} of {chaincode.name} names no function to call")


@rule_about_surroundings(
    "chaincode-path",
    ERROR,
    "the source of a chaincode is there and of its language",
    "The source is packaged on this workstation, from a folder beside the session file or from the samples that come "
    "with fabwiz. Go needs .go files in it, Node a package.json, Java a build.gradle or pom.xml.",
    OWN,
)
def sources(network: Network, around: Surroundings) -> Iterator[Problem]:
    """Folders that are missing or hold another language."""
    base = around.base
    for chaincode in network.chaincodes.values():
        spec = chaincode.spec
        if spec.language == "node" and network.release is not None and network.release.number < (1, 1, 0):
            yield Problem(
                (*chaincode.path, "language"),
                f"Fabric {network.release.version} runs no Node chaincode; it came with 1.1.0",
            )
            continue
        try:
            with chaincode_source(spec.path, base) as folder:
                found = None if folder is None else _languages(folder)
        except (OSError, RuntimeError, ValueError):
            found = None  # a name that no folder can have, or ~ of a user who is not there
        path = (*chaincode.path, "path")
        if found is None:
            if base is not None or not spec.path.strip():
                yield Problem(
                    path,
                    f"the source of {chaincode.name} is not there: neither a folder {spec.path!r} beside the session "
                    f"file nor a sample of that name; correct the path{_samples(spec.path)}",
                )
        elif spec.language not in found:
            is_other = f"; it looks like {found[0]}" if found else ""
            yield Problem(
                path,
                f"{spec.path} has {_MARKS[spec.language][1]}, which {spec.language} chaincode needs{is_other}",
                fix(f"set the language to {found[0]}", setting(found[0], *chaincode.path, "language"))
                if len(found) == 1
                else None,
            )


def _languages(folder: Path) -> list[str]:
    """The languages whose marks are in a folder."""
    names: list[str] = []
    for entry in folder.iterdir():
        names.append(entry.name)
        if len(names) >= _FILES:
            break
    return [
        language
        for language, (marks, _) in _MARKS.items()
        if any(_matches(name, mark) for mark in marks.split("|") for name in names)
    ]


def _matches(name: str, mark: str) -> bool:
    if mark.startswith("*"):
        return name.endswith(mark[1:]) and not name.endswith("_test.go")
    return name.startswith(mark[:-1]) if mark.endswith("*") else name == mark


def _samples(path: str) -> str:
    from importlib import resources

    shipped = sorted(
        entry.name
        for entry in resources.files("assets.chaincode").iterdir()
        if entry.is_dir() and not entry.name.startswith(("_", "."))
    )
    return near(path.rstrip("/").rpartition("/")[2], shipped)
