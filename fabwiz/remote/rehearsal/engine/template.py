"""The few Go templates of `--format`: fields, `json`, `index`, `.Label`."""

from __future__ import annotations

import json
import re
from typing import Any

from fabwiz.remote.rehearsal.engine.errors import DockerError

_ACTION = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_FIELD = re.compile(r"^(?:\.\w+)+$|^\.$")


def render(template: str, data: dict[str, Any]) -> str:
    """Render one row. Raises DockerError in docker's words for what is not understood."""
    text = template.replace("\\t", "\t").replace("\\n", "\n")
    return _ACTION.sub(lambda match: _evaluate(match[1], data), text)


def _evaluate(action: str, data: dict[str, Any]) -> str:
    if action.startswith("json "):
        return json.dumps(_field(action[5:].strip(), data), separators=(",", ":"))
    if match := re.fullmatch(r'index\s+(\.[\w.]+)\s+"([^"]*)"', action):
        return str((_field(match[1], data) or {}).get(match[2], ""))
    if match := re.fullmatch(r'\.Label\s+"([^"]*)"', action):
        labels = dict(pair.partition("=")[::2] for pair in str(data.get("Labels", "")).split(",") if pair)
        return labels.get(match[1], "")
    value = _field(action, data)
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _field(path: str, data: dict[str, Any]) -> Any:
    if not _FIELD.match(path):
        raise DockerError(f'template parsing error: template: :1: function "{path}" not defined')
    value: Any = data
    for part in path.strip(".").split("."):
        if not part:
            continue
        if not isinstance(value, dict) or part not in value:
            raise DockerError(
                f'template: :1:2: executing "" at <{path}>: can\'t evaluate field {part} in type interface {{}}'
            )
        value = value[part]
    return value
