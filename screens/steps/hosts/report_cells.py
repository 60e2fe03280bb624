"""What the test of a host found, as cells and in a line."""

from __future__ import annotations

from fabwiz.deploy.host_report import HostReport, Stage
from screens.marks import marks
from screens.widgets.grid_cells import Cell, Column

TEST = Column("test", "Test", 14, least=14)
FACTS = (
    Column("root", "Root", 4, least=4),
    Column("engine", "Docker", 12, least=12),
    Column("compose", "Compose", 10, least=10),
    Column("disk", "Disk", 8, least=8),
    Column("memory", "Memory", 8, least=8),
    Column("clock", "Clock", 7, least=7),
    Column("ways", "Gets through", 12, least=12),
    Column("ports", "Ports in use", 24, least=24),
)
KEYS = frozenset(column.key for column in (TEST, *FACTS))
_MOST_PORTS = 8
"""Ports that a line names: those that services use are the lower ones."""


def cells(report: HostReport) -> dict[str, Cell]:
    """By the keys of the columns."""
    root = {True: "yes", False: "no"}.get(report.is_root) if report.is_root is not None else ""
    tones = _tones(report)
    return {
        "test": _state(report),
        "root": Cell(root or "", "" if report.is_root else "warning"),
        "engine": Cell(report.engine or _missing(report), tones.get("engine", "")),
        "compose": Cell(report.compose or _missing(report), tones.get("compose", "")),
        "disk": Cell(size(report.disk), tones.get("disk", "")),
        "memory": Cell(size(report.memory)),
        "clock": Cell(_skew(report), tones.get("clock", "")),
        "ways": _ways(report),
        "ports": Cell(_ports(report), tones.get("ports", "")),
    }


def line(report: HostReport) -> str:
    """Everything about a host, problems first."""
    if report.stage is Stage.REACHING:
        return f"{report.host}: reaching it"
    if report.stage is Stage.LOOKING:
        return f"{report.host}: logged in, looking at it"
    if report.stage is Stage.TRYING_WAYS:
        return f"{report.host}: looked at; it tries the ports that it needs of other hosts"
    parts = [f"{message} ({remedy})" if remedy else message for message, remedy in report.problems]
    if parts:
        return f"{report.host}: {'; '.join(parts)}"
    facts = [
        *report.doubts,
        f"Docker {report.engine}" if report.engine else "",
        f"Compose {report.compose}" if report.compose else "",
        f"{size(report.disk)} of disk free" if report.disk is not None else "",
        f"{size(report.memory)} of memory, {size(report.spare_memory)} of it free" if report.memory is not None else "",
        f"clock {_skew(report)}" if report.skew is not None else "",
        {True: "commands run as root", False: "no root, but Docker answers"}.get(report.is_root, "")
        if report.is_root is not None
        else "",
        f"gets through to {_ways(report).text} ports of other hosts" if report.ways else "",
        f"ports in use: {_ports(report)}",
    ]
    return f"{report.host}: {', '.join(fact for fact in facts if fact)}"


def size(count: int | None) -> str:
    """Bytes for people."""
    if count is None:
        return ""
    for unit, factor in (("TB", 40), ("GB", 30), ("MB", 20)):
        if count >= 1 << factor:
            value = count / (1 << factor)
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count >> 10} kB"


def _state(report: HostReport) -> Cell:
    signs = marks()
    if report.stage is not Stage.DONE:
        return Cell(f"{signs.open} {report.stage.value}", "dim", signs.open)
    if report.fit and report.doubts:
        return Cell(f"{signs.warning} fit, but", "warning", signs.warning)
    if report.fit:
        return Cell(f"{signs.done} fit", "good", signs.done)
    if report.key_refused:
        word = "key unknown"
    elif not report.reached:
        word = "no login"
    else:
        count = len(report.problems)
        word = f"{count} problem{'' if count == 1 else 's'}"
    return Cell(f"{signs.error} {word}", "error", signs.error)


def _ways(report: HostReport) -> Cell:
    if report.stage is not Stage.DONE or not report.ways:
        return Cell("")
    asked = sum(one.asked for one in report.ways)
    through = asked - sum(len(one.shut) + one.unclear for one in report.ways)
    return Cell(f"{through} of {asked}", "error" if report.blocked else "warning" if through < asked else "")


def _tones(report: HostReport) -> dict[str, str]:
    if not report.reached or report.stage is not Stage.DONE:
        return {}
    told = " ".join(message for message, _ in report.problems)
    words = {"disk": "are free for", "clock": "clock is", "ports": "is taken by"}
    tones = {key: "error" for key, word in words.items() if word in told}
    return tones | {key: "error" for key in ("engine", "compose") if getattr(report, key) is None}


def _missing(report: HostReport) -> str:
    return "none" if report.reached and report.stage is Stage.DONE else ""


def _skew(report: HostReport) -> str:
    return "" if report.skew is None else f"{report.skew:+.0f} s"


def _ports(report: HostReport) -> str:
    if not report.ports:
        return "none" if report.reached and report.stage is Stage.DONE else ""
    more = len(report.ports) - _MOST_PORTS
    return ", ".join(map(str, report.ports[:_MOST_PORTS])) + (f" and {more} more" if more > 0 else "")
