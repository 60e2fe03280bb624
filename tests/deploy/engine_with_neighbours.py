#!/usr/bin/env python3
"""`docker` as `fabwiz down` calls it, over the things that $DOCKER_THINGS lists; names match as patterns, unanchored.

A filter is a condition of its own, as in Docker's documentation of `docker ps --filter`.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Thing = dict[str, Any]
MATCHES: dict[str, Callable[[Thing, str], bool]] = {
    "label": lambda thing, value: (
        value in thing.get("labels", ()) or value in {k.split("=")[0] for k in thing["labels"]}
    ),
    "network": lambda thing, value: value == thing.get("network"),
    "ancestor": lambda thing, value: value == thing.get("image"),
    "name": lambda thing, value: re.search(value, thing["name"]) is not None,
}


def main(things: list[Thing], words: list[str], arguments: list[str]) -> list[Thing]:
    filters = [arguments[i + 1].split("=", 1) for i, word in enumerate(arguments) if word == "--filter"]
    names = [
        word for i, word in enumerate(arguments) if word[0] != "-" and arguments[i - 1] not in ("--filter", "--format")
    ]
    kind = {"ps": "container", "rm": "container", "images": "image", "rmi": "image"}.get(words[0], words[0])
    of_kind = [thing for thing in things if thing["kind"] == kind]
    if words[-1] in ("ps", "ls", "images"):
        found = [thing for thing in of_kind if all(MATCHES[key](thing, value) for key, value in filters)]
        wanted = [thing for thing in found if not names or fnmatch.fnmatchcase(thing["name"].split(":")[0], names[0])]
        print("\n".join(thing["name"] for thing in wanted))
    else:
        assert words[-1] in ("rm", "rmi"), words
        gone = [thing for thing in of_kind if thing["name"] in names]
        if len(gone) != len(names):
            sys.exit(f"Error: No such {kind}: {names}")
        if kind == "network" and any(t.get("network") == n and t.get("running") for t in things for n in names):
            sys.exit(f"error while removing network: {names} has active endpoints")
        return [thing for thing in things if thing not in gone]
    return things


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    return (argv[:2], argv[2:]) if argv[0] in ("volume", "network") else (argv[:1], argv[1:])


if __name__ == "__main__":
    THINGS = Path(os.environ["DOCKER_THINGS"])
    THINGS.write_text(json.dumps(main(json.loads(THINGS.read_text()), *split(sys.argv[1:]))))
