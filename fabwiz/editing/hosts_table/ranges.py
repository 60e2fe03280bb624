"""`kafka[1:4]`: one word for several hosts, as Ansible's inventories have it."""

from __future__ import annotations

import itertools
import math
import re

MAX_HOSTS = 1000
"""Hosts that one word may stand for."""

_RANGE = re.compile(r"\[([0-9]{1,9}|[A-Za-z]):([0-9]{1,9}|[A-Za-z])(?::([0-9]{1,9}))?\]")


class TooMany(ValueError):
    """A word that stands for more hosts than anybody has, or for none."""


def expanded(word: str) -> list[str]:
    """All that a word stands for, in order: `a[01:03]` is a01, a02, a03; a word without a range is itself.

    Both ends belong to a range; a third number is the step. Raises TooMany.
    """
    pieces = _RANGE.split(word)
    if len(pieces) == 1:
        return [word]
    texts = pieces[0::4]
    ranges = list(zip(pieces[1::4], pieces[2::4], pieces[3::4], strict=True))
    count = math.prod(len(_numbers(*one)) for one in ranges)  # counted before anything is made
    if not 0 < count <= MAX_HOSTS:
        told = f"{count:,}" if count < 10**12 else "more than any number of"
        raise TooMany(f"the range stands for {told} hosts; it may be 1 to {MAX_HOSTS:,}")
    choices = [[_item(number, one[0]) for number in _numbers(*one)] for one in ranges]
    return [
        texts[0] + "".join(item + text for item, text in zip(items, texts[1:], strict=True))
        for items in itertools.product(*choices)
    ]


def _numbers(first: str, last: str, step: str | None) -> range:
    by = int(step or 1)
    if by < 1 or first.isdecimal() != last.isdecimal():
        return range(0)
    if first.isdecimal():
        return range(int(first), int(last) + 1, by)
    return range(ord(first), ord(last) + 1, by)


def _item(number: int, first: str) -> str:
    if not first.isdecimal():
        return chr(number)
    return str(number).zfill(len(first)) if first.startswith("0") else str(number)
