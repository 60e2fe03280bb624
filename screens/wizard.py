"""The wizard: steps on the left, the step in the middle, findings, what the network can lose, keys."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from fabwiz.editing.bookmark import Bookmark, read_bookmark
from fabwiz.editing.consequences import line
from fabwiz.editing.draft import ChangedElsewhere, Draft, Settled, open_draft
from fabwiz.editing.keeper import Keeper
from fabwiz.session.edits import EditError
from fabwiz.session.findings import Edit, SessionPath
from screens.step import Step
from screens.steps.catalogue import STEPS
from screens.telling import tell
from screens.widgets.dialogs import Ask, Choose
from screens.widgets.field import Field
from screens.widgets.findings_panel import FindingsPanel
from screens.widgets.key_bar import KeyBar, keys
from screens.widgets.rail import Rail


class WizardScreen(Screen[None]):
    """One session, from hosts to a network that answers."""

    TITLE = "fabwiz"
    AUTO_FOCUS = ""  # the step says where work begins
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", priority=True),
        Binding("f2", "findings", "Findings", priority=True),
        Binding("f3", "step(-1)", "Back", priority=True),
        Binding("f4", "step(1)", "Next", priority=True),
        Binding("f5", "copy_command", "Command", priority=True),
        Binding("f6", "fix", "Fix", show=False, priority=True),
        Binding("f7,ctrl+z", "undo", "Undo", key_display="F7", priority=True),
        Binding("f8,ctrl+y", "redo", "Redo", key_display="F8", show=False, priority=True),
        Binding("f9", "rail", "Steps", show=False, priority=True),
        Binding("ctrl+q", "leave", "Quit", priority=True),
    ]

    class SettledNow(Message):
        """What follows from the draft is known."""

        def __init__(self, settled: Settled) -> None:
            super().__init__()
            self.settled = settled

    class SavedNow(Message):
        """The file was written, or why not."""

        def __init__(self, problem: Exception | None) -> None:
            super().__init__()
            self.problem = problem

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (110, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-flat"), (20, "-low"), (34, "-tall")]
        self.draft = draft
        self._visited: set[str] = set()
        self._keeper = self._keep(draft)
        self._save_problem = ""

    def _keep(self, draft: Draft) -> Keeper:
        return Keeper(
            draft,
            lambda settled: tell(self, self.SettledNow(settled)),
            lambda problem: tell(self, self.SavedNow(problem)),
        )

    # -- looks ---------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Title, rail, step, findings, hint, consequence, keys."""
        yield Static("", id="title", markup=False)
        with Horizontal(id="middle"):
            yield Rail(STEPS)
            with Vertical(id="body"):
                yield ContentSwitcher(id="steps")
                yield FindingsPanel()
        yield Static("", id="hint", markup=False)
        yield Static("", id="consequence", markup=False)
        yield KeyBar()

    async def on_mount(self) -> None:
        """Go on where somebody was before."""
        mark = read_bookmark(self.draft.path) if self.draft.path else None
        known = {step.KEY for step in STEPS}
        await self.go_to(mark.step if mark and mark.step in known else STEPS[0].KEY)
        if mark and mark.field:
            with contextlib.suppress(Exception):
                found = self.current.query(f"#{mark.field}").first()
                (found.focus_inside if isinstance(found, Field) else found.focus)()
        self._judge(self.draft.settled)

    @property
    def current(self) -> Step:
        """The step that is shown."""
        switcher = self.query_one("#steps", ContentSwitcher)
        return switcher.get_child_by_id(switcher.current or "", expect_type=Step)

    # -- moving --------------------------------------------------------------------------------------------------

    async def go_to(self, key: str) -> None:
        """Show a step; it is made when it is first shown, and keeps its state from then on."""
        switcher = self.query_one("#steps", ContentSwitcher)
        if switcher.current == key:
            return
        if switcher.current:
            self._remember()
        if key not in self._visited:
            step = next(step for step in STEPS if key == step.KEY)
            self._visited.add(key)
            await switcher.add_content(step(), set_current=False)
        switcher.current = key
        self.current.show()
        self.current.focus_first()
        self._judge(self.draft.settled)
        self._remember()

    async def action_step(self, by: int) -> None:
        """The next step, or the one before."""
        keys = [step.KEY for step in STEPS]
        at = keys.index(self.current.KEY) + by
        if 0 <= at < len(keys):
            await self.go_to(keys[at])

    def action_rail(self) -> None:
        """To the list of steps."""
        self.query_one(Rail).focus()

    @on(Rail.Chosen)
    async def _chosen(self, event: Rail.Chosen) -> None:
        await self.go_to(event.key)

    async def reveal(self, path: SessionPath) -> None:
        """Go to where the setting at a path is edited."""
        step = next((step for step in STEPS if path and path[0] in step.CLAIMS), None)
        if step:
            await self.go_to(step.KEY)
            self.current.reveal(path)

    @on(DescendantFocus)
    def _focused(self) -> None:
        """The hint is about the field that has the focus: by now that may be another than the event's."""
        self.show_hint()
        self._remember()

    def show_hint(self) -> None:
        """Show the hint of the widget that has the focus; for widgets whose hint changes while they have it."""
        if (widget := self.focused) is not None:
            field = next((one for one in widget.ancestors_with_self if isinstance(one, Field)), None)
            self.query_one("#hint", Static).update(field.hint if field else getattr(widget, "hint", "") or "")

    def _remember(self) -> None:
        focused = self.focused
        field = next((one.id for one in focused.ancestors_with_self if one.id), None) if focused else None
        if self.query_one("#steps", ContentSwitcher).current and self.current in (focused.ancestors if focused else ()):
            self._keeper.mark(Bookmark(self.current.KEY, field))

    # -- changing ------------------------------------------------------------------------------------------------

    def change(self, title: str, edits: Sequence[Edit], merge: object = None) -> bool:
        """Change the draft; what follows comes a moment later. Whether anything is different now."""
        try:
            changed = self.draft.change(title, edits, merge)
        except EditError as error:
            self.notify(str(error), severity="error", markup=False)
            return False
        if changed:
            self._keeper.changed()
            self.current.show()
            self._head()
        return changed

    def action_undo(self) -> None:
        """Take the last change back."""
        self._swap(self.draft.undo, "taken back")

    def action_redo(self) -> None:
        """Make it again."""
        self._swap(self.draft.redo, "made again")

    def _swap(self, swap: Callable[[], str | None], what: str) -> None:
        title = swap()
        if title is None:
            self.notify("there is nothing to take back or make again", timeout=2)
            return
        self._keeper.changed()
        self.current.show()
        self._head()
        self.notify(f"{what}: {title}", timeout=2, markup=False)

    # -- findings ------------------------------------------------------------------------------------------------

    @on(SettledNow)
    def _settled(self, event: SettledNow) -> None:
        self._judge(event.settled)

    def _judge(self, settled: Settled) -> None:
        self.query_one(FindingsPanel).update_findings(settled.findings)
        states = {step.KEY: self._state(step, settled) for step in STEPS}
        self.query_one(Rail).update_states(states, self.current.KEY)
        self._draw_consequence()
        self.current.judge(settled)
        self._head()

    def judge_again(self) -> None:
        """Draw what follows anew, for steps whose own state has changed."""
        self._judge(self.draft.settled)

    def _draw_consequence(self) -> None:
        width = max(self.size.width - 2, 1)
        self.query_one("#consequence", Static).update(line(self.draft.settled.network, width))

    def on_resize(self) -> None:
        """As much of the consequence as fits."""
        self._draw_consequence()

    def _state(self, step: type[Step], settled: Settled) -> str:
        for mounted in self.query_one("#steps", ContentSwitcher).children:
            if isinstance(mounted, step) and (own := mounted.rail_state()):
                return own
        mine = [finding for finding in settled.findings if step.claims(finding)]
        if any(finding.blocks for finding in mine):
            return "error"
        if mine:
            return "warning"
        return "done" if step.CLAIMS and any(self.draft.get((claim,)) for claim in step.CLAIMS) else "open"

    def action_findings(self) -> None:
        """To the findings, or back to the step."""
        options = self.query_one("#finding-list")
        if options.has_focus:
            self.current.focus_first()
        else:
            options.focus()

    def action_fix(self) -> None:
        """Apply the fix of the finding that somebody reads, or else of the first one that has one."""
        panel = self.query_one(FindingsPanel)
        finding = panel.current if panel.has_focus_within else None
        if not finding or not finding.fix:
            finding = next((one for one in panel.findings if one.fix), None)
        if finding and finding.fix:
            self.change(finding.fix.title, finding.fix.edits)
            self.notify(f"{finding.fix.title} (F7 takes it back)", timeout=3, markup=False)
        else:
            self.notify("no finding here has a mend that fabwiz can make by itself", timeout=3)

    @on(FindingsPanel.Fix)
    def _fix(self) -> None:
        self.action_fix()

    @on(FindingsPanel.Accept)
    def _accept(self, event: FindingsPanel.Accept) -> None:
        def accepted(reason: str | None) -> None:
            if reason and reason.strip():
                self.change(f"accept {event.finding.rule}", [Edit(("accept", event.finding.rule), reason.strip())])

        question = f"{event.finding.message}\n\nWhy may that be so here? The reason is kept in the session."
        self.app.push_screen(Ask(question, title=f"Accept {event.finding.rule}"), accepted)

    @on(FindingsPanel.Show)
    async def _show(self, event: FindingsPanel.Show) -> None:
        await self.reveal(event.finding.path)

    # -- saving --------------------------------------------------------------------------------------------------

    def _head(self) -> None:
        path = self.draft.path
        state = self._save_problem or ("saved" if self.draft.is_saved else "saving")
        self.query_one("#title", Static).update(f"fabwiz  {path.name if path else 'no file yet'}  {state}")

    @on(SavedNow)
    async def _saved(self, event: SavedNow) -> None:
        before = self._save_problem
        self._save_problem = f"NOT SAVED: {event.problem}" if event.problem else ""
        self._head()
        if isinstance(event.problem, ChangedElsewhere) and not before:
            self.app.push_screen(
                Choose(
                    f"{event.problem}.\n\nTake what is in the file now, or write over it what you see here?",
                    [("theirs", "Take the file's"), ("ours", "Write ours")],
                    "The file was changed",
                ),
                self._changed_elsewhere,
            )

    def _changed_elsewhere(self, answer: str | None) -> None:
        self._save_problem = ""
        if answer == "ours":
            try:
                self.draft.save(overwrite=True)
            except (OSError, EditError) as error:
                self._save_problem = f"NOT SAVED: {error}"
        elif answer == "theirs" and self.draft.path:
            opened = open_draft(self.draft.path)
            if isinstance(opened, Draft):
                self.change("take what is in the file", [Edit((), opened.data)])
                self.draft.save(overwrite=True)
            else:
                self.notify("the file is no session that can be read; nothing was taken", severity="error")
        else:
            self._save_problem = "NOT SAVED: the file was changed by somebody else"
        self._head()

    # -- the rest ------------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """About this step, and the setting that has the focus."""
        from screens.widgets.reading import Reading

        step = self.current
        field = next(
            (one for one in (self.focused.ancestors_with_self if self.focused else ()) if isinstance(one, Field)), None
        )
        about = f"\n\n## {field.label}\n\n{field.hint}" if field else ""
        self.app.push_screen(Reading(f"{step.HELP.strip()}{about}\n\n{self._keys_here()}{KEYS}", step.TITLE))

    def _keys_here(self) -> str:
        """What works where the focus is, apart from what works everywhere."""
        everywhere = {binding.action for binding in self.BINDINGS if isinstance(binding, Binding)}
        listed = [
            f"| `{key}` | {binding.description} |"
            for key, binding, enabled in keys(self)
            if enabled and binding.show and binding.action not in everywhere
        ]
        return (
            "\n".join(["## Keys where you are", "", "| key | does |", "|---|---|", *listed, "", ""]) if listed else ""
        )

    def commands(self) -> Iterator[SystemCommand]:
        """For the command palette: every step, and what the keys do."""
        for step in STEPS:
            yield SystemCommand(f"Step: {step.TITLE}", f"Go to {step.TITLE}", partial(self.go_to, step.KEY))
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.description:
                yield SystemCommand(
                    binding.description,
                    f"{binding.key_display or binding.key}",
                    partial(self.run_action, binding.action),
                )

    def action_copy_command(self) -> None:
        """Copy the command that does the same without a screen."""
        if self.draft.path:
            command = self.current.headless(self.draft.path)
            self.app.copy_to_clipboard(command)
            self.notify(f"copied: {command}", timeout=6, markup=False)

    def _leave_now(self) -> None:
        self.call_later(self.action_leave)

    async def action_leave(self) -> None:
        """Save and end, unless a step holds that back for now."""
        if any(step.holds(self._leave_now) for step in self.query(Step)):
            return
        self._remember()
        try:
            self._keeper.close()
        except (OSError, EditError, ChangedElsewhere) as error:
            self._keeper = self._keep(self.draft)
            self.notify(f"{error}; nothing is lost while this stays open", severity="error", markup=False)
            return
        self.app.exit(0)


KEYS = """## Keys everywhere

| key | does |
|---|---|
| Tab, Shift+Tab | to the next field, to the one before |
| Ctrl+U | empty the field, or the line of a question: what you type goes on behind what stands there |
| F2 | to the findings; there `f` mends, `a` accepts with a reason, Enter goes to the place |
| F3, F4 | the step before, the next one |
| F5 | copy the command that does the same without a screen |
| F6 | mend the highlighted finding |
| F7 or Ctrl+Z, F8 or Ctrl+Y | take back, make again |
| F9 | to the list of steps |
| Ctrl+P | every command by name |
| Ctrl+Q | quit; everything is saved |
"""
