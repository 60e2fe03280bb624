"""What every step of the wizard is: a view of the draft that follows it, and changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.widget import Widget

from fabwiz.editing.draft import Draft, Settled
from fabwiz.session.findings import Edit, Finding, SessionPath
from screens.widgets.field import Field

if TYPE_CHECKING:
    from screens.wizard import WizardScreen


class Step(VerticalScroll):
    """A step. `show` draws what the draft says, at once; `judge` what follows from it, a moment later.

    Neither may take the focus away or change what somebody is typing.
    """

    KEY: ClassVar[str]
    TITLE: ClassVar[str]
    """At most 13 columns: the rail shows it."""
    HELP: ClassVar[str]
    """Markdown, for somebody who has never seen Fabric."""
    CLAIMS: ClassVar[tuple[str, ...]] = ()
    """First parts of the paths whose findings belong here."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(id=self.KEY)

    @property
    def wizard(self) -> WizardScreen:
        """The screen that the step stands on."""
        from screens.wizard import WizardScreen

        assert isinstance(self.screen, WizardScreen)
        return self.screen

    @property
    def draft(self) -> Draft:
        """The session that is edited."""
        return self.wizard.draft

    def change(self, title: str, edits: Sequence[Edit], merge: object = None) -> bool:
        """Change the draft; see `Draft.change`. An edit that does not fit is told, not raised."""
        return self.wizard.change(title, edits, merge)

    def show(self) -> None:
        """Draw what the draft says. Steps with more than fields extend this."""
        for field in self.query(Field):
            field.show()

    def judge(self, settled: Settled) -> None:
        """Draw what follows: findings at their fields. Steps with more than fields extend this."""
        for field in self.query(Field):
            field.judge(settled.findings)

    @classmethod
    def claims(cls, finding: Finding) -> bool:
        """Whether a finding is to be mended here."""
        return bool(finding.path) and finding.path[0] in cls.CLAIMS

    def reveal(self, path: SessionPath) -> None:
        """Put the focus where the setting at `path`, or the nearest part of it, is edited."""
        fields = [
            field
            for field in self.query(Field)
            if field.path[: len(path)] == path or path[: len(field.path)] == field.path
        ]
        if fields:
            max(fields, key=lambda field: len(field.path)).focus_inside()
        else:
            self.focus_first()

    def focus_first(self) -> None:
        """Put the focus where work in this step begins."""
        for widget in self.query(Widget):
            if widget.focusable:
                widget.focus()
                return

    def rail_state(self) -> str | None:
        """How the step is, for the rail, where that does not follow from the session; see `widgets.rail.STATES`."""
        return None

    def holds(self, go_on: Callable[[], None]) -> bool:
        """Whether quitting has to wait for something here; `go_on` is called once it may go on."""
        return False

    def headless(self, session_file: Path) -> str:
        """The command that does without a screen what this step is about."""
        return f"fabwiz check {session_file.name}"
