"""What has failed while a run waits: cause, remedy, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from fabwiz.deploy.decision import Failure

_MOST = 200


class Failures(Vertical):
    """The failed steps of a stage, one a host; one of them in full."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "decide('retry')", "Try it again"),
        Binding("a", "decide('retry_all')", "Try all again"),
        Binding("g", "decide('resume')", "From the start"),
        Binding("x", "decide('pass_over')", "Go on without"),
    ]

    class Decided(Message):
        """What to do: `retry` or `pass_over` (of `host`), `retry_all`, `resume`."""

        def __init__(self, what: str, host: str | None) -> None:
            super().__init__()
            self.what, self.host = what, host

    def __init__(self) -> None:
        super().__init__(id="failures")
        self.failures: tuple[Failure, ...] = ()
        self._may_pass_over = False

    def compose(self) -> ComposeResult:
        """The hosts, the highlighted one's cause and remedy, the ways on."""
        yield OptionList(id="failure-list", compact=True, markup=False)
        with VerticalScroll(id="failure-detail", can_focus=False):
            yield Static("", id="failure-text", markup=False)
        with Horizontal(id="failure-buttons"):
            yield Button("Try it again", id="do-retry", variant="primary", compact=True)
            yield Button("Try all again", id="do-retry_all", compact=True)
            yield Button("From the start", id="do-resume", compact=True)
            yield Button("Go on without", id="do-pass_over", compact=True)

    def tell(self, phase: str, failures: Sequence[Failure], may_pass_over: bool) -> None:
        """Show what waits for a decision."""
        self.failures = tuple(failures)
        self._may_pass_over = may_pass_over
        self.border_title = f"{phase}: {len(failures)} failed"
        options = self.query_one("#failure-list", OptionList)
        options.clear_options()
        options.add_options([Option(_line(failure)) for failure in self.failures[:_MOST]])
        options.highlighted = 0 if failures else None
        self.query_one("#do-pass_over", Button).display = may_pass_over
        self.query_one("#do-retry_all", Button).display = len(failures) > 1
        self._detail()

    @property
    def current(self) -> Failure | None:
        """The highlighted one."""
        at = self.query_one("#failure-list", OptionList).highlighted
        return self.failures[at] if at is not None and at < len(self.failures) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys show where they can do something."""
        if action == "decide" and parameters == ("pass_over",):
            return self._may_pass_over
        if action == "decide" and parameters == ("retry_all",):
            return len(self.failures) > 1
        return True

    def _detail(self) -> None:
        text = Text()
        if failure := self.current:
            text.append(f"{failure.step.title}: ", "bold")
            text.append(failure.error.message)
            for word, value in (("cause", failure.error.cause), ("remedy", failure.error.remedy)):
                if value:
                    text.append(f"\n{word}: ", "bold").append(value)
        self.query_one("#failure-text", Static).update(text)
        self.query_one("#failure-detail").scroll_home(animate=False)

    def on_option_list_option_highlighted(self) -> None:
        """All about another one."""
        self._detail()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter tries it again."""
        event.stop()
        self.action_decide("retry")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The ways on."""
        event.stop()
        self.action_decide((event.button.id or "").removeprefix("do-"))

    def action_decide(self, what: str) -> None:
        """Hand it on."""
        if failure := self.current:
            self.post_message(self.Decided(what, failure.step.host))


def _line(failure: Failure) -> Text:
    return Text.assemble(
        (failure.step.host or "workstation", "bold"),
        f"  {failure.error.message}".replace("\n", " "),
        no_wrap=True,
        overflow="ellipsis",
    )
