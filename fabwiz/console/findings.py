"""Findings of `check` as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from fabwiz.console.paragraph import print_paragraph
from fabwiz.session.findings import Finding, Severity


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """One finding a paragraph: where, which rule, what, and the way out."""
    for finding in findings:
        where = finding.file or "session"
        if finding.line:
            where += f":{finding.line}:{finding.column or 1}"
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        line = Text.assemble(
            (f"{finding.severity}", f"bold {colour}"),
            " ",
            (finding.rule, "bold"),
            f"  {where}" + (f"  {finding.dotted}" if finding.path else ""),
        )
        console.print(line, soft_wrap=True)
        print_paragraph(console, finding.message, 2)
        if finding.accepted is not None:
            print_paragraph(console, Text(f"accepted: {finding.accepted}", "dim"), 2)
        if finding.fix:
            print_paragraph(console, Text(f"fix: {finding.fix.title}", "green"), 2)


def summary_line(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(finding.blocks for finding in findings)
    warnings = len(findings) - errors
    parts = [
        f"{count} {word}{'s' if count != 1 else ''}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    return ", ".join(parts) or "every rule holds"


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as `check --json` prints it."""
    values: dict[str, Any] = {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "path": finding.dotted,
        "message": finding.message,
        "fix": finding.fix.title if finding.fix else None,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "accepted": finding.accepted,
    }
    return {key: value for key, value in values.items() if value is not None or key == "fix"}
