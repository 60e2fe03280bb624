"""Comparing a host's containers with its compose file, and with one another: who gets at what is the network's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from fabwiz.artifacts.compose import docker_network
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.deploy.audit_probe import Box, Found, capabilities, security_options
from fabwiz.deploy.audit_report import Deviation, Kind
from fabwiz.deploy.docker import NETWORK_LABEL, REVISION_LABEL
from fabwiz.images.names import chaincode_images
from fabwiz.session.network import Host, Network, Role

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Compose:
    """What a host's compose file names."""

    services: Mapping[str, Mapping[str, Any]]
    """By container."""
    volumes: Mapping[str, str]
    """Names that Docker knows, by the key in the file."""
    networks: frozenset[str]


def read_compose(text: str, name: str) -> Compose:
    """Read a compose file of a bundle. Raises ArtifactError, with the file's `name`."""
    try:
        data = yaml.safe_load(text)
        # a doubled `$` is a plain one: compose would take it for a variable
        services = {str(one["container_name"]): _plain(one) for one in data["services"].values()}
        volumes = {str(key): str(one["name"]) for key, one in data.get("volumes", {}).items()}
        return Compose(services, volumes, frozenset(str(one["name"]) for one in data["networks"].values()))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{name} is damaged; generate it again") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


def compare(
    network: Network, host: Host, compose: Compose, revisions: Mapping[str, str], found: Found
) -> list[Deviation]:
    """Everything about containers, volumes and networks that the compose file does not say."""
    if not found.docker:
        return []  # a host without nodes needs no Docker
    folders = {host.remote_dir.rstrip("/"), found.folder or host.remote_dir}
    guarded = _guarded(compose, found, folders)
    deviations: list[Deviation] = []
    for box in found.boxes:
        service = compose.services.get(box.name)
        is_ours = box.labels.get(NETWORK_LABEL) == network.name
        if service is not None and is_ours:
            for why in _differences(box, service, compose, folders):
                deviations.append(Deviation(Kind.CONFIG, box.name, why))
            if box.labels.get(REVISION_LABEL) != revisions.get(box.name):
                deviations.append(Deviation(Kind.CONFIG, box.name, "was made from another definition, or other files"))
        elif _is_chaincode(network, host, box):
            for why in _excess(box, (), ()):
                deviations.append(Deviation(Kind.CONFIG, box.name, f"runs chaincode and {why}"))
        else:
            for why in _intrusion(network, box, service is not None, is_ours, guarded, compose):
                deviations.append(Deviation(Kind.CONTAINER, box.name, why))
    seen = {box.id for box in found.boxes}
    for identity in found.ids - seen:
        deviations.append(Deviation(Kind.CONTAINER, identity[:12], "Docker lists it and does not tell what it is"))
    for volume in set(found.volumes) - set(compose.volumes.values()):
        deviations.append(Deviation(Kind.VOLUME, volume, "has the network's label, and no node here has it"))
    for name in set(found.networks) - compose.networks:
        deviations.append(Deviation(Kind.NETWORK, name, "has the network's label, and no node here is on it"))
    return sorted(deviations)


def _differences(box: Box, service: Mapping[str, Any], compose: Compose, folders: set[str]) -> Iterator[str]:
    """What one of our containers has that its service has not, and the other way round."""
    if box.image != service["image"]:
        yield f"runs the image {box.image}, not {service['image']}"
    if (command := tuple(map(str, service.get("command", ())))) and box.command != command:
        yield f"runs {' '.join(box.command) or 'nothing'}, not {' '.join(command)}"
    ports = tuple(sorted(f"{port}/tcp" for port in service.get("ports", ())))
    if box.ports != ports:
        yield f"publishes {', '.join(box.ports) or 'nothing'}, not {', '.join(ports) or 'nothing'}"
    yield from _excess(box, capabilities(service.get("cap_add")), security_options(service.get("security_opt")))
    for what in set(capabilities(service.get("cap_drop"))) - set(box.cap_drop):
        yield f"has not dropped the capability {what}"
    for option in set(security_options(service.get("security_opt"))) - set(box.security):
        yield f"runs without {option}"
    if service.get("read_only") and not box.read_only:
        yield "can write to its own file system"
    yield from _mounts(box, service, compose, folders)
    for name in box.networks:
        if name not in compose.networks:
            yield f"is on the network {name}"


def _excess(box: Box, cap_add: Sequence[str], security: Sequence[str]) -> Iterator[str]:
    """Rights that nobody gave it."""
    if box.privileged:
        yield "is privileged"
    for name in box.cap_add:
        if name not in cap_add:
            yield f"has the capability {name}"
    for option in box.security:
        # labels are what SELinux's hosts give every container
        if (option not in security and not option.startswith("label:")) or option == "label:disable":
            yield f"runs with {option}"
    for kind, mode in box.modes.items():
        if mode == "host" or mode.startswith("container:"):
            yield f"shares the {kind} namespace ({mode})"
    for device in box.devices:
        yield f"has the device {device}"


def _mounts(box: Box, service: Mapping[str, Any], compose: Compose, folders: set[str]) -> Iterator[str]:
    wanted: dict[str, tuple[set[str], bool]] = {}
    for text in service.get("volumes", ()):
        source, target, *options = text.split(":")
        if source in compose.volumes:
            sources = {compose.volumes[source]}
        elif source.startswith("/"):
            sources = {source}
        else:
            sources = {posixpath.normpath(f"{folder}/{source}") for folder in folders}
        wanted[target] = sources, "ro" not in options
    for mount in box.mounts:
        if mount.target not in wanted:
            # images declare volumes of their own, which Docker names by 64 digits
            if not _ANONYMOUS.fullmatch(mount.name):
                yield f"has {mount.name or mount.source} mounted at {mount.target}"
            continue
        sources, may_write = wanted.pop(mount.target)
        if (mount.name or mount.source) not in sources:
            yield f"has {mount.name or mount.source} mounted at {mount.target}, not {min(sources)}"
        if mount.writable and not may_write:
            yield f"may write to {mount.target}"
    for target in wanted:
        yield f"has nothing mounted at {target}"


def _is_chaincode(network: Network, host: Host, box: Box) -> bool:
    """What our peers start carries no label of ours; `fabwiz.deploy.down` knows it by the same signs."""
    if docker_network(network) not in box.networks or NETWORK_LABEL in box.labels:
        return False
    peers = [node.name for node in network.on(host.name) if node.role is Role.PEER]
    if any(box.name.startswith(f"{network.name}-{peer}-") for peer in peers):
        return not box.ports and not box.mounts
    builder = chaincode_images(network).builder if network.release else ""
    return bool(peers) and box.image == builder and not box.ports and not box.mounts


def _guarded(compose: Compose, found: Found, folders: set[str]) -> dict[str, str]:
    """Paths of the host that only our containers may have mounted, with what they are."""
    guarded = dict.fromkeys(folders, "the network's folder")
    for box in found.boxes:
        for mount in box.mounts:
            if mount.name in compose.volumes.values() and mount.source.startswith("/"):
                guarded[mount.source] = f"the volume {mount.name}"
    return guarded


def _intrusion(
    network: Network, box: Box, has_name: bool, is_ours: bool, guarded: Mapping[str, str], compose: Compose
) -> Iterator[str]:
    """Why a container that no node has is not just somebody else's."""
    if is_ours:
        yield "has the network's label, and the session has no such node here"
    elif has_name:
        yield "has a node's name, and is not of this network"
    for name in box.networks:
        if name in compose.networks or name == docker_network(network):
            yield f"is on the network {name}"
    for mount in box.mounts:
        if mount.name in compose.volumes.values():
            yield f"has the volume {mount.name} mounted"
            continue
        reached = {what for path, what in guarded.items() if _overlap(mount.source, path)}
        for what in sorted(reached):
            yield f"has {mount.source} mounted, and {what} with it"


def _overlap(mounted: str, guarded: str) -> bool:
    """Whether what is mounted lies in a guarded folder, or that folder in it."""
    if not mounted.startswith("/"):
        return False
    first, second = (f"{posixpath.normpath(path).rstrip('/')}/" for path in (mounted, guarded))
    return first.startswith(second) or second.startswith(first)
