"""Edits on plain data: what an edit means, whatever the text looks like."""

from __future__ import annotations

from typing import Any

from fabwiz.session.findings import Edit, SessionPath, dotted
from fabwiz.session.scalars import shown
from fabwiz.session.shape import ROOT, Shape


class EditError(ValueError):
    """An edit that does not fit the session: its path leads below a single value, say."""


def edited(data: Any, edit: Edit) -> Any:
    """The data after an edit; what is not on its path is shared with the old data. Raises EditError.

    Mappings that are missing on the way are made, and a short form becomes the long one when the edit goes below
    it. Item `len(list)` appends. Removing what is not there changes nothing.
    """
    return _at(data, edit.path, (), edit, ROOT)


def same(one: Any, other: Any, shape: Shape | None) -> bool:
    """Equal, types included; the order of keys counts where operators choose names: positions give ids and ports."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return False
        if (shape is None or shape.kind == "names") and list(one) != list(other):
            return False
        return all(same(value, other[key], shape.child(key) if shape else None) for key, value in one.items())
    if isinstance(one, list):
        item = shape.item if shape else None
        return len(one) == len(other) and all(same(a, b, item) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _at(data: Any, path: SessionPath, above: SessionPath, edit: Edit, shape: Shape | None) -> Any:
    if not path:
        if edit.key is not None:
            raise EditError("the whole session has no key to rename")
        return {} if edit.value is None else edit.value
    part, rest = path[0], path[1:]
    if isinstance(data, str) and shape is not None and shape.short and isinstance(part, str):
        long = _in_mapping({shape.short: data}, part, rest, (*above, part), edit, shape.child(part))
        return long[shape.short] if list(long) == [shape.short] and isinstance(long[shape.short], str) else long
    if data is None:
        data = {} if isinstance(part, str) else []
    child = shape.child(part) if shape else None
    if isinstance(data, dict) and isinstance(part, str):
        return _in_mapping(data, part, rest, (*above, part), edit, child)
    if isinstance(data, list) and isinstance(part, int) and 0 <= part <= len(data):
        return _in_list(data, part, rest, (*above, part), edit, child)
    where = shown(dotted(above), 120) or "the session"
    raise EditError(f"{shown(dotted(edit.path), 120)} cannot be set: {where} holds no such place")


def _in_mapping(
    data: dict[str, Any], part: str, rest: SessionPath, here: SessionPath, edit: Edit, child: Shape | None
) -> Any:
    if rest:
        if part not in data and edit.value is None:
            return data
        return {**data, part: _at(data.get(part), rest, here, edit, child)}
    if edit.key is not None:
        if part not in data:
            raise EditError(f"{shown(dotted(here), 120)} cannot be renamed: it is not there")
        if edit.key != part and edit.key in data:
            raise EditError(f"{shown(dotted(here), 120)} cannot be renamed: {shown(edit.key)} is there already")
        return {edit.key if key == part else key: value for key, value in data.items()}
    if edit.value is None:
        return {key: value for key, value in data.items() if key != part}
    return {**data, part: edit.value}


def _in_list(data: list[Any], part: int, rest: SessionPath, here: SessionPath, edit: Edit, child: Shape | None) -> Any:
    if edit.key is not None and not rest:
        raise EditError(f"{shown(dotted(here), 120)} is a list item and has no key to rename")
    if edit.value is None and edit.key is None and part == len(data):
        return data
    if rest:
        return [*data[:part], _at(data[part] if part < len(data) else None, rest, here, edit, child), *data[part + 1 :]]
    return [*data[:part], *([] if edit.value is None else [edit.value]), *data[part + 1 :]]
