"""Running all rules over a network, and the operator's waivers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from fabwiz.rules.registry import OWN, RULES, WARNING, Problem, Rule, Surroundings, fix, rule, without
from fabwiz.session.assigned import Assigned
from fabwiz.session.findings import Edit, Finding, Severity
from fabwiz.session.network import Network
from fabwiz.session.shape import nearest

_LONGEST = 1200
"""Characters of a message."""


def check(
    network: Network, base: Path | None = None, before: Mapping[str, Assigned] | None = None
) -> tuple[Finding, ...]:
    """Everything that breaks a rule, in the order of `RULES` and, within a rule, of the session.

    `base` is the folder of the session file, beside which chaincode is looked for; `None`: only shipped samples are
    known, and other chaincode is taken on trust. `before` says what nodes had when they were last started, as the
    workspace recalls it (`fabwiz.session.assigned`). A waivable error that the session accepts with a reason comes as a
    warning, with the reason in `accepted` and at the end of the message. Never raises for what a session says.
    """
    around = Surroundings(base, before or {})
    return tuple(
        _finding(one, problem, network)
        for one in tuple(RULES.values())
        if one.check is not None
        for problem in one.check(network, around)
    )


def _finding(one: Rule, problem: Problem, network: Network) -> Finding:
    severity = problem.severity or one.severity
    message, accepted = problem.message, None
    if len(message) > _LONGEST:  # a session may hold names of any length
        message = f"{message[:_LONGEST]}..."
    if one.waivable and problem.waivable and severity is Severity.ERROR:
        accepted = network.session.accept.get(one.id, "").strip() or None
    if accepted:
        severity = Severity.WARNING
        message = f"{message} (accepted: {accepted})"
    return Finding(one.id, severity, problem.path, message, problem.fix, accepted=accepted)


@rule(
    "accept-unknown",
    WARNING,
    "every entry of `accept` names a waivable rule and gives a reason",
    "A deliberate deviation is only worth something with the reason beside it, and an entry that names no waivable "
    "rule does nothing: whoever reads the session would think that it does.",
    OWN,
)
def accepts(network: Network) -> Iterator[Problem]:
    """Entries of `accept` that have no effect."""
    waivable = [one.id for one in RULES.values() if one.waivable]
    for rule_id, reason in network.session.accept.items():
        path = ("accept", rule_id)
        removal = fix(f"remove the entry {rule_id}", without(*path))
        if rule_id not in RULES:
            meant = nearest(rule_id, waivable)
            if meant and meant not in network.session.accept:
                yield Problem(
                    path,
                    f"there is no rule {rule_id}; did you mean {meant}?",
                    fix(f"rename it to {meant}", Edit(path, key=meant)),
                )
            else:
                known = ", ".join(waivable)
                yield Problem(path, f"there is no rule {rule_id}; rules that can be accepted are {known}", removal)
        elif not RULES[rule_id].waivable:
            kind = "it is only a warning" if RULES[rule_id].severity is WARNING else "a network cannot do without it"
            yield Problem(path, f"{rule_id} cannot be accepted: {kind}; remove this entry", removal)
        elif not reason.strip():
            yield Problem(
                path,
                f"{rule_id} is accepted without a reason, so the rule still holds; write why it may be broken here, "
                f'such as {rule_id}: "lab only"',
                fix("remove the empty entry", without(*path)),
            )
