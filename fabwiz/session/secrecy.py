"""Secrets that do not belong into a session file: found by the name of the key or by their own look.

What is found is never repeated in a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.session.findings import Edit, Finding, Fix, SessionPath, Severity
from fabwiz.session.shape import ROOT, Shape
from fabwiz.session.tree import AnyNode, Mapping, Scalar, Sequence, position

_KEY = re.compile(
    r"(?:^|[_-])(?:pass(?:wor[dt]|wd|phrase|code)?|pwd|pin|secret|token|credentials?|private[_-]?key)s?(?:$|[_-])"
    r"|pass(?:word|wd|phrase)|private_?key",
    re.IGNORECASE,
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----|PuTTY-User-Key-File-\d")
_LOGIN = re.compile(r"^(?:[a-z][a-z0-9+.-]{0,20}://)?[^\s:@/]{1,100}:[^\s@/]{1,200}@[^\s@]+$", re.IGNORECASE)
_ALLOWED = (None, "ask")
_WAY_OUT = (
    "a session file holds no secrets: use a key file or the agent, or `ssh: {password: ask}` to be asked once a run; "
    "remove it, and change the secret if the file was shared"
)


def secrets(root: AnyNode | None, text: str) -> Iterator[Finding]:
    """One finding for each secret in the tree, and for private keys in comments."""
    seen: list[tuple[int, int]] = []
    stack: list[tuple[AnyNode, SessionPath, Shape | None]] = [(root, (), ROOT)] if root else []
    while stack:
        node, path, shape = stack.pop()
        if isinstance(node, Mapping):
            for key, value in node.entries:
                below = (*path, key.text)
                child = shape.child(key.text) if shape else None
                is_name = shape is not None and shape.kind == "names"
                if not is_name and _KEY.search(key.text) and not _harmless(value, child):
                    seen.append((value.start, value.end))
                    yield _finding(f"the key {key.text[:40]} holds a secret", below, key.line, key.column, child)
                else:
                    stack.append((value, below, child))
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                stack.append((item, (*path, index), shape.child(index) if shape else None))
        elif what := _looks(node.text):
            seen.append((node.start, node.end))
            yield _finding(f"{what} stands here", path, node.line, node.column, None)
    for match in _PRIVATE_KEY.finditer(text):
        if not any(start <= match.start() < end for start, end in seen):
            line, column = position(text, match.start())
            yield _finding("a private key stands here", (), line, column, None)


def _harmless(value: AnyNode, shape: Shape | None) -> bool:
    """`password: ask`, and nothing at all, tell no secret; nor does a setting that is known to hold none."""
    if isinstance(value, Scalar):
        return value.value in _ALLOWED
    return shape is not None


def _looks(text: str) -> str | None:
    if _PRIVATE_KEY.search(text):
        return "a private key"
    if len(text) < 400 and _LOGIN.match(text):
        return "an address with a password in it"
    return None


def _finding(what: str, path: SessionPath, line: int, column: int, shape: Shape | None) -> Finding:
    fix = None
    if shape and shape.kind == "choice" and "ask" in shape.choices:
        fix = Fix("ask for the password instead", (Edit(path, "ask"),))
    elif path and isinstance(path[-1], str):
        fix = Fix(f"remove {path[-1][:40]}", (Edit(path, None),))
    return Finding("secret-in-session", Severity.ERROR, path, f"{what}; {_WAY_OUT}", fix, line=line, column=column)
