"""What is wrong, why, where that comes from, and what one key mends."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fabwiz.rules import RULES
from fabwiz.session.findings import Finding
from screens.marks import marks

_MOST = 200
"""Findings that are listed; nobody reads more before mending some."""


class FindingsPanel(Vertical):
    """Follows the draft. Errors come first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fix", "Fix this"),
        Binding("a", "accept", "Accept"),
    ]

    class Fix(Message):
        """Somebody wants the fix of a finding."""

        def __init__(self, finding: Finding) -> None:
            super().__init__()
            self.finding = finding

    class Accept(Message):
        """Somebody wants to go on although a rule that may be waived is broken."""

        def __init__(self, finding: Finding) -> None:
            super().__init__()
            self.finding = finding

    class Show(Message):
        """Somebody wants to go where a finding is."""

        def __init__(self, finding: Finding) -> None:
            super().__init__()
            self.finding = finding

    def __init__(self) -> None:
        super().__init__(id="findings")
        self.findings: tuple[Finding, ...] = ()

    def compose(self) -> ComposeResult:
        """A line for each finding, and all about the highlighted one."""
        yield OptionList(id="finding-list", compact=True)
        yield Static("", id="finding-detail", markup=False)

    def update_findings(self, findings: tuple[Finding, ...]) -> None:
        """Draw again if they are others; the highlighted one stays so."""
        ordered = tuple(sorted(findings, key=lambda finding: not finding.blocks))
        self._head(ordered)
        if ordered == self.findings and [f.fix for f in ordered] == [f.fix for f in self.findings]:
            return
        kept = self.current if self.has_focus_within else None
        self.findings = ordered
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_line(finding)) for finding in ordered[:_MOST]])
        if ordered:
            same = [i for i, f in enumerate(ordered[:_MOST]) if kept and (f.rule, f.path) == (kept.rule, kept.path)]
            options.highlighted = same[0] if same else 0
        self._detail()

    @property
    def current(self) -> Finding | None:
        """The highlighted one."""
        at = self.query_one(OptionList).highlighted
        return self.findings[at] if at is not None and at < len(self.findings) else None

    def _head(self, findings: tuple[Finding, ...]) -> None:
        errors = sum(finding.blocks for finding in findings)
        warnings = len(findings) - errors
        parts = [_count(errors, "error"), _count(warnings, "warning")]
        self.border_title = ", ".join(part for part in parts if part) or "no findings"
        self.border_subtitle = "F2 read  F6 fix" if any(finding.fix for finding in findings) else ""
        self.set_class(errors > 0, "-error")
        self.set_class(not errors and warnings > 0, "-warning")

    def _detail(self) -> None:
        finding = self.current
        text = Text()
        if finding:
            rule = RULES.get(finding.rule)
            text.append(f"{finding.message}\n")
            text.append(f"at {finding.dotted or 'the session'}", "dim")
            text.append(f", line {finding.line}\n" if finding.line else "\n", "dim")
            if finding.fix:
                text.append(f"fix: {finding.fix.title}\n", "bold")
            if finding.blocks and rule and rule.waivable:
                text.append("a accepts it with a reason that is kept in the session\n", "bold")
            if rule:
                text.append(f"why: {rule.why}\n")
                text.append(f"{rule.id}; from: {rule.source}", "dim")
        self.query_one("#finding-detail", Static).update(text)
        self.refresh_bindings()

    def on_option_list_option_highlighted(self) -> None:
        """All about another one."""
        self._detail()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter goes to the place."""
        event.stop()
        if finding := self.current:
            self.post_message(self.Show(finding))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys show where they can do something for the highlighted finding."""
        del parameters
        if action == "fix":
            return self.current is not None and self.current.fix is not None
        return action != "accept" or self._may_be_accepted

    @property
    def _may_be_accepted(self) -> bool:
        finding = self.current
        rule = RULES.get(finding.rule) if finding else None
        return finding is not None and finding.blocks and rule is not None and rule.waivable

    def action_fix(self) -> None:
        """Apply the fix of the highlighted finding."""
        if finding := self.current:
            self.post_message(self.Fix(finding))

    def action_accept(self) -> None:
        """Go on although the highlighted finding's rule is broken, where that rule may be waived."""
        if (finding := self.current) and self._may_be_accepted:
            self.post_message(self.Accept(finding))


def _line(finding: Finding) -> Text:
    signs = marks()
    sign = (signs.error, "red") if finding.blocks else (signs.warning, "yellow")
    return Text.assemble(sign, " ", finding.message.replace("\n", " "), no_wrap=True, overflow="ellipsis")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
