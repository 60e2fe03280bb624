"""Events as lines of one log: the engine's own, and what containers say."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from fabwiz.console.plain import describe
from fabwiz.deploy.events import Event, Kind, Status
from fabwiz.remote.sanitize import clean


class Level(IntEnum):
    """How much a line matters."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(slots=True)
class LogLine:
    """One line. `node` is empty for the engine's own lines, `host` for those about this workstation."""

    time: str
    """UTC, `12:00:00.000`."""
    host: str
    node: str
    level: Level
    text: str
    """Without control characters, tabs and line ends."""


_WORDS = {
    "DEBU": Level.DEBUG,
    "INFO": Level.INFO,
    "NOTI": Level.INFO,
    "WARN": Level.WARNING,
    "ERRO": Level.ERROR,
    "CRIT": Level.ERROR,
    "FATA": Level.ERROR,
    "PANI": Level.ERROR,
    "TRAC": Level.DEBUG,
}
# Fabric: `2018-01-01 12:00:00.000 UTC [orderer/main] main -> INFO 001 ...`; ZooKeeper and Kafka: log4j
_FABRIC = re.compile(r" -> (DEBU|INFO|NOTI|WARN|ERRO|CRIT|FATA|PANI)\b")
_LOG4J = re.compile(r"\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b")
_CRASH = re.compile(r"panic:|fatal error:|Exception in thread|Caused by:")
_HEAD = 200
"""Characters in which a line says its level."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def level_of(text: str) -> Level:
    """The level that a container's line says it has; INFO where it says none."""
    found = _FABRIC.search(text, 0, _HEAD) or _LOG4J.search(text, 0, _HEAD)
    if found:
        return _WORDS[found[1][:4]]
    return Level.ERROR if _CRASH.search(text, 0, _HEAD) else Level.INFO


def lines_of(event: Event) -> Iterator[LogLine]:
    """The lines of an event; none for those that only tell how far a transfer is.

    What steers a terminal was removed where it came from; here it is removed again, whoever made the event.
    """
    if event.event is Kind.LOG:
        if event.bytes is not None and event.bytes != event.total:
            return
        text = event.message or ""
        level = level_of(text) if event.node else Level.INFO
    else:
        where = f"{event.phase}: " if event.phase else ""
        text = where + describe(event)
        level = Level.INFO
        if event.status is Status.FAILED:
            level = Level.ERROR
        elif event.event is Kind.STEP and event.status is Status.STARTED:
            level = Level.DEBUG
    clock = event.time[11:23]
    host, node = sys.intern(event.host or ""), sys.intern(event.node if event.event is Kind.LOG and event.node else "")
    if not _UNFIT.search(text):
        yield LogLine(clock, host, node, level, clean(text))
        return
    for part in clean(text).split("\n"):
        yield LogLine(clock, host, node, level, _UNFIT.sub("", part.expandtabs(4)))
