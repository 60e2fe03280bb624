"""The JSON Schema of session files, for editors: completion, descriptions and errors while one types."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from fabwiz.session.data import value_to_data
from fabwiz.session.model import Session
from fabwiz.session.shape import ROOT, Shape

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of format 1, short forms among it; defaults stand as one would write them."""
    schema = Session.model_json_schema(schema_generator=GenerateJsonSchema, mode="validation")
    definitions = schema.get("$defs", {})
    _tidy(schema, ROOT)
    seen: set[str] = set()
    _tidy_parts(ROOT, definitions, seen)
    return {
        "$schema": _DIALECT,
        "title": "fabwiz session, format 1",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _tidy_parts(shape: Shape, definitions: dict[str, Any], seen: set[str]) -> None:
    """Every part is one definition, whatever the places where it may stand."""
    for name in shape.settings:
        below = shape.child(name)
        while below is not None and below.item is not None:
            below = below.item
        if below is not None and below.model is not None and below.model.__name__ not in seen:
            seen.add(below.model.__name__)
            _tidy(definitions[below.model.__name__], below)
            _tidy_parts(below, definitions, seen)


def _tidy(schema: dict[str, Any], part: Shape) -> None:
    """Take out titles made from keys, and write defaults as a file would: `98 MB`, not 102760448."""
    for name, setting in schema.get("properties", {}).items():
        setting.pop("title", None)
        setting.pop("default", None)
        child = part.child(name)
        if child is None or child.field is None or child.field.is_required() or child.kind == "part":
            continue
        default = value_to_data(child.field.get_default(call_default_factory=True), child)
        if default not in (None, {}, []):
            setting["default"] = default
