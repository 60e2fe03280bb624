"""What a session may say at a place: read from the model, so that messages, files and references follow it."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from fabwiz.session.findings import SessionPath
from fabwiz.session.model import Part, Session, Short
from fabwiz.session.units import parse_duration, parse_size

Kind = Literal["part", "names", "list", "text", "number", "truth", "choice", "duration", "size"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A place of the session: `part` has settings, `names` maps names that the operator chooses, `list` has items."""

    kind: Kind
    optional: bool = False
    model: type[Part] | None = None
    """Of a part."""
    short: str | None = None
    """The setting of a part that plain text stands for."""
    item: Shape | None = None
    """Of names and lists."""
    choices: tuple[Any, ...] = ()
    field: FieldInfo | None = None
    """Of a setting: its description and default."""

    @property
    def settings(self) -> tuple[str, ...]:
        """Of a part, in the order of the model; elsewhere none."""
        return tuple(self.model.model_fields) if self.model else ()

    def child(self, part: str | int) -> Shape | None:
        """What may stand below; `None` if nothing may."""
        if self.kind == "part" and self.model and isinstance(part, str):
            return _fields(self.model).get(part)
        if (self.kind == "names" and isinstance(part, str)) or (self.kind == "list" and isinstance(part, int)):
            return self.item
        return None

    @property
    def wanted(self) -> str:
        """What is to be written here, for messages."""
        if self.kind == "part" and self.short:
            return f"text (its {self.short}) or a mapping of settings"
        words = {
            "part": "a mapping of settings",
            "names": "a mapping, one `name: ...` for each",
            "list": "a list, such as [a, b]",
            "text": "text",
            "number": "a whole number",
            "truth": "true or false",
            "choice": " or ".join(map(str, self.choices)),
            "duration": "a duration, such as 2s, 10m or 12h",
            "size": "a size, such as 98 MB",
        }
        return words[self.kind]


def shape_at(path: SessionPath) -> Shape | None:
    """What may stand at a path."""
    shape: Shape | None = ROOT
    for part in path:
        shape = shape.child(part) if shape else None
    return shape


def nearest(word: str, known: Iterator[str] | tuple[str, ...] | list[str]) -> str | None:
    """The known word that was most likely meant: case, hyphens and a letter or two aside."""
    plain = {one.lower().replace("-", "_"): one for one in known}
    found = difflib.get_close_matches(word[:80].lower().replace("-", "_"), list(plain), 1, 0.7)
    return plain[found[0]] if found else None


@cache
def settings_named(name: str) -> tuple[str, ...]:
    """Where in a session a setting of that name may stand: `ordering.kafka.min_insync_replicas`."""
    return tuple(pattern for pattern, _ in walk() if pattern.rpartition(".")[2] == name)


def walk(shape: Shape | None = None, prefix: str = "") -> Iterator[tuple[str, Shape]]:
    """Every setting with its path pattern, names as `<name>`, items as `[]`, in the order of the model."""
    shape = shape or ROOT
    if shape.kind == "part" and shape.model:
        for name, child in _fields(shape.model).items():
            pattern = f"{prefix}.{name}" if prefix else name
            yield pattern, child
            yield from walk(child, pattern)
    elif shape.kind == "names" and shape.item:
        yield from walk(shape.item, f"{prefix}.<name>")
    elif shape.kind == "list" and shape.item:
        yield from walk(shape.item, f"{prefix}[]")


@cache
def _fields(model: type[Part]) -> dict[str, Shape]:
    return {name: _shape(field.annotation, field.metadata, field) for name, field in model.model_fields.items()}


def _shape(annotation: Any, metadata: list[Any], field: FieldInfo | None = None) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(arguments[0], [*metadata, *arguments[1:]], field)
    if origin in (Union, types.UnionType):
        inner = _shape(next(one for one in arguments if one is not type(None)), metadata, field)
        return Shape(inner.kind, True, inner.model, inner.short, inner.item, inner.choices, field)
    for one in metadata:
        if isinstance(one, BeforeValidator) and one.func in (parse_duration, parse_size):
            return Shape("duration" if one.func is parse_duration else "size", field=field)
    if origin is dict:
        return Shape("names", item=_shape(arguments[1], []), field=field)
    if origin is list:
        return Shape("list", item=_shape(arguments[0], []), field=field)
    if origin is Literal:
        return Shape("choice", choices=arguments, field=field)
    if isinstance(annotation, type) and issubclass(annotation, Part):
        short = next((one.key for one in metadata if isinstance(one, Short)), None)
        return Shape("part", model=annotation, short=short, field=field)
    kinds: dict[Any, Kind] = {str: "text", int: "number", bool: "truth"}
    return Shape(kinds[annotation], field=field)


ROOT = Shape("part", model=Session)
"""The whole session."""
