"""A changed session -> what its file is to say, as near as possible to how the file says it now."""

from __future__ import annotations

from typing import Any

from fabwiz.session.data import to_data, value_to_data
from fabwiz.session.edits import same
from fabwiz.session.model import Session
from fabwiz.session.shape import ROOT, Shape


def merged(data: Any, old: Session, new: Session) -> Any:
    """The data of a file that says `old`, changed to say `new`.

    What is equal in both stays as it is written: defaults that are spelled out, long forms, `100 mb` for `100 MB`.
    """
    return _merged(data, old, new, ROOT)


def _merged(data: Any, old: Any, new: Any, shape: Shape) -> Any:
    wanted = value_to_data(new, shape)
    if same(value_to_data(old, shape), wanted, shape):
        return data
    if shape.kind == "names" and shape.item and isinstance(data, dict) and new is not None:
        return {
            name: _merged(data[name], old[name], one, shape.item) if name in data else wanted[name]
            for name, one in new.items()
        }
    if shape.kind != "part":
        return wanted
    if not isinstance(data, dict):
        if not isinstance(data, str) or not shape.short or isinstance(wanted, str):
            return wanted
        data = {shape.short: data}
    said = to_data(new, shape)
    if isinstance(said, str):
        said = {shape.short: said}
    result = dict(data)
    for name in shape.settings:
        child, before, after = shape.child(name), getattr(old, name), getattr(new, name)
        if child is None or same(value_to_data(before, child), value_to_data(after, child), child):
            continue
        if data.get(name) is not None and (name in said or child.kind not in ("part", "names")) and after is not None:
            result[name] = _merged(data[name], before, after, child)
        elif name in said:
            result[name] = said[name]
        else:
            result.pop(name, None)
    return result
