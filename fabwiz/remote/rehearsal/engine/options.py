"""Command lines of docker and compose: flags, their values, and what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fabwiz.remote.rehearsal.engine.errors import UsageError


@dataclass(slots=True)
class Options:
    """A parsed command line: `values` by the option's main name, flags with an empty value."""

    values: dict[str, list[str]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether a flag was given."""
        return name in self.values

    def get(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return self.values.get(name, [default])[-1]


def parse(
    argv: Sequence[str], known: Mapping[str, tuple[str, bool]], *, stop_at_first: bool = False, program: str = ""
) -> Options:
    """Parse `argv` by `known`: spelling -> (main name, takes a value).

    `stop_at_first` leaves everything from the first plain argument on. Short flags may run together (`-aq`).
    Raises UsageError for unknown ones, in docker's words.
    """
    options = Options()
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        if word == "--":
            options.rest += queue
            break
        if not word.startswith("-") or word == "-":
            options.rest.append(word)
            if stop_at_first:
                options.rest += queue
                break
            continue
        spelling, equals, value = word.partition("=")
        if not word.startswith("--") and spelling not in known and len(word) > 2:
            if known.get(word[:2], ("", False))[1]:
                spelling, equals, value = word[:2], "=", word[2:]
            else:
                queue[:0] = [f"-{letter}" for letter in word[1:]]
                continue
        if spelling not in known:
            kind = "flag" if word.startswith("--") else "shorthand flag"
            raise UsageError(f"unknown {kind}: {spelling}\nSee '{program} --help'.")
        name, takes_value = known[spelling]
        if takes_value and not equals:
            if not queue:
                raise UsageError(f"flag needs an argument: {spelling}\nSee '{program} --help'.")
            value = queue.pop(0)
        options.values.setdefault(name, []).append(value)
    return options
