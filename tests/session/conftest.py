"""The four-host example, ways to damage it, and any session that the format can say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.model import Session
from fabwiz.session.scalars import write
from fabwiz.session.shape import ROOT, Shape

Damage = Callable[..., Document]


@pytest.fixture(scope="session")
def four_hosts() -> str:
    return examples.text("four-lan-hosts")


@pytest.fixture
def damaged(four_hosts: str) -> Damage:
    """`damaged("a: 1", "a: 2")` is the example with the first text replaced, once, by the second."""

    def damage(old: str, new: str) -> Document:
        assert old in four_hosts, f"{old!r} is not in the example"
        return Document.from_text(four_hosts.replace(old, new, 1), Path("lan4.yaml"))

    return damage


def _texts() -> st.SearchStrategy[str]:
    awkward = ["", " ", "no", "1.0", "~", "a: b", "a #b", "- a", "{a}", "'", '"', "é", "x\ty", "<<", "0777", "12:30"]
    names = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)
    return st.one_of(names, names, st.sampled_from(awkward), st.text(st.characters(codec="utf-8"), max_size=12)).filter(
        _may_stand
    )


def _may_stand(text: str) -> bool:
    """Control characters have no place in a session, in quotes neither; nor do texts that look like secrets."""
    found = Document.from_text(f"{write(text)}: {write(text)}").findings
    return not any(f.rule in ("yaml-unsupported", "secret-in-session") for f in found)


def _values(shape: Shape) -> st.SearchStrategy[Any]:
    if shape.kind == "part":
        parts: dict[str, st.SearchStrategy[Any]] = {}
        required: dict[str, st.SearchStrategy[Any]] = {}
        for name in shape.settings:
            child = shape.child(name)
            assert child is not None
            assert child.field is not None
            (required if child.field.is_required() else parts)[name] = _values(child)
        return st.fixed_dictionaries(required, optional=parts)
    if shape.item is not None:
        inner = _values(shape.item)
        return st.lists(inner, max_size=3) if shape.kind == "list" else st.dictionaries(_texts(), inner, max_size=3)
    return {
        "text": _texts(),
        "number": st.integers(1, 10000),
        "truth": st.booleans(),
        "choice": st.sampled_from(shape.choices or (None,)),
        "duration": st.from_regex(r"([0-9]{1,4}(\.[0-9]{1,3})?(ns|us|ms|s|m|h)){1,2}", fullmatch=True),
        "size": st.from_regex(r"[0-9]{1,4}(\.[0-9])?( ?[KMG]B)?", fullmatch=True),
    }[shape.kind]


@pytest.fixture(scope="session")
def sessions() -> st.SearchStrategy[Session]:
    """Any session that the format can say, however senseless."""
    return _values(ROOT).map(Session.model_validate)


@pytest.fixture(scope="session")
def texts() -> st.SearchStrategy[str]:
    """Names and words, awkward ones among them."""
    return _texts()
