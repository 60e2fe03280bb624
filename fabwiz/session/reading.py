"""Session text -> tree, session and findings. Pure: no file is touched here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pydantic import ValidationError

from fabwiz.session.findings import Edit, Finding, Fix, SessionPath, Severity, dotted
from fabwiz.session.model import Session
from fabwiz.session.problems import MOST, problems
from fabwiz.session.scalars import shown, write
from fabwiz.session.secrecy import secrets
from fabwiz.session.tree import AnyNode, Mapping, Sequence, UnreadableError, follow, parse, plain


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. `session` is there exactly if no finding is an error."""

    tree: AnyNode | None
    session: Session | None
    findings: tuple[Finding, ...]


def read(text: str) -> Reading:
    """Read a session. Never raises: whatever is wrong is in the findings, each with line and column.

    Sources: `facts` rules session-version, yaml-duplicate-key, unknown-key, missing-key, secret-in-session; the
    loader's own are yaml-syntax, yaml-unsupported, session-file, wrong-type and wrong-value.
    """
    try:
        tree = parse(text)
    except UnreadableError as error:
        return Reading(None, None, (error.finding, *secrets(None, text)))
    if not isinstance(tree, Mapping):
        return Reading(tree, None, (_no_mapping(tree),))
    findings = [*islice(_keys(tree), MOST), *islice(secrets(tree, text), MOST)]
    secret = {finding.path for finding in findings if finding.rule == "secret-in-session"}
    session = None
    data = plain(tree)
    try:
        session = Session.model_validate(data)
    except ValidationError as error:
        found = list(problems(error, data))
        if any(finding.rule == "session-version" and finding.fix is None for finding in found):
            # another format: what this one makes of its keys would only mislead
            found = [finding for finding in found if finding.rule == "session-version"]
        findings += [finding for finding in found if not _below(finding.path, secret)]
    placed = sorted((_placed(finding, tree) for finding in findings), key=lambda one: (one.line, one.column))
    return Reading(tree, None if findings else session, tuple(placed))


def locate(tree: AnyNode | None, path: SessionPath) -> tuple[int, int] | None:
    """Line and column, from 1, of the key or list item at a path, or of the nearest part of the path that is there."""
    place = None
    for _, key, node in follow(tree, path):
        at = key or node
        place = at.line, at.column
    return place


def _placed(finding: Finding, tree: AnyNode) -> Finding:
    if finding.line is not None:
        return finding
    place = locate(tree, finding.path)
    line, column = place or (1, 1)
    return replace(finding, line=line, column=column)


def _below(path: SessionPath, places: set[SessionPath]) -> bool:
    return any(path[:length] in places for length in range(1, len(path) + 1))


def _no_mapping(tree: AnyNode | None) -> Finding:
    way_out = "a session begins with `fabwiz: 1`, followed by name, fabric, hosts and so on, one key a line"
    if tree is None:
        return Finding("session-file", Severity.ERROR, (), f"the file is empty; {way_out}", line=1, column=1)
    what = "a list" if isinstance(tree, Sequence) else "a single value"
    message = f"the file holds {what} instead of keys and values; {way_out}"
    return Finding("session-file", Severity.ERROR, (), message, line=tree.line, column=tree.column)


def _keys(tree: Mapping) -> Iterator[Finding]:
    """Keys that stand twice, and keys that are no text for every reader of YAML."""
    stack: list[tuple[AnyNode, SessionPath]] = [(tree, ())]
    while stack:
        node, path = stack.pop()
        if isinstance(node, Sequence):
            stack += [(item, (*path, index)) for index, item in reversed(list(enumerate(node.items)))]
        if not isinstance(node, Mapping):
            continue
        first: dict[str, int] = {}
        for key, _ in node.entries:
            below = (*path, key.text)
            name = shown(dotted(below), 120)
            if key.text in first:
                message = f"{name} stands here again; it is already in line {first[key.text]}: merge the two"
                yield Finding("yaml-duplicate-key", Severity.ERROR, below, message, None, None, key.line, key.column)
            first.setdefault(key.text, key.line)
            if not isinstance(key.value, str):
                quoted = write(key.text)
                message = f"the key {shown(key.text) or '(empty)'} is not text to every reader of YAML; write {quoted}:"
                fix = Fix(f"write {quoted}", (Edit(below, key=key.text),))
                yield Finding("wrong-type", Severity.ERROR, below, message, fix, None, key.line, key.column)
        stack += [(value, (*path, key.text)) for key, value in reversed(node.entries)]
