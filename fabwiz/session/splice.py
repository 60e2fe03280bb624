"""Changes of YAML text that leave every other character alone.

Each function takes the text with its tree and gives the new text. They cover how people write session files; what
they get wrong in an odd layout, `editor` notices, because it reads every result again.
"""

from __future__ import annotations

import re
from typing import Any

from fabwiz.session import render
from fabwiz.session.findings import SessionPath
from fabwiz.session.scalars import quote, write
from fabwiz.session.tree import AnyNode, Mapping, Scalar, Sequence

_REST = re.compile(r"[ \t]*,?[ \t]*(#[^\r\n]*)?(?=\r?\n|\Z)")
_WIDEST = 120


class Splicer:
    """The text and tree of one moment."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def replace(self, node: AnyNode, value: Any, path: SessionPath, key: Scalar | None, in_flow: bool) -> str:
        """Another value for a node: of a key, of a list item, or the whole document."""
        if isinstance(node, Scalar) and not isinstance(value, dict | list) and node.end > node.start:
            return self._put(node.start, node.end, _styled(value, node, path))
        after = self._behind(node, key, path)
        indent = key.column - 1 if key else max(node.column - 3, 0)
        if in_flow or not render.is_block(value, path, indent + (len(key.text) + 2 if key else 2)):
            written = render.flow(value, path)
            if node.end > node.start and not _is_block(node):
                return self._put(node.start, node.end, written)
            gap = self.text[after : node.start]
            if "#" in gap:  # a comment stands behind the key, the block below it
                cut = self._line_end(after)
                return self.text[:after] + f" {written}" + self.text[after:cut] + self.text[node.end :]
            return self._put(after, max(node.end, after), f" {written}" if path else written)
        return self._replace_by_block(node, value, path, key, after)

    def _replace_by_block(self, node: AnyNode, value: Any, path: SessionPath, key: Scalar | None, after: int) -> str:
        if not path:
            return self._put(node.start, node.end, self._join(render.lines(value, (), 0)))
        if key is None:
            column = max(node.column - 1, 0)
            block = self._join(render.lines(value, path, column)).lstrip()
            return self._put(node.start, node.end, block)
        block = self.newline + self._join(render.lines(value, path, key.column + 1))
        if _is_block(node):
            return self._put(self._line_end(after), node.end, block)
        end = self._line_end(max(node.end, after))
        return self.text[:after] + self.text[max(node.end, after) : end] + block + self.text[end:]

    def replace_values(self, values: list[tuple[Scalar, Any, SessionPath]]) -> str:
        """Other single values for single values, in the order of the text."""
        pieces, behind = [], 0
        for node, value, path in values:
            pieces += [self.text[behind : node.start], _styled(value, node, path)]
            behind = node.end
        return "".join([*pieces, self.text[behind:]])

    def insert(self, node: Mapping, index: int, new: dict[str, Any], path: SessionPath) -> str:
        """New entries before entry `index` of a mapping that has some; `path` is the mapping's."""
        if node.flow:
            written = [f"{write(key)}: {render.flow(value, (*path, key))}" for key, value in new.items()]
            return self._insert_flow(node, _spans(node), index, written)
        indent = node.entries[0][0].column - 1
        names = {key: write(key) for key in new}
        entries = [
            names[key] + ":" + render.after_key(value, (*path, key), indent, names[key]) for key, value in new.items()
        ]
        block = ("\n" + " " * indent).join(entries).replace("\n", self.newline)
        if index == 0:
            return self._put(node.start, node.start, block + self.newline + " " * indent)
        return self._put_line(self._entry_end(node, index - 1), " " * indent + block)

    def insert_item(self, node: Sequence, index: int, value: Any, path: SessionPath) -> str:
        """A new item before item `index` of a list that has some."""
        if node.flow:
            return self._insert_flow(node, _spans(node), index, [render.flow(value, path)])
        indent = node.column - 1
        item = self._join(render.item(value, path, indent))
        if index == 0:
            return self._put(node.start, node.start, item.lstrip() + self.newline + " " * indent)
        return self._put_line(node.items[index - 1].end, item)

    def remove(self, node: Mapping | Sequence, index: int) -> str:
        """Without an entry or item, of a node that has others."""
        if node.flow:
            return self._remove_flow(_spans(node), index, node)
        if isinstance(node, Mapping):
            start, end = node.entries[index][0].start, self._entry_end(node, index)
            following = node.entries[index + 1][0].start if index + 1 < len(node.entries) else None
        else:
            start, end = self._dash(node, index), node.items[index].end
            end = max(end, start + 1)
            following = self._dash(node, index + 1) if index + 1 < len(node.items) else None
        line = self._line_start(start)
        if self.text[line:start].strip():  # behind a dash, or the document's ---
            return self._put(start, following if following is not None else end, "")
        return self._put(line, self._next_line(end), "")

    def rename(self, key: Scalar, name: str) -> str:
        """Another key in the same place."""
        return self._put(key.start, key.end, write(name))

    def reorder(self, node: Mapping, order: list[str]) -> str:
        """The entries in another order, each with the comment behind it; what stands between them stays."""
        spans = []
        for index, (key, value) in enumerate(node.entries):
            end = self._line_end(self._entry_end(node, index)) if not node.flow else max(key.end, value.end)
            spans.append((key.start, end))
        place = {key.text: index for index, (key, _) in enumerate(node.entries)}
        pieces, last = [self.text[: spans[0][0]]], len(spans) - 1
        for index, name in enumerate(order):
            start, end = spans[place[name]]
            pieces.append(self.text[start:end])
            pieces.append(self.text[spans[index][1] : spans[index + 1][0] if index < last else len(self.text)])
        return "".join(pieces)

    def _insert_flow(self, node: AnyNode, spans: list[tuple[int, int]], index: int, written: list[str]) -> str:
        if index == 0:
            return self._put(spans[0][0], spans[0][0], "".join(f"{one}, " for one in written))
        end = spans[index - 1][1]
        own_lines = index > 1 and "\n" in self.text[spans[index - 2][1] : spans[index - 1][0]]
        if own_lines and (rest := _REST.match(self.text, end)):
            pad = self.text[self._line_start(spans[index - 1][0]) : spans[index - 1][0]]
            comma = "" if "," in self.text[end : rest.start(1) if rest[1] else rest.end()] else ","
            last = "" if comma and index == len(spans) else ","
            lines = self.newline + pad + ("," + self.newline + pad).join(written) + last
            return self.text[:end] + comma + self.text[end : rest.end()] + lines + self.text[rest.end() :]
        return self._put(end, end, "".join(f", {one}" for one in written))

    def _remove_flow(self, spans: list[tuple[int, int]], index: int, node: AnyNode) -> str:
        start, end = spans[index]
        line, rest = self._line_start(start), _REST.match(self.text, end)
        if line > node.start and rest and not self.text[line:start].strip():
            return self._put(line, self._next_line(rest.end()), "")
        if index + 1 < len(spans):
            return self._put(start, spans[index + 1][0], "")
        return self._put(spans[index - 1][1] if index else start, end, "")

    def too_wide(self, node: AnyNode) -> bool:
        """Whether a one-line flow collection without comments reaches beyond what is pleasant to read."""
        line = self.text[self._line_start(node.start) : self._line_end(node.end)]
        return len(line) > _WIDEST and "\n" not in self.text[node.start : node.end] and "#" not in line

    def _entry_end(self, node: Mapping, index: int) -> int:
        key, value = node.entries[index]
        return max(key.end, value.end)

    def _behind(self, node: AnyNode, key: Scalar | None, path: SessionPath) -> int:
        """The place right behind the colon of a key, or behind the dash of an item."""
        if key is not None:
            return self.text.index(":", key.end) + 1
        start = node.start
        while path and start > 0 and self.text[start - 1] in " \t":
            start -= 1
        return start

    def _dash(self, node: Sequence, index: int) -> int:
        """The dash of a block list's item stands in the list's column, in the item's line or above it."""
        line = self._line_start(node.items[index].start)
        while self.text[line + node.column - 1 : line + node.column] != "-" and line > node.start:
            line = self._line_start(line - 1)
        return line + node.column - 1

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        if end < 0:
            return len(self.text)
        return end - 1 if end > offset and self.text[end - 1] == "\r" else end

    def _next_line(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1

    def _join(self, lines: list[str]) -> str:
        return self.newline.join(lines)

    def _put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def _put_line(self, behind: int, line: str) -> str:
        end = self._line_end(behind)
        return self._put(end, end, self.newline + line)


def _spans(node: Mapping | Sequence) -> list[tuple[int, int]]:
    if isinstance(node, Mapping):
        return [(key.start, max(key.end, value.end)) for key, value in node.entries]
    return [(item.start, item.end) for item in node.items]


def _is_block(node: AnyNode) -> bool:
    return not isinstance(node, Scalar) and not node.flow


def _styled(value: Any, node: Scalar, path: SessionPath) -> str:
    """A single value, in the kind of quotes that the old one had, unless these were only there for the old value."""
    if isinstance(value, str) and node.style == '"' and write(node.text) == node.text:
        return quote(value)
    if isinstance(value, str) and node.style == "'" and quote(value) == f'"{value}"' and "'" not in value:
        return f"'{value}'"
    return render.flow(value, path)
