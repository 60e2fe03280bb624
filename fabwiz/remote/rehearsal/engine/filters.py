"""`--filter KEY=VALUE` of `docker ps`, `events`, `images`, `volume ls` and `network ls`, as Docker 18.09 takes it.

Values of one key are alternatives, but every `label` must be there; keys must all hold. Names and ids match as regular
expressions, unanchored. Keys that Docker knows and this engine does not are refused as Docker refuses those that it
does not know: none is passed over. Sources: moby, `daemon/list.go`, `daemon/images/images.go`, `api/types/filters`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fabwiz.remote.rehearsal.engine.container import Container
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.errors import DockerError, UsageError
from fabwiz.remote.rehearsal.engine.options import Options

_STATES = ("paused", "restarting", "removing", "running", "dead", "created", "exited")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a command line asks for, by key."""

    values: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, options: Options, accepted: Collection[str], command: str) -> Filters:
        """Read them. Raises UsageError for one without `=`, DockerError for a key that is not accepted."""
        values: dict[str, list[str]] = {}
        for given in options.values.get("filter", ()):
            key, equals, value = given.partition("=")
            if not equals:
                raise UsageError(
                    f'invalid argument "{given}" for "-f, --filter" flag: bad format of filter (expected name=value)\n'
                    f"See 'docker {command} --help'."
                )
            values.setdefault(key.strip().lower(), []).append(value.strip())
        for key in values:
            if key not in accepted:
                raise DockerError(f"Invalid filter '{key}'")
        return cls(values)

    def has(self, key: str) -> bool:
        """Whether anything is asked of it."""
        return key in self.values

    def labels(self, labels: Mapping[str, str]) -> bool:
        """Whether all that is asked of labels holds: `key`, or `key=value`."""
        for wanted in self.values.get("label", ()):
            key, equals, value = wanted.partition("=")
            if key not in labels or (equals and labels[key] != value):
                return False
        return True

    def matches(self, key: str, *texts: str) -> bool:
        """Whether one of the expressions of a key is found in one of the texts, or is one of them; or none is asked."""
        wanted = self.values.get(key)
        return wanted is None or any(one == text or _found(one, text) for one in wanted for text in texts)

    def equals(self, key: str, *texts: str) -> bool:
        """Whether a value of the key is one of the texts, or none is asked."""
        wanted = self.values.get(key)
        return wanted is None or any(one in texts for one in wanted)

    def truth(self, key: str) -> bool | None:
        """What a key with `true` or `false` asks for; None if nothing. Raises DockerError for another value."""
        wanted = self.values.get(key)
        if wanted is None:
            return None
        if wanted[-1] not in ("true", "1", "false", "0"):
            raise DockerError(f"Invalid filter '{key}=[{' '.join(wanted)}]'")
        return wanted[-1] in ("true", "1")


CONTAINERS = ("ancestor", "exited", "id", "label", "name", "network", "status", "volume")
IMAGES = ("dangling", "label", "reference")
VOLUMES = ("dangling", "driver", "label", "name")
EVENTS = ("container", "event", "label", "type")
NETWORKS = ("driver", "id", "label", "name", "scope")


def containers(engine: Engine, filters: Filters, everything: bool) -> list[Container]:
    """What `docker ps` lists; `everything` as with `-a`. Raises DockerError for a status or code that cannot be."""
    for status in filters.values.get("status", ()):
        if status not in _STATES:
            raise DockerError(f"Unrecognised filter value for status: {status}")
    codes = [_code(code) for code in filters.values.get("exited", ())]
    ancestors = {image.id for one in filters.values.get("ancestor", ()) if (image := engine.images.present(one))}
    found = []
    for box in engine.labelled(filters.labels):
        record, spec = box.record, box.record.spec
        image = engine.images.present(spec.image)
        wanted = (
            (everything or filters.has("status") or record.status in ("running", "restarting"))
            and filters.matches("name", spec.name, f"/{spec.name}")
            and filters.matches("id", record.id)
            and filters.equals("status", record.status)
            and (not codes or (record.status == "exited" and record.exit_code in codes))
            and (not filters.has("ancestor") or (image is not None and image.id in ancestors))
            and (not filters.has("network") or _on_network(engine, box, filters.values["network"]))
            and filters.equals("volume", *(text for mount in spec.mounts for text in (mount.source, mount.target)))
        )
        if wanted:
            found.append(box)
    return found


def _on_network(engine: Engine, box: Container, wanted: Sequence[str]) -> bool:
    """By the network's whole name, or the beginning of its id."""
    ids = [str(engine.networks[name]["id"]) for name in box.record.spec.networks if name in engine.networks]
    return any(one in box.record.spec.networks or any(i.startswith(one) for i in ids) for one in wanted)


def _code(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DockerError(f'strconv.Atoi: parsing "{text}": invalid syntax') from None


def _found(expression: str, text: str) -> bool:
    try:
        return re.search(expression, text) is not None
    except re.error:
        return False  # as Docker has it


def is_reference(pattern: str, repository: str, tag: str) -> bool:
    """Whether an image's name is what `docker images PATTERN` asks for: `*` stops at slashes, the tag may be left out.

    Raises DockerError for a pattern that is none.
    """
    try:
        expression = re.compile(_glob(pattern))
    except re.error:
        raise DockerError("syntax error in pattern") from None
    return any(expression.fullmatch(name) for name in (repository, f"{repository}:{tag}"))


def _glob(pattern: str) -> str:
    """Go's `path.Match` as a regular expression."""
    parts = re.findall(r"\[[^\]]*\]|\\.|.", pattern, re.DOTALL)
    words = {"*": "[^/]*", "?": "[^/]"}
    return "".join(
        words.get(part) or (part if len(part) > 1 else "(" if part == "[" else re.escape(part)) for part in parts
    )
