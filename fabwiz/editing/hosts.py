"""Hosts as a table that is edited cell by cell: what a cell says, and the edits that a new text of it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fabwiz.editing.placing import mapping
from fabwiz.editing.values import text_of, value_of
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.shape import Shape, shape_at


@dataclass(frozen=True, slots=True)
class HostSetting:
    """A column: `path` leads to it from its host. `default` is what holds where neither host nor `ssh` say anything."""

    key: str
    title: str
    path: tuple[str, ...]
    default: str = ""

    @property
    def shape(self) -> Shape:
        """What may stand there."""
        shape = shape_at(("hosts", "name", *self.path))
        assert shape
        return shape

    @property
    def about(self) -> str:
        """What it is, for people."""
        return (self.shape.field.description if self.shape.field else None) or self.title

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be written there, if that is a short list."""
        return ("true", "false") if self.shape.kind == "truth" else tuple(map(str, self.shape.choices))


SETTINGS: tuple[HostSetting, ...] = (
    HostSetting("address", "Address", ("address",)),
    HostSetting("user", "User", ("ssh", "user")),
    HostSetting("port", "Port", ("ssh", "port"), "22"),
    HostSetting("key", "Key", ("ssh", "key")),
    HostSetting("jump", "Jump", ("ssh", "jump")),
    HostSetting("sudo", "Sudo", ("ssh", "sudo"), "auto"),
    HostSetting("password", "Password", ("ssh", "password")),
    HostSetting("transport", "Reach", ("transport",), "ssh"),
    HostSetting("folder", "Folder", ("remote_dir",)),
    HostSetting("agent", "Agent", ("ssh", "agent"), "true"),
    HostSetting("timeout", "Wait", ("ssh", "connect_timeout"), "15s"),
)
"""In the order of the columns."""
BY_KEY: Mapping[str, HostSetting] = {setting.key: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Said:
    """What holds in a cell; `own`: the host says it itself."""

    text: str
    own: bool


def said(data: Any, host: str, setting: HostSetting) -> Said:
    """What holds for a host: its own word, else that for all hosts, else the default."""
    entry = mapping(data, "hosts").get(host)
    own: Any = entry
    if isinstance(entry, Mapping):
        for part in setting.path:
            own = own.get(part) if isinstance(own, Mapping) else None
    elif setting.path != ("address",):
        own = None
    if own is not None:
        return Said(text_of(own, setting.shape), True)
    # a setting of `ssh`, and remote_dir, may be said for all hosts at the same path
    usual: Any = data if len(setting.path) > 1 or setting.key == "folder" else None
    for part in setting.path:
        usual = usual.get(part) if isinstance(usual, Mapping) else None
    return Said(text_of(usual, setting.shape) if usual is not None else setting.default, False)


def say(data: Any, host: str, setting: HostSetting, text: str) -> list[Edit]:
    """Edits that make a host say a text there; an empty one takes its own word away.

    A host of which only the address is known is written in the short form, and no empty `ssh` is left.
    """
    base: SessionPath = ("hosts", host)
    entry = mapping(data, "hosts").get(host)
    value = value_of(text, setting.shape)
    if setting.key == "transport" and value == setting.default:
        value = None
    if not isinstance(entry, Mapping):
        if setting.path == ("address",):
            return [Edit(base, {} if value is None else value)]
        return [] if value is None else [Edit((*base, *setting.path), value)]
    ssh = mapping(entry, "ssh")
    left = {key: one for key, one in entry.items() if (key,) != setting.path}
    if value is None and setting.path[0] == "ssh" and set(ssh) <= {setting.path[-1]}:
        left.pop("ssh", None)
        if set(left) != {"address"}:
            return [Edit((*base, "ssh"))]
    if value is None and set(left) == {"address"} and isinstance(left["address"], str):
        return [Edit(base, left["address"])]
    if setting.path == ("address",) and not left and value is not None:
        return [Edit(base, value)]
    return [Edit((*base, *setting.path), value)]


def add(name: str) -> list[Edit]:
    """A host of which only the name is known."""
    return [Edit(("hosts", name), {})]


def remove(data: Any, host: str) -> list[Edit]:
    """A host, and where others go through it. What is placed on it stays: findings say where it may go."""
    edits = [Edit(("hosts", host))]
    for name, entry in mapping(data, "hosts").items():
        if name != host and mapping(entry, "ssh").get("jump") == host:
            edits += say(data, name, BY_KEY["jump"], "")
    if mapping(data, "ssh").get("jump") == host:
        edits.append(Edit(("ssh", "jump")))
    return edits


def place_of(path: SessionPath) -> tuple[str, str | None] | None:
    """The host and the key of the column that a path of a session leads to; `None` where it leads elsewhere."""
    if len(path) < 2 or path[0] != "hosts":
        return None
    rest = path[2:]
    found = next((one.key for one in SETTINGS if one.path == rest), None)
    return str(path[1]), found
