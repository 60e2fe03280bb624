"""PyYAML without its C library: slower, and the same otherwise."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from fabwiz.session import examples, tree


@pytest.fixture
def slow_tree(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it is where `yaml.cyaml` cannot be imported."""
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    assert tree.__file__ is not None
    spec = importlib.util.spec_from_file_location("slow_tree", tree.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "slow_tree", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", examples.names())
def test_same_tree(slow_tree: ModuleType, name: str) -> None:
    text = examples.text(name)
    assert repr(slow_tree.parse(text)) == repr(tree.parse(text))


@pytest.mark.parametrize(
    "text", ["[" * 3000, "a: &a [*a]", "a: !!python/object:x y", "a: 'b", "a: b: c", "--- a\n--- b"]
)
def test_same_refusals(slow_tree: ModuleType, text: str) -> None:
    with pytest.raises(slow_tree.UnreadableError) as slow:
        slow_tree.parse(text)
    with pytest.raises(tree.UnreadableError) as quick:
        tree.parse(text)
    one, other = slow.value.finding, quick.value.finding
    assert (one.rule, one.path, one.line) == (other.rule, other.path, other.line)
