"""YAML text -> a tree of nodes that know where in the text they stand, within fixed limits of time and memory.

Built from the parser's events, one after the other, without recursion: PyYAML's own composer recurses, in C too.
What a session file has no use for (aliases, tags, merge keys, several documents) ends the reading with a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events as ev

from fabwiz.session.findings import Finding, SessionPath, Severity
from fabwiz.session.scalars import resolve, shown

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # PyYAML without libyaml: the same events, some twenty times slower
    from yaml.parser import Parser as _PythonParser
    from yaml.reader import Reader as _Reader
    from yaml.scanner import Scanner as _Scanner

    class _Parser(_Reader, _Scanner, _PythonParser):  # type: ignore[no-redef]
        def __init__(self, stream: Any) -> None:
            _Reader.__init__(self, stream)
            _Scanner.__init__(self)
            _PythonParser.__init__(self)


_TAG_PREFIX = "tag:yaml.org,2002:"
MAX_BYTES = 4 << 20
MAX_DEPTH = 24
MAX_NODES = 100_000
MAX_KEY = 250

# what neither may stand in the text nor come out of an escape: terminals obey some of it, editors hide the rest
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
    r"|\r(?!\n)"
)


@dataclass(slots=True)
class Node:
    """`start` and `end` count characters of the text; `line` and `column` count from 1."""

    start: int
    end: int
    line: int
    column: int


@dataclass(slots=True)
class Scalar(Node):
    """A single value; `style` is None (plain), or one of `' " | >`."""

    text: str
    style: str | None

    @property
    def value(self) -> Any:
        """Plain data."""
        return resolve(self.text) if self.style is None else self.text


@dataclass(slots=True)
class Mapping(Node):
    """`flow` is `{a: 1}`. Keys may stand twice: `get` finds the last."""

    flow: bool
    entries: list[tuple[Scalar, AnyNode]] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    _known: int = field(default=0, compare=False, repr=False)

    def find(self, key: str) -> int | None:
        """Position of a key among the entries."""
        if self._known != len(self.entries):
            self._places = {one.text: position for position, (one, _) in enumerate(self.entries)}
            self._known = len(self.entries)
        return self._places.get(key)


@dataclass(slots=True)
class Sequence(Node):
    """`flow` is `[a, b]`."""

    flow: bool
    items: list[AnyNode] = field(default_factory=list)


AnyNode = Scalar | Mapping | Sequence


class UnreadableError(Exception):
    """The text is no YAML, or YAML that a session file does not take; `finding` says where and why."""

    def __init__(self, rule: str, message: str, path: SessionPath = (), line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.finding = Finding(rule, Severity.ERROR, path, message, line=line, column=column)


@dataclass(slots=True)
class _Frame:
    node: Mapping | Sequence
    key: Scalar | None = None


def parse(text: str) -> AnyNode | None:
    """Read one document; `None` if it is empty. Raises `UnreadableError`."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise UnreadableError("session-file", f"larger than {MAX_BYTES >> 20} MB; a session file is far smaller")
    shift = 1 if text.startswith("\ufeff") else 0
    if bad := _CONTROL.search(text, shift):
        line, column = position(text, bad.start())
        raise UnreadableError(
            "yaml-syntax",
            f"the control character U+{ord(bad[0][0]):04X} stands here; a session file is plain UTF-8 text with "
            "line ends LF or CRLF: remove it",
            (),
            line,
            column,
        )
    parser = _Parser(text[shift:] if shift else text)
    try:
        return _compose(parser, text, shift)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = position(text, min(mark.index + shift, len(text.rstrip()))) if mark else (1, 1)
        raise UnreadableError("yaml-syntax", _explain(error, text, mark), (), line, column) from None
    except yaml.YAMLError as error:
        raise UnreadableError("yaml-syntax", f"not readable as YAML: {shown(str(error), 120)}") from None
    finally:
        parser.dispose()


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def plain(node: AnyNode | None) -> Any:
    """The node as plain data; of a key that stands twice the last counts."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return None


def follow(root: AnyNode | None, path: SessionPath) -> Iterator[tuple[SessionPath, Scalar | None, AnyNode]]:
    """The nodes along a path as far as it goes: (path so far, its key, node), the root first."""
    if root is None:
        return
    node = root
    yield (), None, node
    for depth, part in enumerate(path, 1):
        key = None
        if isinstance(node, Mapping) and isinstance(part, str) and (found := node.find(part)) is not None:
            key, node = node.entries[found]
        elif isinstance(node, Sequence) and isinstance(part, int) and 0 <= part < len(node.items):
            node = node.items[part]
        else:
            return
        yield path[:depth], key, node


def _compose(parser: Any, text: str, shift: int) -> AnyNode | None:
    root: AnyNode | None = None
    stack: list[_Frame] = []
    count = documents = 0
    while True:
        event = parser.get_event()
        if event is None or isinstance(event, ev.StreamEndEvent):
            return root
        if isinstance(event, ev.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refuse(event, "a second document starts here (`---`); a session file holds one", stack)
            continue
        if isinstance(event, ev.AliasEvent):
            raise _refuse(
                event,
                f"the alias *{shown(event.anchor)} repeats another part; session files take no aliases: "
                "write the value out",
                stack,
            )
        if isinstance(event, ev.CollectionEndEvent):
            _close(stack.pop().node, event, shift)
            continue
        if not isinstance(event, ev.NodeEvent):
            continue
        count += 1
        if count > MAX_NODES:
            raise _refuse(event, f"more than {MAX_NODES:,} values; a session file is far smaller", stack)
        node = _node(event, text, shift, stack)
        _attach(node, event, stack)
        if not stack and root is None:
            root = node
        if not isinstance(node, Scalar):
            stack.append(_Frame(node))
            if len(stack) > MAX_DEPTH:
                raise _refuse(event, f"nested more than {MAX_DEPTH} deep; a session file needs less than half", stack)


def _node(event: Any, text: str, shift: int, stack: list[_Frame]) -> AnyNode:
    if event.tag is not None:
        raise _refuse(
            event,
            f"the tag {shown(event.tag.replace(_TAG_PREFIX, '!!'))} stands here; session files take no tags: "
            "write the plain value, text that looks like a number in quotes",
            stack,
        )
    mark = event.start_mark
    start, end, line, column = mark.index + shift, event.end_mark.index + shift, mark.line + 1, mark.column + 1
    if isinstance(event, ev.ScalarEvent):
        if bad := _CONTROL.search(event.value):
            raise _refuse(event, f"this text has the control character U+{ord(bad[0][0]):04X}: remove it", stack)
        while end > start and text[end - 1].isspace():  # block scalars end after the empty lines that follow them
            end -= 1
        return Scalar(start, end, line, column, event.value, event.style or None)
    kind = Mapping if isinstance(event, ev.MappingStartEvent) else Sequence
    return kind(start, end, line, column, flow=bool(event.flow_style))


def _attach(node: AnyNode, event: Any, stack: list[_Frame]) -> None:
    if not stack:
        return
    frame = stack[-1]
    if isinstance(frame.node, Sequence):
        frame.node.items.append(node)
    elif frame.key is not None:
        frame.node.entries.append((frame.key, node))
        frame.key = None
    elif not isinstance(node, Scalar):
        raise _refuse(
            event,
            "a list or mapping stands here as a key; keys are words: put text that begins with [ or { in quotes",
            stack,
        )
    elif node.style is None and node.text == "<<":
        raise _refuse(event, "the merge key << stands here; session files take none: write the settings out", stack)
    elif not node.text.isprintable():
        raise _refuse(event, f"the key {shown(node.text)} has characters that do not show: remove them", stack)
    elif len(node.text) > MAX_KEY:
        raise _refuse(event, f"a key of {len(node.text)} characters; {MAX_KEY} are allowed", stack)
    else:
        frame.key = node


def _close(node: Mapping | Sequence, event: Any, shift: int) -> None:
    """A block's end mark lies at the next token, behind comments: its last child tells better where it ends."""
    if node.flow:
        node.end = event.end_mark.index + shift
    elif isinstance(node, Mapping) and node.entries:
        node.end = max(node.entries[-1][0].end, node.entries[-1][1].end)
    elif isinstance(node, Sequence) and node.items:
        node.end = node.items[-1].end


def _refuse(event: Any, message: str, stack: list[_Frame]) -> UnreadableError:
    path: list[str | int] = []
    for frame in stack[:-1]:  # the nodes on the way down are attached already
        node = frame.node
        path.append(len(node.items) - 1 if isinstance(node, Sequence) else node.entries[-1][0].text)
    if stack and isinstance(stack[-1].node, Sequence):
        path.append(len(stack[-1].node.items))
    elif stack and stack[-1].key is not None:
        path.append(stack[-1].key.text)
    mark = event.start_mark
    return UnreadableError("yaml-unsupported", message, tuple(path), mark.line + 1, mark.column + 1)


def _explain(error: yaml.MarkedYAMLError, text: str, mark: Any) -> str:
    problem = shown(str(error.problem or "cannot be read"), 120)
    line = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "indent with spaces: YAML takes no tabs there"
    elif "mapping values are not allowed" in problem:
        hint = "put a text that contains `: ` in quotes, and check that this line is indented like its neighbours"
    elif "expected <block end>" in problem or "did not find expected key" in problem:
        hint = "check that this line is indented like its neighbours, and that quotes and brackets before it are closed"
    elif "',' or" in problem:
        hint = "a comma, or a closing bracket or brace, is missing before this place"
    elif "cannot start any token" in problem:
        hint = "put a text that begins with @ or ` in quotes"
    elif "end of stream" in problem or "quoted scalar" in problem:
        hint = "a quote was opened and not closed"
    else:
        hint = "mend it at this place, or just before it"
    began = error.context_mark
    where = f" (in what begins in line {began.line + 1})" if began and mark and began.line != mark.line else ""
    return f"not readable as YAML: {problem}{where}; {hint}"
