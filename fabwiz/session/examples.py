"""The example sessions that travel with the program."""

from __future__ import annotations

from importlib import resources

_PACKAGE = "assets.sessions"


def names() -> tuple[str, ...]:
    """Names of the examples, without `.yaml`, sorted."""
    files = resources.files(_PACKAGE).iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


def text(name: str) -> str:
    """The text of an example, comments and all. Raises KeyError, naming those that there are."""
    known = names()
    if name not in known:
        raise KeyError(f"no example session {name}; there are {', '.join(known)}")
    return (resources.files(_PACKAGE) / f"{name}.yaml").read_text(encoding="utf-8")
