"""The YAML and the env files of a compose project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fabwiz.remote.rehearsal.engine.errors import ComposeError


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, as Compose 2.x does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping."""
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen and key != "<<":
                line = key_node.start_mark.line + 1
                raise ComposeError(f'yaml: unmarshal errors:\n  line {line}: mapping key "{key}" already defined')
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(path: Path) -> Any:
    """Read a compose file. Raises ComposeError in compose's words."""
    if not path.is_file():
        raise ComposeError(f"[Errno 2] No such file or directory: '{path}'")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - derived from SafeLoader
    except yaml.YAMLError as error:
        raise ComposeError(f"yaml: {error}") from error
    except UnicodeDecodeError as error:
        raise ComposeError(f"yaml: control characters are not allowed ({error})") from error


def dot_env(path: Path) -> dict[str, str]:
    """The pairs of `.env` beside a compose file."""
    file = path.with_name(".env")
    return env_file(file) if file.is_file() else {}


def env_file(file: Path) -> dict[str, str]:
    """The pairs of an env file, which must exist."""
    pairs = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            key, _, value = text.partition("=")
            pairs[key.strip()] = value.strip()
    return pairs
