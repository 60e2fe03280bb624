"""A parsed endorsement policy: its principals in Fabric's order, and who can satisfy it.

Signatures are counted as common/cauthdsl/cauthdsl.go of Fabric 1.x counts them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import chain, combinations, islice
from typing import TypeVar

T = TypeVar("T")

ROLES = ("member", "admin", "client", "peer", "orderer")
"""Every role that a principal may name; 1.0 knows only the first two."""

_MAX_ALTERNATIVES = 256
_MAX_WORK = 4096


class Policy(ABC):
    """A rule: either `NOutOf` or `SignedBy`. What `parse` returns is always an `NOutOf`, as Fabric wants it."""

    @abstractmethod
    def build(self, gate: Callable[[int, list[T]], T], leaf: Callable[[int, SignedBy], T]) -> T:
        """Fold into something else, such as Fabric's protobuf messages.

        `leaf` gets a principal's index in `principals()`, `gate` gets n and the built rules in the order of the text.
        """

    @abstractmethod
    def _collect(self, found: list[SignedBy]) -> None:
        """Append the principals in Fabric's order."""

    @abstractmethod
    def _evaluate(self, unused: Counter[str], can_sign: Callable[[SignedBy], bool]) -> bool:
        """Whether it holds; takes the signatures that it uses out of `unused`."""

    @abstractmethod
    def _alternatives(self) -> list[tuple[str, ...]]:
        """Sorted multisets of MSP ids, each of which might satisfy it; the smallest first."""

    def principals(self) -> tuple[SignedBy, ...]:
        """The principals as the `identities` of Fabric's envelope list them: one for every mention, none merged,
        those of nested gates before a gate's own (Fabric evaluates inner gates first)."""
        found: list[SignedBy] = []
        self._collect(found)
        return tuple(found)

    def msp_ids(self) -> tuple[str, ...]:
        """Every MSP id that is named, once, in the order of `principals()`."""
        return tuple(dict.fromkeys(principal.msp_id for principal in self.principals()))

    def satisfiable_by(self, msp_ids: Collection[str]) -> bool:
        """Whether identities of these MSPs, as many as it takes and of any role, can satisfy it."""
        mentions = Counter(principal.msp_id for principal in self.principals() if principal.msp_id in msp_ids)
        return self._evaluate(mentions, lambda _: True)

    def satisfied_by(self, endorsers: Mapping[str, int]) -> bool:
        """Whether this many peers of each MSP satisfy it together. A peer is `member` and `peer`, never another role.

        A signature counts once, and Fabric lets every rule of a gate take one, whether or not the gate still needs it:
        `AND(OR('A.peer','B.peer'),'A.peer')` holds with two peers of A, not with one of A and one of B.
        """
        return self._evaluate(Counter(endorsers), _peer_signs)

    def minimal_endorser_sets(self, available: Mapping[str, int] | None = None) -> tuple[Mapping[str, int], ...]:
        """The smallest sets of peers that satisfy it: `{msp_id: number of peers}`, those with the fewest peers first.

        `available` is the number of peers of each MSP; `None` means plenty of all. Empty when peers cannot satisfy it.
        A policy that nobody needs to sign (`OutOf(0, ...)`) gives one empty set. Of large policies only the first 256
        sets, or fewer, are looked at.
        """
        mentions = Counter(principal.msp_id for principal in self.principals() if _peer_signs(principal))
        most = mentions if available is None else mentions & Counter(available)
        sets = [Counter(alternative) for alternative in self._alternatives()]
        sets = [endorsers for endorsers in sets if endorsers <= most and self.satisfied_by(endorsers)]
        if not sets and self.satisfied_by(most):
            sets = [self._thinned(most)]
        return tuple(dict(endorsers) for endorsers in sets)

    def _thinned(self, endorsers: Counter[str]) -> Counter[str]:
        """What is left of a satisfying set when every peer that can be spared is gone."""
        left = Counter(endorsers)
        for msp_id in sorted(endorsers.elements()):
            fewer = left - Counter([msp_id])
            if self.satisfied_by(fewer):
                left = fewer
        return left


@dataclass(frozen=True, slots=True)
class SignedBy(Policy):
    """A signature of one identity of an MSP in one of `ROLES`."""

    msp_id: str
    role: str

    def __str__(self) -> str:
        return f"'{self.msp_id}.{self.role}'"

    def build(self, gate: Callable[[int, list[T]], T], leaf: Callable[[int, SignedBy], T]) -> T:
        """Fold a single principal; its index is 0."""
        return leaf(0, self)

    def _collect(self, found: list[SignedBy]) -> None:
        found.append(self)

    def _evaluate(self, unused: Counter[str], can_sign: Callable[[SignedBy], bool]) -> bool:
        if unused[self.msp_id] < 1 or not can_sign(self):
            return False
        unused[self.msp_id] -= 1
        return True

    def _alternatives(self) -> list[tuple[str, ...]]:
        return [(self.msp_id,)] if _peer_signs(self) else []


@dataclass(frozen=True, slots=True)
class NOutOf(Policy):
    """At least `n` of `rules` hold: AND is all of them, OR is 1."""

    n: int
    rules: tuple[Policy, ...]

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.rules))
        if self.n == len(self.rules):
            return f"AND({inner})"
        return f"OR({inner})" if self.n == 1 else f"OutOf({self.n}, {inner})"

    def build(self, gate: Callable[[int, list[T]], T], leaf: Callable[[int, SignedBy], T]) -> T:
        """Fold the whole tree."""
        taken = 0

        def visit(rule: Policy) -> T:
            nonlocal taken
            if isinstance(rule, NOutOf):
                built = {i: visit(inner) for i, inner in enumerate(rule.rules) if isinstance(inner, NOutOf)}
                for i, inner in enumerate(rule.rules):
                    if isinstance(inner, SignedBy):
                        built[i] = leaf(taken, inner)
                        taken += 1
                return gate(rule.n, [built[i] for i in range(len(rule.rules))])
            raise TypeError(f"{rule!r} is no gate")

        return visit(self)

    def _collect(self, found: list[SignedBy]) -> None:
        for rule in self.rules:
            if isinstance(rule, NOutOf):
                rule._collect(found)
        found.extend(rule for rule in self.rules if isinstance(rule, SignedBy))

    def _evaluate(self, unused: Counter[str], can_sign: Callable[[SignedBy], bool]) -> bool:
        verified = 0
        for rule in self.rules:
            if isinstance(rule, SignedBy):
                verified += rule._evaluate(unused, can_sign)
                continue
            trial = Counter(unused)
            if rule._evaluate(trial, can_sign):
                verified += 1
                unused.clear()
                unused.update(trial)
        return verified >= self.n

    def _alternatives(self) -> list[tuple[str, ...]]:
        options = [alternatives for rule in self.rules if (alternatives := rule._alternatives())]
        if all(len(alternatives) == 1 for alternatives in options):
            choices = islice(combinations(options, self.n), _MAX_ALTERNATIVES)
            sets = [tuple(sorted(chain.from_iterable(one[0] for one in choice))) for choice in choices]
            return _without_supersets(sorted(dict.fromkeys(sets), key=len))
        # chosen[count]: what satisfies `count` of the rules looked at so far
        chosen: list[dict[tuple[str, ...], None]] = [{} for _ in range(self.n + 1)]
        chosen[0][()] = None
        most = min(_MAX_ALTERNATIVES, max(4, _MAX_WORK // (self.n * len(options) or 1)))
        for position, alternatives in enumerate(options, 1):
            fewest = max(1, self.n - len(options) + position)
            for count in range(min(self.n, position), fewest - 1, -1):
                more = {tuple(sorted(one + other)): None for one in chosen[count - 1] for other in alternatives[:most]}
                merged = sorted({**chosen[count], **more}, key=len)
                chosen[count] = dict.fromkeys(merged[:most])
        return _without_supersets(list(chosen[self.n]))


def _peer_signs(principal: SignedBy) -> bool:
    return principal.role in ("member", "peer")


def _without_supersets(sets: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Distinct sets without those that hold another; `sets` is sorted by size."""
    kept: list[tuple[str, ...]] = []
    smaller: list[Counter[str]] = []
    for candidate in sets:
        counted = Counter(candidate)
        if not any(one <= counted for one in smaller if one.total() < len(candidate)):
            kept.append(candidate)
            smaller.append(counted)
    return kept
