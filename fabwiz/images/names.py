"""Which image each container runs, and which images a host must have.

Names and tags follow `scripts/bootstrap.sh`, `Makefile` and `sampleconfig/core.yaml` at each tag of
hyperledger/fabric; `images` in the session changes registry, namespace and tags, or whole names by role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fabwiz.session.network import Network, Node, Role
from fabwiz.session.releases import Release

Language = Literal["golang", "node", "java"]


class UnknownRelease(ValueError):
    """The session names no release whose images are known."""


OVERRIDABLE = (*(role.value for role in Role), "builder", "runtime")
"""What `images.overrides` may name an image for."""
_THIRD_PARTY = (Role.ZOOKEEPER, Role.KAFKA, Role.COUCHDB)


@dataclass(frozen=True, slots=True)
class ChaincodeImages:
    """What a peer builds chaincode with (`builder`) and runs it in, by language."""

    builder: str
    runtimes: Mapping[Language, str]
    """Only languages that the release knows: no Node before 1.1."""


def image(network: Network, role: Role) -> str:
    """The image of a role. Raises UnknownRelease."""
    release = _release(network)
    images = network.session.images
    if given := images.overrides.get(role.value):
        return given
    if role in _THIRD_PARTY:
        return _name(network, role.value, images.third_party_tag or release.third_party_tag)
    return _name(network, role.value, images.tag or release.tag)


def chaincode_images(network: Network) -> ChaincodeImages:
    """The images that peers build and run chaincode with.

    Peers are always told all of them: the default builder of 1.2.0 to 1.4.7 is `fabric-ccenv:latest`, which is
    no longer published, other defaults ignore registry and tag, and what a peer uses must be what was fetched.
    Raises UnknownRelease.
    """
    release = _release(network)
    images = network.session.images
    tag = images.tag or release.tag
    runtimes: dict[Language, str] = {"golang": _name(network, "baseos", _base_tag(release))}
    if release.number >= (1, 1, 0):
        runtimes["node"] = _name(network, "baseimage", _base_tag(release))
    runtimes["java"] = _name(network, "javaenv", images.tag or _javaenv_tag(release))
    if given := images.overrides.get("runtime"):
        runtimes = dict.fromkeys(runtimes, given)
    return ChaincodeImages(images.overrides.get("builder") or _name(network, "ccenv", tag), runtimes)


def images_of_host(network: Network, host: str) -> list[str]:
    """The images that a host must have, in the order in which they are needed, each once.

    With peers whose channels run chaincode, what builds and runs it is among them: a peer would otherwise pull it
    while the first instantiation waits. Raises UnknownRelease.
    """
    nodes = network.on(host)
    wanted = [image(network, node.role) for node in nodes]
    chaincode = chaincode_images(network)
    for language in _languages(network, nodes):
        if language != "java":  # built in its runtime image
            wanted.append(chaincode.builder)
        if language in chaincode.runtimes:
            wanted.append(chaincode.runtimes[language])
    return list(dict.fromkeys(wanted))


def _languages(network: Network, nodes: tuple[Node, ...]) -> list[Language]:
    """The languages of the chaincodes that run on these nodes."""
    organizations = {node.organization for node in nodes if node.role is Role.PEER}
    return [
        chaincode.spec.language
        for chaincode in network.chaincodes.values()
        if any(member.name in organizations for channel in chaincode.channels for member in channel.organizations)
    ]


def _release(network: Network) -> Release:
    if network.release is None:
        raise UnknownRelease(network.session.fabric)
    return network.release


def _name(network: Network, image: str, tag: str) -> str:
    images = network.session.images
    prefix = f"{images.registry.rstrip('/')}/" if images.registry else ""
    return f"{prefix}{images.namespace}/fabric-{image}:{tag}"


def _base_tag(release: Release) -> str:
    """Tag of fabric-baseos and fabric-baseimage: `.baseimage-release` (1.0), BASEIMAGE_RELEASE in the Makefile.

    From 1.1 on it is that of the third-party images, which are made along with them.
    """
    if release.number >= (1, 1, 0):
        return release.third_party_tag
    return "x86_64-0.3.1" if release.number < (1, 0, 2) else "x86_64-0.3.2"


def _javaenv_tag(release: Release) -> str:
    if release.number < (1, 2, 0):
        return release.tag
    if release.number < (1, 3, 0):
        return "x86_64-1.1.0"  # 1.2 still names that of 1.1
    return release.tag if release.number < (1, 4, 6) else "1.4"
