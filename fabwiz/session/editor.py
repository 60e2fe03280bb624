"""Edits on the text of a session: small changes of text that mean exactly what the edit says.

Every result is read again and compared with what the edit means on plain data. Where the layout of a file is too
odd for a small change, the part around it is written anew, and in the end the whole file under its first comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    together: list[Edit] = []
    for edit in [*edits, None]:
        if edit is not None and edit.key is None:
            together.append(edit)
            continue
        text, tree = _set(text, tree, together)
        together = []
        if edit is not None:
            text, tree = _rename(text, tree, edit)
    return text


def _set(text: str, tree: AnyNode | None, edits: list[Edit]) -> tuple[str, AnyNode | None]:
    """Make edits that set and remove: all at once, or one after the other where the layout is too odd for that."""
    wanted = plain(tree)
    for edit in edits:
        wanted = edited(wanted, edit)
    try:
        return _rewrite(text, tree, wanted)
    except (ValueError, IndexError, UnreadableError):
        if len(edits) > 1:
            for edit in edits:
                text, tree = _set(text, tree, [edit])
            return text, tree
        return _anew(text, tree, edits[0], wanted)


def _rename(text: str, tree: AnyNode | None, edit: Edit) -> tuple[str, AnyNode | None]:
    wanted = edited(plain(tree), edit)
    *_, (_, key, _node) = follow(tree, edit.path)
    tries = [Splicer(text).rename(key, edit.key)] if key and edit.key is not None else []
    return _first(tries, wanted) or _anew(text, tree, edit, wanted)


def _rewrite(text: str, tree: AnyNode | None, wanted: Any) -> tuple[str, AnyNode | None]:
    """Make the text say what is wanted, by the smallest changes. Reads the text again after each."""
    values = list(_values(tree, wanted, ()))
    if len(values) > 1:
        text = Splicer(text).replace_values(values)
        tree = parse(text)
    while True:
        step = _step(text, tree, (), wanted)
        if step is None:
            return text, tree
        if step == text:
            raise ValueError("no progress")
        text, tree = step, parse(step)


def _values(node: AnyNode | None, wanted: Any, path: SessionPath) -> Iterator[tuple[Scalar, Any, SessionPath]]:
    """Single values that become other single values: these changes do not touch each other."""
    if isinstance(node, Scalar) and not isinstance(wanted, dict | list) and node.end > node.start:
        if not same(node.value, wanted, None):
            yield node, wanted, path
    elif isinstance(node, Mapping) and isinstance(wanted, dict):
        for index, (key, value) in enumerate(node.entries):
            if key.text in wanted and node.find(key.text) == index:
                yield from _values(value, wanted[key.text], (*path, key.text))
    elif isinstance(node, Sequence) and isinstance(wanted, list) and len(node.items) == len(wanted):
        for index, (item, one) in enumerate(zip(node.items, wanted, strict=True)):
            yield from _values(item, one, (*path, index))


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
    if missing := {name: value for name, value in wanted.items() if node.find(name) is None}:
        slots = {name: _slot(node, name, shape) for name in missing}
        slot = slots[next(iter(missing))]
        order = shape.settings if shape and shape.settings else ()
        named = sorted(missing, key=lambda name: order.index(name) if name in order else len(order))
        text = splicer.insert(node, slot, {name: missing[name] for name in named if slots[name] == slot}, path)
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
