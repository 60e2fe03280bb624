"""What docker commands share: doing things one by one, tables and templates."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from fabwiz.remote.rehearsal.engine.errors import DockerError
from fabwiz.remote.rehearsal.engine.gate import Call
from fabwiz.remote.rehearsal.engine.options import Options
from fabwiz.remote.rehearsal.engine.template import render


def each(
    call: Call, names: Sequence[str], act: Callable[[str], None], prefix: str = "Error response from daemon: "
) -> int:
    """Do it for every name; failures are shown and do not stop the others."""
    code = 0
    for name in names:
        try:
            act(name)
        except DockerError as error:
            call.err(f"{prefix}{error}")
            code = 1
    return code


def show(call: Call, rows: Sequence[dict[str, Any]], options: Options, key: str, header: Sequence[str]) -> None:
    """Print rows as `-q`, `--format` or the table of `header` asks; `key` is what `-q` shows."""
    if options.has("quiet"):
        for row in rows:
            call.out(str(row[key]))
        return
    template = options.get("format")
    if template in ("", "table"):
        call.out("\t".join(field.upper() for field in header))
        template = "\t".join(f"{{{{.{field}}}}}" for field in header)
    elif template == "json":
        template = "{{json .}}"
    for row in rows:
        call.out(render(template.removeprefix("table "), row))


def inspected(call: Call, options: Options, found: list[dict[str, Any]], code: int) -> int:
    """Print what an `inspect` found; returns the exit code."""
    if options.has("format"):
        for data in found:
            call.out(render(options.get("format"), data))
    else:
        call.out(json.dumps(found, indent=4))
    return code
