"""The Fabric release and its images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, WARNING, Problem, fix, rule, setting
from fabwiz.session.network import Network
from fabwiz.session.releases import NEWEST, RELEASES

_NUMBER = re.compile(r"v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?")


@rule(
    "fabric-version",
    ERROR,
    "the release is one of Fabric 1.x with Kafka ordering",
    "What is generated differs from release to release, so it must be one that is known. Kafka ordering was deprecated "
    "in 2.0 and removed in 3.0.",
    "Fabric: scripts/bootstrap.sh and release notes",
)
def version(network: Network) -> Iterator[Problem]:
    """Releases that are not known here."""
    if network.release is not None:
        return
    given = network.session.fabric
    match = _NUMBER.match(given)
    major = int(match[1]) if match else None
    if major is not None and major >= 3:
        says = f"Fabric {given[:20]} has no Kafka ordering any more: it was removed in 3.0"
    elif major == 2:
        says = f"Kafka ordering is deprecated in Fabric {given[:20]}, and fabwiz sets up 1.x only"
    else:
        says = f"there is no Fabric release {given[:20]!r} that fabwiz knows"
    near = _near(given)
    yield Problem(
        ("fabric",),
        f"{says}; use {near}" + ("" if near == NEWEST.version else f" or another from 1.0.0 to {NEWEST.version}"),
        fix(f"use {near}", setting(near, "fabric")),
    )


def _near(given: str) -> str:
    """The last known release of the same minor version, else the newest."""
    match = _NUMBER.match(given)
    same = [
        release.version
        for release in RELEASES.values()
        if match and match[2] and release.number[:2] == (int(match[1]), int(match[2]))
    ]
    return same[-1] if same else NEWEST.version


@rule(
    "image-missing",
    WARNING,
    "the images that the release uses are still published",
    "Peers of 1.2.0 to 1.4.7 build chaincode in fabric-ccenv:latest, a tag that was taken away in 2020: with their "
    "default, the first instantiation fails with 'API error (404)'. fabwiz names the release's own tag instead.",
    "Fabric: release notes of 1.4.8; sampleconfig/core.yaml, chaincode.builder",
)
def images(network: Network) -> Iterator[Problem]:
    """The retired chaincode builder."""
    release, given = network.release, network.session.images
    if release is None or not release.builder_gone or "builder" in given.overrides:
        return
    prefix = f"{given.registry}/" if given.registry else ""
    builder = f"{prefix}{given.namespace}/fabric-ccenv:{given.tag or release.tag}"
    path = ("images", "overrides", "builder")
    yield Problem(
        path,
        f"peers of Fabric {release.version} build chaincode in fabric-ccenv:latest, which is no longer published; they "
        f"will be told to use {builder}: name that image, or another, in images.overrides.builder",
        fix(f"name {builder}", setting(builder, *path)),
    )
