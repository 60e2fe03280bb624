"""Log lines as Fabric's nodes write them."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime

from fabwiz.remote.rehearsal.containers.context import Context, Exit

_PARTS = re.compile(r"^\[([\w/]+)\] (\S+) -> (\w{4}) (.*)$", re.DOTALL)

_LEVELS = ("FABRIC_LOGGING_SPEC", "CORE_LOGGING_LEVEL", "ORDERER_GENERAL_LOGLEVEL")


class NodeLog:
    """Call it with `[module/part] function -> INFO text`; it adds time and count, and 1.4's dots in module names."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._count = itertools.count(1)
        levels = " ".join(context.setting(key) for key in _LEVELS)
        self._debug = "debug" in levels.lower()

    def __call__(self, line: str) -> None:
        """Write a line; what is DEBU only where the node's settings ask for it."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        match = _PARTS.match(line)
        if match is None:
            self._context.log(line)
            return
        module, function, level, text = match.groups()
        if level == "DEBU" and not self._debug:
            return
        if self._context.release.number >= (1, 4, 0):
            module = module.replace("/", ".")
        self._context.log(f"{now} UTC [{module}] {function} -> {level} {next(self._count):03x} {text}")

    def fatal(self, line: str) -> Exit:
        """Write a node's last words, without level: `[module/part] function -> text`; what ends it is returned."""
        front, _, text = line.partition(" -> ")
        level = "FATA" if self._context.release.number >= (1, 4, 0) else "CRIT"
        self(f"{front} -> {level} {text}")
        return Exit(1)
