"""Every setting of the whole session that has a default: to look through, search and change."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Input, Static

from fabwiz.editing.draft import Settled
from fabwiz.editing.settings_list import Listed, settings_list
from fabwiz.session.findings import Edit, SessionPath
from screens.marks import marks
from screens.step import Step
from screens.widgets.field import Field

_NAME = 32
"""Columns for a setting's name: the value must show beside it on 80 columns; long names lose their beginning."""


class SettingsTable(DataTable[Text]):
    """The settings that the search leaves; enter changes one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Change"),
        Binding("slash", "search", "Search", key_display="/"),
    ]

    def action_search(self) -> None:
        """To the search."""
        self.screen.query_one("#settings-search", Input).focus()


class Settings(Step):
    """A table of settings, and below it the one that is being changed."""

    KEY = "settings"
    TITLE = "Settings"
    HELP = """# Settings

Everything here has a default that suits most networks: you may go on without changing anything.

Type a word into the search (`/`), such as *timeout*, *tls* or *size*. Enter changes the highlighted setting: what you
type goes on behind its value, Ctrl+U empties it, and an empty value gives the default back (as Del does in the table).
What is not the default stands out. Below the table you read what a setting means, what may be written there, and which
rules it is subject to.

Worth a thought: **TLS** between all nodes (on), **Kafka's TLS** (off, recommended where others reach the brokers'
network), **where images come from**, how much of the containers' **logs** each host keeps.
"""
    CLAIMS: ClassVar[tuple[str, ...]] = (
        "remote_dir",
        "hardening",
        "keys",
        "ordering",
        "certificates",
        "images",
        "logging",
        "timeouts",
        "accept",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("delete", "reset", "Default", key_display="Del"),
    ]

    def compose(self) -> ComposeResult:
        """Search, table, explanation, and room for the one that is changed."""
        yield Input(
            placeholder="search: a word or two, such as kafka tls",
            id="settings-search",
            compact=True,
            select_on_focus=False,
        )
        yield SettingsTable(id="settings-table", cursor_type="row", zebra_stripes=False)
        with Vertical(id="settings-about"):
            yield Static("", id="settings-text", markup=False)

    def on_mount(self) -> None:
        """All settings, nothing searched for."""
        self._all = settings_list()
        self._shown: list[Listed] = []
        self._signs: dict[SessionPath, str] = {}
        table = self.query_one(SettingsTable)
        table.add_column("Setting", key="name", width=_NAME + 2)
        table.add_column("Value", key="value")
        self._fill("")

    def _fill(self, words: str) -> None:
        table = self.query_one(SettingsTable)
        kept = self._current
        table.clear()
        self._shown = [one for one in self._all if one.matches(words)]
        for one in self._shown:
            table.add_row(self._named(one), self._valued(one), key=one.name)
        if kept in self._shown:
            table.move_cursor(row=self._shown.index(kept))
        self._explain()

    def _named(self, one: Listed) -> Text:
        sign = self._signs.get(one.path, "")
        colour = "red" if sign == marks().error else "yellow"
        name = one.name if len(one.name) <= _NAME else f"..{one.name[2 - _NAME :]}"
        return Text.assemble((f"{sign or ' '} ", colour), name)

    def _valued(self, one: Listed) -> Text:
        value = one.value(self.draft.data)
        return Text(value, "bold") if value else Text(one.default, "dim")

    @property
    def _current(self) -> Listed | None:
        at = self.query_one(SettingsTable).cursor_row
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def show(self) -> None:
        """The values, where they stand."""
        super().show()
        table = self.query_one(SettingsTable)
        for one in self._shown:
            table.update_cell(one.name, "value", self._valued(one), update_width=True)

    def judge(self, settled: Settled) -> None:
        """Signs at the settings that something is said about."""
        super().judge(settled)
        signs = marks()
        found: dict[SessionPath, str] = {}
        for finding in settled.findings:
            if found.get(finding.path) != signs.error:
                found[finding.path] = signs.error if finding.blocks else signs.warning
        if found != self._signs:
            self._signs = found
            table = self.query_one(SettingsTable)
            for one in self._shown:
                table.update_cell(one.name, "name", self._named(one))

    def reveal(self, path: SessionPath) -> None:
        """The setting's row, and its field."""
        self.query_one("#settings-search", Input).value = ""
        at = next(
            (
                i
                for i, one in enumerate(self._all)
                if one.path[: len(path)] == path or path[: len(one.path)] == one.path
            ),
            None,
        )
        if at is not None:
            self._fill("")
            self.query_one(SettingsTable).move_cursor(row=at)
            self.run_worker(self._edit(self._all[at]))
        else:
            self.query_one(SettingsTable).focus()

    def focus_first(self) -> None:
        """The table."""
        self.query_one(SettingsTable).focus()

    def headless(self, session_file: Path) -> str:
        """All settings are in the reference."""
        return f"fabwiz schema > fabwiz.schema.json  # what {session_file.name} may say, for your editor"

    # -- events --------------------------------------------------------------------------------------------------

    @on(Input.Changed, "#settings-search")
    def _search(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted, "#settings-search")
    def _found(self) -> None:
        self.query_one(SettingsTable).focus()

    @on(DataTable.RowHighlighted)
    def _explain(self) -> None:
        one = self._current
        text = Text()
        if one:
            text.append(f"{one.group}: ", "bold")
            default = f"; default {one.default}" if one.default else ""
            text.append(f"{one.description} ({one.unit}{default})\n")
            text.append(one.rules, "dim")
        self.query_one("#settings-text", Static).update(text)

    @on(DataTable.RowSelected)
    async def _chosen(self) -> None:
        if one := self._current:
            await self._edit(one)

    async def _edit(self, one: Listed) -> None:
        about = self.query_one("#settings-about")
        await about.query(Field).remove()
        field = Field(one.path, one.path[-1] if isinstance(one.path[-1], str) else one.name)
        await about.mount(field, before=0)
        field.judge(self.draft.settled.findings)
        field.focus_inside()

    async def action_back(self) -> None:
        """From the field to the table."""
        await self.query_one("#settings-about").query(Field).remove()
        self.query_one(SettingsTable).focus()

    @on(Input.Submitted, "Field Input")
    async def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        await self.action_back()

    def action_reset(self) -> None:
        """The default again."""
        if one := self._current:
            self.change(f"default of {one.name}", [Edit(one.path)])
