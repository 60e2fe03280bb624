"""The endorsement policy language of the 1.x command line: `AND('Org1MSP.peer', OutOf(1, 'Org2MSP.member', ...))`.

Accepts what `cauthdsl.FromString` of the release accepts (common/cauthdsl/policyparser.go). Two places are
stricter: `n` must be a whole number, and an `n` above the number of rules is refused, although Fabric lets one too
many pass and then never finds the policy satisfied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fabwiz.session.releases import NEWEST, Release
from fabwiz.session.signatures import ROLES, NOutOf, Policy, SignedBy

__all__ = ["ROLES", "NOutOf", "Policy", "PolicyError", "SignedBy", "parse"]

_MAX_DEPTH = 64
_TOKEN = re.compile(
    r"""\s*(?:(?P<gate>[^\W\d_]\w*)|(?P<number>\d+(?![\w.]))|['"](?P<quoted>[^'"]*)['"]|(?P<sign>[(),.]))"""
)


class PolicyError(ValueError):
    """A policy that Fabric would not take. `position` counts characters from 0; `text` is the whole policy."""

    def __init__(self, message: str, position: int, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.text = text

    def __str__(self) -> str:
        return f"{self.message} (at character {self.position + 1})"


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Language(NamedTuple):
    gates: Mapping[str, str]
    roles: tuple[str, ...]
    principal: re.Pattern[str]
    msp_characters: str


def _language(release: Release) -> _Language:
    gates = ["AND", "and", "OR", "or"]
    if release.number >= (1, 1, 0):
        gates += ["OutOf", "OUTOF", "outof"]
    if release.number >= (1, 2, 0):
        gates += ["And", "Or"]
    is_first = release.number < (1, 1, 0)
    roles = ROLES[:2] if is_first else ROLES
    characters = "[A-Za-z0-9]" if is_first else "[A-Za-z0-9.-]"
    principal = re.compile(rf"({characters}+)\.({'|'.join(roles)})")
    return _Language({gate: gate.lower() for gate in gates}, roles, principal, characters)


def parse(text: str, release: Release | None = None) -> Policy:
    """Read a policy; `release` decides which gates and roles there are, the newest when nothing is said.

    Raises PolicyError, which says what is wrong and where.
    """
    return _Parser(text, release or NEWEST).whole()


class _Parser:
    def __init__(self, text: str, release: Release) -> None:
        self.text = text
        self.release = release
        self.language = _language(release)
        self.tokens = self._tokens()
        self.ahead = next(self.tokens)

    def _error(self, message: str, position: int) -> PolicyError:
        return PolicyError(message, position, self.text)

    def _tokens(self) -> Iterator[_Token]:
        position, end = 0, len(self.text.rstrip())
        while position < end:
            match = _TOKEN.match(self.text, position)
            if match is None or match.lastgroup is None:
                position += len(self.text[position:]) - len(self.text[position:].lstrip())
                if self.text[position] in "'\"":
                    raise self._error("a quote is not closed", position)
                raise self._error(f"{self.text[position]!r} does not belong here", position)
            start = match.start(match.lastgroup) - (match.lastgroup == "quoted")
            yield _Token(match.lastgroup, match[match.lastgroup], start)
            position = match.end()
        while True:
            yield _Token("end", "", end)

    def _next(self) -> _Token:
        token, self.ahead = self.ahead, next(self.tokens)
        return token

    def whole(self) -> Policy:
        """The whole text: one gate and nothing after it."""
        if self.ahead.kind == "end":
            raise self._error("the policy is empty; write such as OR('Org1MSP.member')", 0)
        if self.ahead.kind == "quoted":
            raise self._error(f"a principal alone is no policy; write OR('{self.ahead.text}')", self.ahead.start)
        policy = self._gate(0)
        if self.ahead.kind != "end":
            raise self._error(f"{self.ahead.text!r} comes after the end of the policy", self.ahead.start)
        return policy

    def _gate(self, depth: int) -> NOutOf:
        name = self._next()
        gates = self.language.gates
        if name.kind != "gate":
            raise self._error(f"expected one of {', '.join(gates)}, not {name.text!r}", name.start)
        if name.text not in gates:
            raise self._error(self._unknown_gate(name), name.start)
        if depth >= _MAX_DEPTH:
            raise self._error(f"gates are nested more than {_MAX_DEPTH} deep", name.start)
        if self.ahead != _Token("sign", "(", self.ahead.start):
            raise self._error(f"{name.text} is not followed by (", self.ahead.start)
        self._next()
        n = self._count(name) if gates[name.text] == "outof" else None
        rules = self._rules(name, depth)
        if n is not None and n > len(rules):
            raise self._error(f"{name.text} wants {n} of {len(rules)} and can never be satisfied", name.start)
        if n is None:
            n = len(rules) if gates[name.text] == "and" else 1
        return NOutOf(n, tuple(rules))

    def _unknown_gate(self, name: _Token) -> str:
        if self.ahead.start == name.start + len(name.text) and self.ahead.text == ".":
            return f"a principal stands in quotes, such as '{name.text}.member'"
        known = ", ".join(self.language.gates)
        return f"{name.text!r} is no gate of Fabric {self.release.version}; it knows {known}"

    def _count(self, name: _Token) -> int:
        token = self._next()
        if not (token.kind in ("number", "quoted") and token.text.isdecimal() and token.text.isascii()):
            raise self._error(f"{name.text} starts with a whole number, such as {name.text}(2, ...)", token.start)
        comma = self._next()
        if comma.text != ",":
            raise self._error(f"{name.text}({token.text} is not followed by a comma and rules", comma.start)
        if len(token.text) > 6:
            raise self._error(f"{token.text[:12]}... is too large a number", token.start)
        return int(token.text)

    def _rules(self, name: _Token, depth: int) -> list[Policy]:
        rules: list[Policy] = []
        while True:
            if self.ahead.kind == "quoted":
                rules.append(self._principal(self._next()))
            elif self.ahead.kind == "gate":
                rules.append(self._gate(depth + 1))
            elif self.ahead.kind == "end":
                raise self._error(f"the ( of {name.text} is not closed", name.start)
            else:
                raise self._error(f"expected a quoted principal or a gate, not {self.ahead.text!r}", self.ahead.start)
            token = self._next()
            if token.text == ")" and token.kind == "sign":
                return rules
            if token.kind == "end":
                raise self._error(f"the ( of {name.text} is not closed", name.start)
            if token.text != "," or token.kind != "sign":
                raise self._error(f"expected , or ) but found {token.text!r}", token.start)

    def _principal(self, token: _Token) -> SignedBy:
        match = self.language.principal.fullmatch(token.text)
        if match:
            return SignedBy(match[1], match[2])
        msp_id, dot, role = token.text.rpartition(".")
        known = ", ".join(self.language.roles)
        if not dot or not msp_id:
            message = f"{token.text!r} is no principal; write <MSP id>.<role>, such as 'Org1MSP.member'"
        elif role not in self.language.roles:
            message = f"{role!r} is no role of Fabric {self.release.version}; it knows {known}"
        else:
            message = (
                f"Fabric {self.release.version} reads no policy with the MSP id {msp_id!r}: "
                f"only the characters {self.language.msp_characters} are allowed there"
            )
        raise self._error(message, token.start)
