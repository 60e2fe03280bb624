"""The reference of all settings, made from the model: for the README and for the wizard's help."""

from __future__ import annotations

from typing import NamedTuple

from fabwiz.session import render
from fabwiz.session.data import value_to_data
from fabwiz.session.shape import Shape, walk


class Setting(NamedTuple):
    """One row. `path` is a pattern, such as `hosts.<name>.ssh.user`."""

    path: str
    type: str
    default: str
    """As one would write it; `required`, or empty where nothing is said by default."""
    description: str


def settings_reference() -> list[Setting]:
    """Every setting of format 1, in the order of the model."""
    return [
        Setting(pattern, _type(shape), _default(shape), shape.field.description or "")
        for pattern, shape in walk()
        if shape.field is not None
    ]


def settings_table() -> str:
    """The reference as a Markdown table."""
    rows = ["| setting | type | default | meaning |", "|---|---|---|---|"]
    for setting in settings_reference():
        default = setting.default if setting.default in ("", "required") else f"`{_cell(setting.default)}`"
        rows.append(f"| `{setting.path}` | {_cell(setting.type)} | {default} | {_cell(setting.description)} |")
    return "\n".join(rows) + "\n"


def _type(shape: Shape) -> str:
    words = {
        "part": "settings",
        "text": "text",
        "number": "number",
        "truth": "true or false",
        "choice": " or ".join(f"`{choice}`" for choice in shape.choices),
        "duration": "duration",
        "size": "size",
    }
    if shape.kind == "names" and shape.item:
        return f"names, each with {_type(shape.item)}"
    if shape.kind == "list" and shape.item:
        return f"list of {_type(shape.item)}"
    if shape.short:
        return f"settings, or its {shape.short}"
    return words[shape.kind]


def _default(shape: Shape) -> str:
    if shape.field is None or shape.field.is_required():
        return "required"
    default = shape.field.get_default(call_default_factory=True)
    data = value_to_data(default, shape)
    return "" if data in (None, {}, []) else render.flow(data)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
