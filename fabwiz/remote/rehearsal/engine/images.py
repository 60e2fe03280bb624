"""Images: which there are (facts: fabric-releases), which a rehearsal host has pulled or loaded."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabwiz.remote.rehearsal.config import HostConfig
from fabwiz.remote.rehearsal.engine.errors import DockerError
from fabwiz.remote.rehearsal.engine.loading import load
from fabwiz.session.releases import RELEASES, Release

_FABRIC = ("orderer", "peer", "tools", "ccenv", "javaenv", "ca")
_THIRD_PARTY = ("kafka", "zookeeper", "couchdb", "baseos", "baseimage")
_LAYERS = 3
# fabric-baseos goes by the tag of its own repository; the peer uses it to run Go chaincode
_BASE_TAGS = (
    "x86_64-0.3.0",
    "x86_64-0.3.1",
    "x86_64-0.3.2",
    "x86_64-0.4.6",
    "amd64-0.4.6",
    "amd64-0.4.10",
    "amd64-0.4.13",
    "amd64-0.4.14",
    "amd64-0.4.15",
    "amd64-0.4.18",
    "amd64-0.4.20",
    "amd64-0.4.21",
    "amd64-0.4.22",
)
# floating tags, moved to the last patch when 1.4 was retired
_FLOATING = {"1.4": "1.4.12"}


@dataclass(frozen=True, slots=True)
class Image:
    """One image."""

    name: str
    """As it was asked for, with its tag: `hyperledger/fabric-peer:1.4.0`."""
    kind: str
    """What runs in it: `zookeeper`, `kafka`, `orderer`, `peer`, `couchdb`, `tools`, `ccenv`, ..."""
    release: str
    """Fabric release inside, such as `1.4.0`."""
    loaded: str = ""
    """Its id, if it came from an archive."""
    architecture: str = "amd64"
    created: str = "2021-01-01T00:00:00Z"
    loaded_layers: tuple[str, ...] = ()
    loaded_names: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`sha256:...`; of published images the same for the same name everywhere."""
        return self.loaded or "sha256:" + hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, with tags."""
        return self.loaded_names if self.loaded else (self.name,)

    @property
    def layers(self) -> tuple[str, ...]:
        """Checksums of its layers, the lowest first."""
        return self.loaded_layers or tuple(f"sha256:{_layer(self.name, number)}" for number in range(_LAYERS))


def _layer(name: str, number: int) -> str:
    return hashlib.sha256(f"{name} {number}".encode()).hexdigest()


def split(reference: str) -> tuple[str | None, str, str]:
    """Split `registry/namespace/name:tag` into registry (or None), repository and tag (`latest` if unsaid).

    A first part with a dot or a colon, or `localhost`, is a registry: the rule of docker's reference grammar.
    Raises DockerError for what is no reference.
    """
    rest = reference.partition("@")[0]
    registry = None
    first, slash, others = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, rest = first, others
    repository, _, tag = rest.partition(":")
    if not repository or repository != repository.lower() or " " in reference:
        raise DockerError("invalid reference format")
    return registry, repository, tag or "latest"


class Images:
    """The images of one host. `state` is plain data, kept by the engine.

    `pulled` lists names; `loaded` has, by id, names and what `docker image inspect` tells of the image.
    """

    def __init__(
        self, config: HostConfig, state: dict[str, Any], save: Callable[[], None], wait: Callable[[float], None]
    ) -> None:
        self._config = config
        self.state = state
        self._pulled: list[str] = state.setdefault("pulled", [])
        self._loaded: dict[str, dict[str, Any]] = state.setdefault("loaded", {})
        self._save = save
        self._wait = wait
        self._lock = threading.Lock()

    def present(self, reference: str) -> Image | None:
        """The image if the host has it, by name, id or the beginning of its id."""
        identity = reference.removeprefix("sha256:")
        if len(identity) >= 4 and not identity.strip("0123456789abcdef"):
            found = {image.id: image for image in self.all() if image.id.startswith(f"sha256:{identity}")}
            return next(iter(found.values())) if len(found) == 1 else None
        name = self._full(reference)
        for image in self._all_loaded():
            if image.name == name:
                return image
        return self._known(reference) if name in self._pulled else None

    def all(self) -> list[Image]:
        """What the host has; an image once a name."""
        pulled = [image for name in list(self._pulled) if (image := self._known(name))]
        return [*pulled, *self._all_loaded()]

    def _all_loaded(self) -> Iterator[Image]:
        for identity, data in list(self._loaded.items()):
            for name in data["names"] or ["<none>:<none>"]:
                known = self._known(name) if data["names"] else None
                kind, release = (known.kind, known.release) if known else ("", self._config.release)
                layers, names = tuple(data["layers"]), tuple(data["names"])
                yield Image(name, kind, release, identity, data["architecture"], data["created"], layers, names)

    def load(self, path: Path, show: Callable[[str], None]) -> None:
        """Take the images of an archive. Raises DockerError."""
        for image in load(path, self._has_chain):
            with self._lock:
                data = {"names": [], "layers": image.layers, "architecture": image.architecture}
                self._loaded.setdefault(image.id, {**data, "created": image.created})
            for name in image.names:
                old = self.present(name)
                if old and old.id != image.id:
                    show(f"The image {name} already exists, renaming the old one with ID {old.id} to empty string")
                self.tag(image.id, name)
                show(f"Loaded image: {name}")
            if not image.names:
                show(f"Loaded image ID: {image.id}")
        self._save()

    def _has_chain(self, layers: Collection[str]) -> bool:
        return any(tuple(layers) == image.layers[: len(layers)] for image in self.all())

    def tag(self, reference: str, name: str) -> None:
        """Give an image a name, and take it from another one. Raises DockerError."""
        image = self.present(reference)
        if image is None:
            raise DockerError(f"No such image: {reference}")
        full = self._full(name)
        with self._lock:
            self._untag(full)
            data = {"names": [], "layers": image.layers, "architecture": image.architecture, "created": image.created}
            self._loaded.setdefault(image.id, data)["names"].append(full)
        self._save()

    def _untag(self, full: str) -> None:
        if full in self._pulled:
            self._pulled.remove(full)
        for data in self._loaded.values():
            if full in data["names"]:
                data["names"].remove(full)

    def pull(self, reference: str, show: Callable[[str], None]) -> Image:
        """Pull, telling the progress line by line. Raises DockerError for what no registry has."""
        registry, repository, tag = split(reference)
        image = self._known(reference)
        if image is None:
            if repository.partition("/")[0] == self._config.namespace and registry == self._config.registry:
                raise DockerError(
                    f"manifest for {reference.partition(':')[0] if not registry else f'{registry}/{repository}'}:{tag} "
                    "not found: manifest unknown: manifest unknown"
                )
            raise DockerError(
                f"pull access denied for {repository}, repository does not exist or may require 'docker login': "
                "denied: requested access to the resource is denied"
            )
        show(f"{tag}: Pulling from {repository}")
        if image.name in self._pulled:
            show(f"Digest: {image.id}")
            show(f"Status: Image is up to date for {image.name}")
            return image
        for layer in range(_LAYERS):
            digest = _layer(image.name, layer)[:12]
            self._wait(0.01)
            show(f"{digest}: Pull complete")
        with self._lock:
            self._untag(image.name)
            self._pulled.append(image.name)
        self._save()
        show(f"Digest: {image.id}")
        show(f"Status: Downloaded newer image for {image.name} (rehearsal: nothing was fetched)")
        return image

    def remove(self, reference: str) -> None:
        """Forget a name, and the image with its last one. Raises DockerError when the host has it not."""
        image = self.present(reference)
        if image is None:
            raise DockerError(f"No such image: {reference}")
        with self._lock:
            self._untag(image.name)
            if not self._loaded.get(image.id, {}).get("names"):
                self._loaded.pop(image.id, None)
        self._save()

    @staticmethod
    def _full(reference: str) -> str:
        registry, repository, tag = split(reference)
        return f"{registry}/{repository}:{tag}" if registry else f"{repository}:{tag}"

    def _known(self, reference: str) -> Image | None:
        """The image if it exists anywhere."""
        name = self._full(reference)
        for whole, role in self._config.images:
            if name == self._full(whole):
                return Image(name, role, self._config.release)
        registry, repository, tag = split(reference)
        namespace, _, short = repository.rpartition("/")
        if registry == self._config.registry and namespace == self._config.namespace:
            kind = short.removeprefix("fabric-")
            if short != kind and (release := self._release(kind, tag)):
                return Image(name, kind, release.version)
        return None

    def _release(self, kind: str, tag: str) -> Release | None:
        own = RELEASES[self._config.release]
        if kind in _FABRIC:
            if tag in self._config.extra_tags:
                return own
            tag = _FLOATING.get(tag, tag)
            if kind == "javaenv" and tag < "1.3" and not tag.startswith("x86"):
                return None
            return next((r for r in RELEASES.values() if r.tag == tag), None)
        if kind in _THIRD_PARTY:
            if tag in self._config.third_party_tags or tag == own.third_party_tag:
                return own
            if kind in ("baseos", "baseimage") and tag in _BASE_TAGS:
                return own
            return next((r for r in RELEASES.values() if r.third_party_tag == tag), None)
        return None
