"""All settings that hold for the whole session, grouped, to look through and to search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabwiz.editing.values import text_of
from fabwiz.images.names import OVERRIDABLE
from fabwiz.rules.concerns import rules_about
from fabwiz.session.findings import SessionPath
from fabwiz.session.reference import settings_reference
from fabwiz.session.shape import Shape, shape_at

_GROUPS = {
    "ssh": "SSH",
    "orderer_organization": "Orderers' organization",
    "ordering.kafka.retry": "Kafka: retries of the orderers",
    "ordering.kafka": "Kafka",
    "ordering": "Blocks",
    "certificates": "Certificates",
    "keys": "Keys of CAs and admins",
    "images": "Images",
    "logging": "Logging",
    "timeouts": "Time limits",
}
_ELSEWHERE = {"fabwiz"}
"""Settings that nobody chooses."""
_OVERRIDES = "images.overrides"


@dataclass(frozen=True, slots=True)
class Listed:
    """One setting. `default` is empty where nothing is said by default."""

    path: SessionPath
    group: str
    description: str
    default: str
    shape: Shape

    @property
    def name(self) -> str:
        """As it stands in the file: `ordering.kafka.tls`."""
        return ".".join(map(str, self.path))

    @property
    def unit(self) -> str:
        """What is to be written: `a duration, such as 2s, 10m or 12h`."""
        return self.shape.wanted

    @property
    def rules(self) -> str:
        """Ids and titles of the rules that it is subject to, a line each."""
        return "\n".join(f"{rule.id}: {rule.title}" for rule in rules_about(self.name))

    def matches(self, words: str) -> bool:
        """Whether every word of a search stands in its name, group, description or rules."""
        about = f"{self.name} {self.group} {self.description} {self.rules}".lower()
        return all(word in about for word in words.lower().split())

    def value(self, data: Any) -> str:
        """What the session's data says here; empty where the default holds."""
        for part in self.path:
            data = data.get(part) if isinstance(data, dict) else None
        return text_of(data, self.shape)


def settings_list() -> tuple[Listed, ...]:
    """In the order of the model, names that operators choose left out: those stand in steps of their own."""
    found = []
    for setting in settings_reference():
        if setting.path == _OVERRIDES:
            found += [_override(role) for role in OVERRIDABLE]
        if "<" in setting.path or "[" in setting.path or setting.path in _ELSEWHERE:
            continue
        path = tuple(setting.path.split("."))
        shape = shape_at(path)
        if shape and shape.kind not in ("part", "names"):
            default = setting.default if setting.default != "required" else ""
            found.append(Listed(path, _group(setting.path), setting.description, default, shape))
    return tuple(found)


def _override(role: str) -> Listed:
    path = (*_OVERRIDES.split("."), role)
    shape = shape_at(path)
    assert shape
    return Listed(
        path, _group(_OVERRIDES), f"whole name of the {role} image, in place of all that is said above", "", shape
    )


def _group(path: str) -> str:
    return next((title for start, title in _GROUPS.items() if path.startswith(f"{start}.")), "Network")
