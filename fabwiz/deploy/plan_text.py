"""A plan as a text to keep: lines of JSON for programs, Markdown for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from fabwiz.deploy.plan import PlannedPhase
from fabwiz.deploy.step import Action
from fabwiz.report.escaped import escaped
from fabwiz.session.network import Network


def plan_json(phases: Sequence[PlannedPhase]) -> str:
    """One JSON object a line, a line a phase."""
    return "".join(f"{json.dumps(phase.as_dict(), ensure_ascii=False)}\n" for phase in phases)


def plan_markdown(network: Network, phases: Sequence[PlannedPhase]) -> str:
    """A section a phase, with its steps by host and what each one does; private files are marked."""
    return "\n".join(_lines(network, phases)) + "\n"


def _lines(network: Network, phases: Sequence[PlannedPhase]) -> Iterator[str]:
    count = len(network.hosts)
    yield f"# What a run of {escaped(network.name)} does"
    yield ""
    hosts = f"{count} host{'' if count == 1 else 's'}"
    yield f"Fabric {network.session.fabric} on {hosts}. What is done already is only looked at."
    for number, phase in enumerate(phases, 1):
        yield ""
        yield f"## {number}. {escaped(phase.phase)}: {escaped(phase.title)}"
        yield ""
        yield escaped(phase.why)
        for host, steps in groupby(phase.steps, lambda step: step.host):
            yield ""
            yield f"### {escaped(host or 'workstation')}"
            yield ""
            for step in steps:
                yield f"- {escaped(step.title)}"
                yield from (f"  - {_action(action)}" for action in step.actions)


def _action(action: Action) -> str:
    return f"{action.kind}: {_code(action.text)}" + (" **private**" if action.private else "")


def _code(text: str) -> str:
    """As it is, between more backticks than it holds (CommonMark 0.31, 6.1)."""
    text = " ".join(text.split())
    fence = "`" * (max((len(found) for found in re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
