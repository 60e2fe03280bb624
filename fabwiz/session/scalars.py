"""Single values of YAML: what a plain scalar means, and when text needs quotes.

YAML 1.1 and 1.2 read some plain scalars differently (`no`, `0777`, `12:30`, `2024-01-01`). A session file takes
none of them, nor fractions: they become `Odd`, which no setting accepts, so that the operator is told to quote or
rewrite them.
"""

from __future__ import annotations

import re
from typing import Any

from yaml.nodes import ScalarNode
from yaml.resolver import Resolver


class Odd:
    """A plain scalar that no setting takes, often as YAML readers disagree on it.

    `text` is as written, `kind` says what it may be.
    """

    __slots__ = ("kind", "text")

    def __init__(self, text: str, kind: str) -> None:
        self.text = text
        self.kind = kind

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Odd) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


_KINDS = {
    "bool": "a truth value",
    "int": "a number in a notation other than plain decimal",
    "float": "a number in a notation other than plain decimal",
    "timestamp": "a date",
    "merge": "a merge key",
    "value": "a default key",
}
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
# read as numbers by YAML 1.2 alone, or as truth values by the letter of YAML 1.1 alone
_ODD_ELSEWHERE = re.compile(
    r"(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9][0-9_]*|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)\Z"
)
_YES_OR_NO = {"y", "Y", "n", "N"}
_resolver = Resolver()


def resolve(text: str) -> str | int | bool | Odd | None:
    """Read a plain (unquoted) scalar."""
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return Odd(text, "a number")  # no setting is a fraction, and 1.40 must stay 1.40 when it is put in quotes
    # the resolver's patterns are only worth a try, and only safe in time, on short text
    tag = str(_resolver.resolve(ScalarNode, text, (True, False))) if len(text) <= 64 else "str"  # type: ignore[no-untyped-call]
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in _KINDS:
        return Odd(text, _KINDS[kind])
    if text in _YES_OR_NO:
        return text
    if _ODD_ELSEWHERE.match(text):
        return Odd(text, _KINDS["int"])
    return text


# Text that may stand without quotes: begins harmlessly, no indicator, no quote, bracket or comma. A colon or number
# sign only within a word.
_PLAIN = re.compile(r"(?:[^\W_]|[/_]|~(?=/))[\w./~@+=-]*(?:(?:[ :]|(?<=\w)#)[\w./~@+=-]+)*\Z")
_ESCAPE = re.compile(
    r'["\\\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e'
    r"\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\uffff]"
)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\x1b": "\\e"}


def quote(text: str) -> str:
    """Write text in double quotes, on one line, with everything invisible escaped."""

    def escape(match: re.Match[str]) -> str:
        char = match[0]
        if char in _ESCAPES:
            return _ESCAPES[char]
        return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"

    return '"' + _ESCAPE.sub(escape, text) + '"'


def write(value: str | int | bool | Odd | None) -> str:
    """Write a value as YAML, text with quotes only where it needs them: `1.0` the text is `"1.0"`."""
    if isinstance(value, Odd):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if (
        len(value) <= 200
        and _PLAIN.match(value)
        and not _ESCAPE.search(value)
        and value not in _YES_OR_NO
        and isinstance(resolve(value), str)
    ):
        return value
    return quote(value)


def shown(value: Any, limit: int = 60) -> str:
    """Write any plain data for a message: short, on one line, nothing in it that a terminal would obey."""
    if isinstance(value, Odd):
        value = value.text
    text = quote(value)[1:-1] if isinstance(value, str) else quote(repr(value)[: limit * 4])[1:-1]
    return text if len(text) <= limit else text[: limit - 3] + "..."
