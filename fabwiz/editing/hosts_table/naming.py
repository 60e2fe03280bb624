"""Names for the hosts of a table: valid ones, each once, as near as can be to what stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from fabwiz.editing.hosts_table.login import login_of
from fabwiz.editing.hosts_table.raw import Column, Raw
from fabwiz.rules.addresses import ip_of
from fabwiz.rules.naming import DNS_NAME
from fabwiz.rules.suggest import label
from fabwiz.session.scalars import shown


class Names:
    """Names that are taken, and further ones: as `rules.suggest.unique`, but quick for thousands under one stem."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def another(self, name: str) -> str:
        """The name, or with the first number that makes it unlike all that are taken; it is taken from then on."""
        stem = name.rstrip("0123456789") or name
        number = self._next.get(stem, 0)
        digits = name[len(stem) :]
        if not number:
            number = int(digits or 1) if len(digits) < 9 else 1
        made = name
        while made in self._taken:
            number += 1
            made = f"{stem}{number}"
        self._next[stem] = number
        self._taken.add(made)
        return made


def names_of(rows: list[Raw], taken: Collection[str]) -> list[tuple[str, str | None]]:
    """For each row the name of its host and, where it is not what stands there, what was changed.

    A full DNS name becomes its first label, with the second one behind it where that is needed to tell two apart.
    `taken` are names that a host without a name of its own cannot have.
    """
    given = [_given(row) for row in rows]
    full = [_labels(text) for text in given]
    firsts = Counter(labels[0].lower() for labels in dict.fromkeys(filter(None, full)))
    named: list[tuple[str, str | None]] = []
    made = Names([*(label(text[:200], lower=True, fallback="") for text in given if text), *taken])
    for text, labels in zip(given, full, strict=True):
        if labels:
            name = label("-".join(labels[: 2 if firsts[labels[0].lower()] > 1 else 1]), lower=True)
        elif text:
            name = label(text[:200], fallback="", lower=True)
        else:
            name = ""
        if name:
            named.append((name, None if name == text else f"{shown(text, 40)} becomes {name}"))
        else:
            name = made.another("host1")
            named.append((name, f"called {name}, for want of a name" if not text else f"called {name}"))
    return named


def _given(row: Raw) -> str:
    """The name that stands there: of the columns for names the first that is no address."""
    written = [row.cells.get(column, "") for column in (Column.NAME, Column.HOSTNAME)]
    address = login_of(row.cells.get(Column.ADDRESS, "")).address
    if DNS_NAME.fullmatch(address):
        written.append(address)
    names = (login_of(text).address if "@" in text else text for text in written)
    return next((text for text in names if text and not _is_address(text)), "")


def _is_address(text: str) -> bool:
    return ip_of(text) is not None or (text.replace(".", "").isdecimal() and "." in text)


def _labels(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")) if "." in text and DNS_NAME.fullmatch(text) else ()
