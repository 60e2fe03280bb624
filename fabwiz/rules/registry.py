"""How a rule is written down: its id, what it teaches, and the function that looks for what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fabwiz.session.assigned import Assigned
from fabwiz.session.findings import Edit, Fix, SessionPath, Severity
from fabwiz.session.network import Network


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found; the registry makes it a `Finding` of that rule.

    `severity` and `waivable` are given where they differ from the rule's own.
    """

    path: SessionPath
    message: str
    fix: Fix | None = None
    severity: Severity | None = None
    waivable: bool = True


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What some rules look at beside the session."""

    base: Path | None = None
    """The folder of the session file; `None`: unknown."""
    before: Mapping[str, Assigned] = field(default_factory=dict)
    """What nodes had when they were last started, by full name."""


Check = Callable[[Network, Surroundings], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with a stable id.

    `title` says in a few words what holds, `why` teaches an operator in a sentence or two, `source` names where the
    rule comes from. `check` takes the network and what is around it; it is `None` for rules about the file itself,
    which the loader of the session raises, and for those about hosts, which the preflight of a run does.
    """

    id: str
    severity: Severity
    waivable: bool
    title: str
    why: str
    source: str
    check: Check | None = None


RULES: dict[str, Rule] = {}
"""Every rule by its id, in the order in which findings are told."""

ERROR, WARNING = Severity.ERROR, Severity.WARNING

GUIDE = "Fabric's guide to Kafka ordering"
FOUR_HOSTS = "notes of a Kafka ordering service on four LAN hosts"
THREE_ORGS = "notes of a Kafka ordering service for three organizations"
OWN = "fabwiz: follows from how such a network works"


def rule(
    rule_id: str, severity: Severity, title: str, why: str, source: str, waivable: bool = False
) -> Callable[[Callable[[Network], Iterator[Problem]]], Callable[[Network], Iterator[Problem]]]:
    """Register a function as the check of a rule. Raises ValueError for an id that is taken."""

    def register(check: Callable[[Network], Iterator[Problem]]) -> Callable[[Network], Iterator[Problem]]:
        _add(Rule(rule_id, severity, waivable, title, why, source, lambda network, _: check(network)))
        return check

    return register


def rule_about_surroundings(
    rule_id: str, severity: Severity, title: str, why: str, source: str, waivable: bool = False
) -> Callable[[Check], Check]:
    """Register a check that looks at what is beside the session, too."""

    def register(check: Check) -> Check:
        _add(Rule(rule_id, severity, waivable, title, why, source, check))
        return check

    return register


def rule_of_loader(rule_id: str, severity: Severity, title: str, why: str, source: str) -> None:
    """Register a rule that the loader of session files raises."""
    _add(Rule(rule_id, severity, False, title, why, source))


def rule_of_preflight(
    rule_id: str, severity: Severity, title: str, why: str, source: str, waivable: bool = False
) -> None:
    """Register a rule that a run's preflight raises: only the hosts can tell."""
    _add(Rule(rule_id, severity, waivable, title, why, source))


def _add(new: Rule) -> None:
    if new.id in RULES:
        raise ValueError(f"there are two rules with the id {new.id}")
    RULES[new.id] = new


def fix(title: str, *edits: Edit) -> Fix:
    """A fix, shortly."""
    return Fix(title, edits)


def setting(value: object, *path: str | int) -> Edit:
    """The edit that gives the setting at `path` a value."""
    return Edit(path, value)


def without(*path: str | int) -> Edit:
    """The edit that removes the key at `path`."""
    return Edit(path, None)
