"""A session -> the plain data of its file: short forms, defaults left out, keys in the order of the model."""

from __future__ import annotations

from typing import Any

from fabwiz.session import render
from fabwiz.session.model import Part, Session
from fabwiz.session.shape import ROOT, Shape
from fabwiz.session.units import format_duration, format_size


def to_data(part: Part, shape: Shape = ROOT) -> Any:
    """A part as it stands in a file; a part with a short form as plain text where that says all."""
    data = {}
    for name in shape.settings:
        value, child = getattr(part, name), shape.child(name)
        if (
            child is not None
            and child.field is not None
            and (child.field.is_required() or not _is_default(value, child))
        ):
            data[name] = value_to_data(value, child)
    if shape.short and list(data) == [shape.short] and isinstance(data[shape.short], str):
        return data[shape.short]
    return data


def value_to_data(value: Any, shape: Shape) -> Any:
    """The value of one setting as it stands in a file: sizes and durations with their units."""
    if value is None:
        return None
    if shape.kind == "part":
        return to_data(value, shape)
    if shape.item and shape.kind == "names":
        return {name: value_to_data(one, shape.item) for name, one in value.items()}
    if shape.item and shape.kind == "list":
        return [value_to_data(one, shape.item) for one in value]
    if shape.kind == "duration":
        return format_duration(value)
    if shape.kind == "size":
        return format_size(value)
    return value


def dump(session: Session) -> str:
    """A fresh session file. Reading it gives an equal session, and dumping that the same text."""
    return render.text(to_data(session))


def _is_default(value: Any, shape: Shape) -> bool:
    default = shape.field.get_default(call_default_factory=True) if shape.field else None
    return bool(value == default and type(value) is type(default))
