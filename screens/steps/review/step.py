"""The step itself: four looks at what is about to happen."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Static, TabbedContent, TabPane

from fabwiz.deploy.session_run import Mode
from fabwiz.editing.draft import Settled
from fabwiz.session.network import Network
from fabwiz.session.picture import picture
from screens.marks import ASCII, marks
from screens.step import Step
from screens.steps.review import exporting, ready
from screens.steps.review.planner import Planned, Planner
from screens.steps.review.trees import HostTree, PlanTree
from screens.steps.run.step import RunStep
from screens.telling import tell
from screens.widgets.dialogs import Choose
from screens.widgets.lines import Lines

TABS = ("ready", "hosts", "plan", "topology")


class Review(Step):
    """Ready or not; what each host gets; the plan; the topology."""

    KEY = "review"
    TITLE = "Review"
    HELP = """# Review

Nothing has been changed on any host so far. Here you see what is about to happen:

- **Ready?** - what must still be mended, and what the network would lose with each host.
- **Hosts** - every file that each host gets. Private keys are marked: a host gets those of its own nodes and no
  others; keys of CAs and administrators stay on this workstation.
- **Plan** - what a run does, phase by phase: files, commands, calls, and what is waited for as evidence.
- **Topology** - hosts, and what runs on them.

The keys 1 to 4 change between them.

- **Run** (`r`) asks once more, and offers a rehearsal on this machine first.
- **Dry run** (`d`) logs in to your hosts and says what a run would do; nothing is changed.
- **Save a copy** (`s`) keeps the session under another name; the one that is open is saved by itself.
- **Export** (`e`) writes the plan, as a document or for programs, or the topology into a file.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"tab('{tab}')", tab.capitalize(), show=False) for number, tab in enumerate(TABS, 1)),
        Binding("1", "tab('ready')", "Looks", key_display="1-4"),
        Binding("r", "run", "Run"),
        Binding("d", "dry_run", "Dry run"),
        Binding("s", "save_copy", "Save a copy"),
        Binding("e", "export", "Export"),
    ]

    class PlannedNow(Message):
        """A plan is there."""

        def __init__(self, planned: Planned) -> None:
            super().__init__()
            self.planned = planned

    def compose(self) -> ComposeResult:
        """Four looks."""
        with Horizontal(id="review-buttons"):
            yield Button("Run", id="review-run", variant="primary", compact=True)
            yield Button("Dry run", id="review-dry", compact=True)
            yield Button("Save a copy", id="review-save", compact=True)
            yield Button("Export", id="review-export", compact=True)
        with TabbedContent(initial="ready"):
            with TabPane("1 Ready?", id="ready"):
                yield Lines(id="review-ready")
            with TabPane("2 Hosts", id="hosts"):
                yield HostTree()
            with TabPane("3 Plan", id="plan"):
                yield PlanTree()
            with TabPane("4 Topology", id="topology"), VerticalScroll(id="review-picture-scroll", can_focus=True):
                yield Static("", id="review-picture", markup=False)

    def on_mount(self) -> None:
        """No plan yet."""
        self._planner = Planner(lambda planned: tell(self, self.PlannedNow(planned)))
        self._asked: Network | None = None
        self._planned: Planned | None = None
        self._drawn: tuple[Settled, int] | None = None

    def judge(self, settled: Settled) -> None:
        """Draw all anew where the session has changed, and plan."""
        super().judge(settled)
        width = max(self.size.width - 4, 28)
        if self._drawn and self._drawn[0] is settled and self._drawn[1] == width:
            return
        self._drawn = (settled, width)
        self.query_one(Lines).tell(list(ready.lines(settled)))
        network = settled.network
        if network is None:
            return
        lines = picture(network, width, marks() is ASCII)
        self.query_one("#review-picture", Static).update("\n".join(lines))
        if network is not self._asked and settled.valid:
            self._asked = network
            self._planner.ask(network)

    def on_resize(self) -> None:
        """The picture follows the width."""
        self.judge(self.draft.settled)

    @on(PlannedNow)
    def _take_plan(self, event: PlannedNow) -> None:
        if event.planned.network is not self._asked:
            return
        self._planned = event.planned
        if event.planned.problem:
            self.notify(event.planned.problem, severity="error", markup=False)
        self.query_one(HostTree).fill(event.planned.phases)
        self.query_one(PlanTree).fill(event.planned.phases)

    def action_tab(self, tab: str) -> None:
        """Another look."""
        self.query_one(TabbedContent).active = tab
        inner = {
            "ready": "#review-ready",
            "hosts": "#review-hosts",
            "plan": "#review-plan",
            "topology": "#review-picture-scroll",
        }
        self.query_one(inner[tab]).focus()

    def focus_first(self) -> None:
        """What is shown."""
        self.action_tab(self.query_one(TabbedContent).active or "ready")

    # -- going on ------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#review-save")
    def action_save_copy(self) -> None:
        """The session under another name; this one stays open."""
        exporting.save(self, exporting.session_copy(self))

    @on(Button.Pressed, "#review-export")
    def action_export(self) -> None:
        """The plan, the picture or the session, into a file."""
        exports = {"session": exporting.session_copy(self)}
        if self._planned and self._planned.network is self.draft.settled.network and not self._planned.problem:
            exports = {**exporting.plans(self._planned.network, self._planned.phases), **exports}
        elif self.draft.settled.valid and not (self._planned and self._planned.network is self._asked):
            self.notify("the plan is still being made: a moment later it can be exported, too", timeout=4)
        exporting.choose(self, exports)

    @on(Button.Pressed, "#review-dry")
    async def action_dry_run(self) -> None:
        """Nothing is changed by that: it begins at once."""
        await self._begin(Mode.DRY_RUN)

    @on(Button.Pressed, "#review-run")
    def action_run(self) -> None:
        """Ask once more: from now on hosts are changed."""
        network = self.draft.settled.network
        count = len(network.hosts) if network else 0
        self.app.push_screen(
            Choose(
                f"Run {network.name if network else 'it'} on {count} host{'' if count == 1 else 's'} now?\n\n"
                "A rehearsal runs all of it on stand-in hosts on this machine first; nothing leaves it.",
                [("rehearsal", "Rehearse first"), ("run", "Run now"), ("stay", "Not yet")],
                "Run",
            ),
            self._run,
        )

    async def _run(self, answer: str | None) -> None:
        if answer in ("rehearsal", "run"):
            await self._begin(Mode.RUN if answer == "run" else Mode.REHEARSAL)

    async def _begin(self, mode: Mode) -> None:
        await self.wizard.go_to(RunStep.KEY)
        self.wizard.query_one(RunStep).begin(mode)

    def headless(self, session_file: Path) -> str:
        """The plan."""
        return f"fabwiz plan {session_file.name}"
