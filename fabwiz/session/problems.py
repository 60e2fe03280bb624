"""What pydantic found wrong with a session -> findings that name key, value and way out."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fabwiz.session.findings import Edit, Finding, Fix, SessionPath, Severity, dotted
from fabwiz.session.scalars import Odd, shown, write
from fabwiz.session.shape import Shape, nearest, settings_named, shape_at

MOST = 100
"""Findings of one kind of check that are told; the rest is counted."""


def problems(error: ValidationError, data: Any) -> Iterator[Finding]:
    """Findings without positions, in the order of the session's settings: `MOST`, and one that counts the rest."""
    details = error.errors(include_url=False)
    findings = [_finding(detail, data) for detail in details[:MOST]]
    renamed = {
        (*edit.path[:-1], edit.key) for finding in findings if finding.fix for edit in finding.fix.edits if edit.key
    }
    # a key that is there under a wrong name is not missing too
    yield from (finding for finding in findings if finding.rule != "missing-key" or finding.path not in renamed)
    if len(details) > MOST:
        message = f"{len(details) - MOST} more like these are not shown; mend the ones above first"
        yield Finding("wrong-type", Severity.ERROR, (), message)


def _finding(detail: ErrorDetails, data: Any) -> Finding:
    path = tuple(detail["loc"])
    parent, shape, value = shape_at(path[:-1]), shape_at(path), detail["input"]
    kind = detail["type"]
    if path == ("fabwiz",):
        return _version(kind, value)
    if kind == "missing":
        return _missing(path, shape)
    if kind == "extra_forbidden":
        return _unknown(path, parent, data)
    if shape is None:
        return Finding("wrong-type", Severity.ERROR, path, f"{_name(path)}: {shown(detail['msg'], 200)}")
    if kind.endswith("_type") or shape.kind in ("part", "names", "list"):
        return _wrong_type(path, shape, value)
    return _wrong_value(path, shape, value, detail)


def _version(kind: str, value: Any) -> Finding:
    if kind == "missing":
        message = "fabwiz: 1 is missing; it says which format of session file this is"
        return Finding("session-version", Severity.ERROR, (), message, Fix("add fabwiz: 1", (Edit(("fabwiz",), 1),)))
    message = f"fabwiz: {shown(value)} is a format that this program does not read; it reads fabwiz: 1"
    fix = None
    if value is None or (isinstance(value, int | str | Odd) and str(value) in ("1", "1.0", "01", "True")):
        fix = Fix("write fabwiz: 1", (Edit(("fabwiz",), 1),))
        message = f"fabwiz is {_described(value)}; write the plain number, fabwiz: 1"
    else:
        message += " (was the file made by a later version?)"
    return Finding("session-version", Severity.ERROR, ("fabwiz",), message, fix)


def _missing(path: SessionPath, shape: Shape | None) -> Finding:
    what = shape.field.description if shape and shape.field else ""
    where = f"{_name(path[:-1])} lacks" if len(path) > 1 else "the session lacks"
    form = f"write `{path[-1]}:` followed by {shape.wanted}" if shape else "add it"
    return Finding("missing-key", Severity.ERROR, path, f"{where} the key {path[-1]} ({what}); {form}")


def _unknown(path: SessionPath, parent: Shape | None, data: Any) -> Finding:
    key, settings = str(path[-1]), parent.settings if parent else ()
    message = f"{shown(key)} is no setting of {_name(path[:-1])}"
    meant = nearest(key, settings)
    if meant:
        message += f"; did you mean {meant}?"
        if meant not in _at(data, path[:-1]):
            return Finding("unknown-key", Severity.ERROR, path, message, _rename(path, meant))
        message += f" {meant} is there already: remove one of them"
    elif elsewhere := settings_named(key):
        message += f"; it belongs to {' or '.join(elsewhere[:2])}"
    else:
        message += f"; settings here are {', '.join(settings)}"
    return Finding("unknown-key", Severity.ERROR, path, message)


def _wrong_type(path: SessionPath, shape: Shape, value: Any) -> Finding:
    name, fix = _name(path), None
    message = f"{name} is {_described(value)}; write {shape.wanted}"
    as_text = shape.kind == "text" or (shape.kind == "part" and shape.short)
    if value is None:
        message = f"{name} is empty; write {shape.wanted}"
        if shape.field is not None and not shape.field.is_required():
            message += ", or remove the key"
            fix = Fix(f"remove {path[-1]}", (Edit(path, None),))
    elif as_text and isinstance(value, bool | int | Odd):
        text = _as_written(value)
        message = f"{name} is {_described(value)}; text that looks so stands in quotes: {path[-1]}: {write(text)}"
        if isinstance(path[-1], int):
            message = f"{name} is {_described(value)}; text that looks so stands in quotes: {write(text)}"
        fix = Fix(f"write {write(text)}", (Edit(path, text),))
    elif (mended := _mended(shape, value)) is not None:
        written = f"[{', '.join(map(write, mended))}]" if isinstance(mended, list) else write(mended)
        message = f"{name} is {_described(value)}; write {written}"
        if isinstance(mended, list) and len(mended) > 1:
            message = f"{name} is {_described(value)}; a list of words is wanted: write {written}"
        fix = Fix(f"write {written}", (Edit(path, mended),))
    return Finding("wrong-type", Severity.ERROR, path, message, fix)


def _mended(shape: Shape, value: Any) -> Any:
    """The value in the right type, where it is plain what was meant."""
    text = value.text if isinstance(value, Odd) else value
    if not isinstance(text, str):
        return None
    if shape.kind == "truth":
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(text.lower())
    if shape.kind == "number" and text.isascii() and text.isdigit() and text == str(int(text[:18])):
        return int(text)
    if shape.kind == "list" and isinstance(value, str) and shape.item and shape.item.kind == "text" and len(text) < 60:
        return _words(value)
    return None


def _words(text: str) -> list[str]:
    """`init a 100` as a shell would split it, `Org1, Org2` at its commas; text with brackets stays in one piece."""
    if set(text) & set("{}[]\\"):
        return [text]
    if "," in text and not set(text) & set("\"'"):
        return [word for part in text.split(",") if (word := part.strip())] or [text]
    try:
        return shlex.split(text) or [text]
    except ValueError:  # a quote that is not closed
        return [text]


def _wrong_value(path: SessionPath, shape: Shape, value: Any, detail: ErrorDetails) -> Finding:
    name, context = _name(path), detail.get("ctx", {})
    if shape.kind == "choice":
        message = f"{name} is {_described(value)}; write {shape.wanted}"
        words = [one for one in shape.choices if isinstance(one, str)]
        meant = nearest(value, words) if isinstance(value, str) else None
        fix = Fix(f"write {meant}", (Edit(path, meant),)) if meant else None
        return Finding("wrong-value", Severity.ERROR, path, message, fix)
    if detail["type"] == "greater_than_equal":
        message = f"{name} is {shown(value)}; the least that is allowed is {context['ge']}"
    elif detail["type"] == "less_than_equal":
        message = f"{name} is {shown(value)}; the most that is allowed is {context['le']}"
    else:
        message = f"{name} is {_described(value)}; write {shape.wanted}"
    rule = "wrong-type" if shape.kind in ("duration", "size") and not isinstance(value, str) else "wrong-value"
    return Finding(rule, Severity.ERROR, path, message)


def _rename(path: SessionPath, meant: str) -> Fix:
    return Fix(f"rename {shown(str(path[-1]), 40)} to {meant}", (Edit(path, key=meant),))


def _name(path: SessionPath) -> str:
    return shown(dotted(path), 120) if path else "the session"


def _at(data: Any, path: SessionPath) -> Any:
    """The plain data at a path of a validation error; a short form holds no settings."""
    for part in path:
        data = data.get(part, {}) if isinstance(data, dict) else data[part] if isinstance(data, list) else {}  # type: ignore[index]
    return data if isinstance(data, dict) else {}


def _as_written(value: bool | int | Odd) -> str:
    return value.text if isinstance(value, Odd) else write(value)


def _described(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Odd) and value.kind == "a number":
        return f"the number {shown(value)}"
    if isinstance(value, Odd):
        return f"{shown(value)}, which YAML may read as {value.kind}"
    if isinstance(value, bool):
        return f"the truth value {write(value)}"
    if isinstance(value, int):
        return f"the number {write(value)}"
    if isinstance(value, str):
        return f"the text {write(shown(value))}"
    return "a mapping" if isinstance(value, dict) else "a list"
