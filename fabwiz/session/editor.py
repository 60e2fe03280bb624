"""Edits on the text of a session: small changes of text that mean exactly what the edit says.

Every result is read again and compared with what the edit means on plain data. Where the layout of a file is too
odd for a small change, the part around it is written anew, and in the end the whole file under its first comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fabwiz.session import render
from fabwiz.session.edits import EditError, edited, same
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.shape import ROOT, Shape, shape_at
from fabwiz.session.splice import Splicer
from fabwiz.session.tree import AnyNode, Mapping, Scalar, Sequence, UnreadableError, follow, parse, plain


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, made in order. Raises EditError, also where the text is no readable YAML."""
    try:
        tree = parse(text)
    except UnreadableError as error:
        raise EditError(f"the file cannot be changed before it can be read: {error}") from None
    for edit in edits:
        text, tree = _apply(text, tree, edit)
    return text


def _apply(text: str, tree: AnyNode | None, edit: Edit) -> tuple[str, AnyNode | None]:
    data = plain(tree)
    wanted = edited(data, edit)
    if edit.key is not None:
        *_, (_, key, _node) = follow(tree, edit.path)
        tries = [Splicer(text).rename(key, edit.key)] if key else []
        return _first(tries, wanted) or _anew(text, tree, edit, wanted)
    if same(data, wanted, ROOT):
        return text, tree
    try:
        found = _rewrite(text, tree, (), wanted)
    except (ValueError, IndexError, UnreadableError):
        found = None  # an odd layout
    return (_first([found], wanted) if found else None) or _anew(text, tree, edit, wanted)


def _rewrite(text: str, tree: AnyNode | None, path: SessionPath, wanted: Any) -> str:
    """Make the node at a path say what is wanted, by the smallest changes. Reads the text again after each."""
    while True:
        step = _step(text, tree, path, wanted)
        if step is None:
            return text
        if step == text:
            raise ValueError("no progress")
        text, tree = step, parse(step)


def _step(text: str, root: AnyNode | None, path: SessionPath, wanted: Any) -> str | None:
    """The first of the changes that are still needed at a node; `None` if it says what is wanted."""
    if root is None:
        end = "" if not text or text.endswith("\n") else "\n"
        return text + end + render.text(wanted)
    trail = list(follow(root, path))
    _, key, node = trail[-1]
    shape = shape_at(path)
    if same(plain(node), wanted, shape):
        return None
    in_flow = any(not isinstance(above, Scalar) and above.flow for _, _, above in trail[:-1])
    splicer = Splicer(text)
    if isinstance(node, Mapping) and isinstance(wanted, dict) and _alike(node, wanted):
        return _mapping_step(splicer, root, node, wanted, path, shape, in_flow, key)
    if isinstance(node, Sequence) and isinstance(wanted, list) and node.items and wanted:
        return _sequence_step(splicer, root, node, wanted, path)
    return splicer.replace(node, wanted, path, key, in_flow)


def _mapping_step(
    splicer: Splicer,
    root: AnyNode,
    node: Mapping,
    wanted: dict[str, Any],
    path: SessionPath,
    shape: Shape | None,
    in_flow: bool,
    key: Scalar | None,
) -> str | None:
    for index, (entry, _) in enumerate(node.entries):
        if entry.text not in wanted or node.find(entry.text) != index:
            return splicer.remove(node, index)
    for entry, _ in node.entries:
        if (step := _step(splicer.text, root, (*path, entry.text), wanted[entry.text])) is not None:
            return step
    for name in wanted:
        if node.find(name) is None:
            slot = _slot(node, name, shape)
            text = splicer.insert(node, slot, name, wanted[name], (*path, name))
            *_, (_, _, now) = follow(parse(text), path)
            wider = Splicer(text)
            if node.flow and not in_flow and path and wider.too_wide(now) and not splicer.too_wide(node):
                return wider.replace(now, plain(now), path, key, in_flow)
            return text
    return splicer.reorder(node, list(wanted))


def _sequence_step(splicer: Splicer, root: AnyNode, node: Sequence, wanted: list[Any], path: SessionPath) -> str | None:
    """One step of: equal beginnings and ends stay, what lies between is changed, inserted or removed."""
    now = plain(node)
    shortest = min(len(now), len(wanted))
    item = shape.item if (shape := shape_at(path)) else None
    head = next((i for i in range(shortest) if not same(now[i], wanted[i], item)), shortest)
    tail = next((i for i in range(shortest - head) if not same(now[-1 - i], wanted[-1 - i], item)), shortest - head)
    if head + tail == len(now):
        return splicer.insert_item(node, head, wanted[head], (*path, head))
    if head + tail == len(wanted):
        return splicer.remove(node, head)
    return _step(splicer.text, root, (*path, head), wanted[head])


def _alike(node: Mapping, wanted: dict[str, Any]) -> bool:
    return any(key.text in wanted for key, _ in node.entries)


def _slot(node: Mapping, name: str, shape: Shape | None) -> int:
    """Settings stand in the order of the model as far as the file does; names that operators choose come last."""
    settings = shape.settings if shape else ()
    if name not in settings:
        return len(node.entries)
    before = settings[: settings.index(name)]
    return max((index + 1 for index, (key, _) in enumerate(node.entries) if key.text in before), default=0)


def _first(tries: list[str], wanted: Any) -> tuple[str, AnyNode | None] | None:
    for text in tries:
        try:
            tree = parse(text)
        except UnreadableError:
            continue
        if same(plain(tree), wanted, ROOT):
            return text, tree
    return None


def _anew(text: str, tree: AnyNode | None, edit: Edit, wanted: Any) -> tuple[str, AnyNode | None]:
    """Write the part around an edit anew: the nearest that works, at last the whole file."""
    tries = []
    for length in range(len(edit.path) - 1, 0, -1):
        here = edit.path[:length]
        trail = list(follow(tree, here))
        if len(trail) != length + 1:
            continue
        part = wanted
        for one in here:
            part = part[one]
        in_flow = any(not isinstance(above, Scalar) and above.flow for _, _, above in trail[:-1])
        try:
            tries.append(Splicer(text).replace(trail[-1][2], part, here, trail[-1][1], in_flow))
        except ValueError:
            continue
    head = text[: tree.start] if tree is not None else ""
    comments = "".join(line for line in head.splitlines(keepends=True) if not line.strip() or line.startswith("#"))
    if found := _first([*tries, comments + render.text(wanted), render.text(wanted)], wanted):
        return found
    raise EditError("the file cannot be changed this way: a key or value cannot be written as YAML")
