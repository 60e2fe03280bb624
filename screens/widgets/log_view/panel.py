"""A log with a bar that tells what shows, and an input to search with."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import Input, Static

from fabwiz.console.log_model import LogFilter, LogModel
from screens.widgets.log_view.view import LogView
from screens.widgets.pick import Pick

_ALL = "\x00"
"""The key of `all` among names."""


class LogPanel(Vertical):
    """All that belongs to a log."""

    def __init__(self, model: LogModel, **options: Any) -> None:
        super().__init__(**options)
        self.model = model

    def compose(self) -> ComposeResult:
        """Bar, lines, search."""
        yield Static("", classes="log-bar", markup=False)
        yield LogView(self.model)
        yield Input(
            placeholder="search in the log; Enter finds, escape leaves",
            classes="log-search",
            compact=True,
            select_on_focus=False,
        )

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one(LogView)

    def on_mount(self) -> None:
        """Twenty times a second is as good as at once."""
        self.set_interval(1 / 20, self.flush)
        self._tell()

    def flush(self) -> None:
        """Show what has come."""
        self.view.flush()

    @on(LogView.Moved)
    def _moved(self) -> None:
        self._tell()

    def _tell(self) -> None:
        view = self.view
        count = self.model.end - self.model.first
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{count:,} line{'' if count == 1 else 's'}")
        if view.paused is not None:
            text.append(f"  paused, {max(0, self.model.end - view.paused):,} more", "bold")
        elif view.follow:
            text.append("  following")
        else:
            text.append("  End follows", "bold")
        if not self.model.filter.is_open:
            text.append(f"  only {self.model.filter}", "bold")
        if view.wraps:
            text.append("  wrapped")
        if view.sought:
            text.append(f"  /{view.sought}")
        self.query_one(".log-bar", Static).update(text)

    @on(LogView.Wanted)
    def _wanted(self, event: LogView.Wanted) -> None:
        event.stop()
        if event.what == "search":
            search = self.query_one(".log-search", Input)
            search.value = ""  # as in a pager: each search is a new one, and n goes on with the last
            search.add_class("-open")
            search.focus()
            return
        now = self.model.filter
        names = self.model.hosts if event.what == "host" else self.model.nodes
        empty = "the workstation" if event.what == "host" else "the engine itself"
        chosen = now.host if event.what == "host" else now.node
        choices = [(_ALL, f"all {event.what}s"), *((name, name or empty) for name in sorted(names))]

        def picked(name: str | None) -> None:
            if name is None:
                return
            wanted = None if name == _ALL else name
            if event.what == "host":
                self.view.show_only(LogFilter(wanted, None, now.level))
            else:
                self.view.show_only(LogFilter(now.host, wanted, now.level))

        self.app.push_screen(
            Pick("Whose lines are to show?", choices, event.what.capitalize(), _ALL if chosen is None else chosen),
            picked,
        )

    @on(Input.Submitted)
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_search()
        self.view.search(event.value)
        self._tell()

    def on_key(self, event: Key) -> None:
        """Escape leaves the search."""
        if event.key == "escape" and self.query_one(".log-search", Input).has_focus:
            event.stop()
            self._close_search()

    def _close_search(self) -> None:
        self.query_one(".log-search", Input).remove_class("-open")
        self.view.focus()
