"""`$VAR`, `${VAR:-default}` and `$$` in compose files, as compose's config/interpolation.py reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fabwiz.remote.rehearsal.engine.errors import ComposeError

_PATTERN = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*)(?:(?P<kind>:?[-?])(?P<extra>[^}]*))?\}|(?P<invalid>))"
)


def interpolate(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """Substitute in every text below `value`. Raises ComposeError in compose's words for a lone `$`."""
    if isinstance(value, str):
        return _PATTERN.sub(lambda match: _substitute(match, environment, where, value), value)
    if isinstance(value, list):
        return [interpolate(item, environment, where) for item in value]
    if isinstance(value, dict):
        return {key: interpolate(item, environment, where) for key, item in value.items()}
    return value


def _substitute(match: re.Match[str], environment: Mapping[str, str], where: str, whole: str) -> str:
    if match["escaped"]:
        return "$"
    if match["invalid"] is not None:
        raise ComposeError(f'Invalid interpolation format for {where}: "{whole}"')
    name = match["named"] or match["braced"]
    kind, extra = match["kind"] or "", match["extra"] or ""
    found = environment.get(name)
    if kind.startswith(":") and not found:
        found = None
    if found is not None:
        return found
    if kind.endswith("?"):
        raise ComposeError(f"Missing mandatory value for {where}: {extra}")
    return extra
