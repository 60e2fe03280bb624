"""The end: what runs where, and what to hand over."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from fabwiz.deploy.events import Event
from fabwiz.deploy.session_run import Ending, Mode, SessionRun
from fabwiz.editing.draft import Settled
from fabwiz.report.contents import commands
from fabwiz.report.facts import Facts
from fabwiz.report.write import write_report
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace
from screens.step import Step
from screens.steps.done.contents import lines
from screens.steps.engine_news import AskedNow, Moved, pass_question
from screens.steps.run.step import RunStep
from screens.telling import tell
from screens.widgets.answering import answer
from screens.widgets.lines import Lines
from screens.widgets.pick import Pick


class DoneStep(Step):
    """Shows what the last run has seen, or asks the hosts."""

    KEY = "done"
    TITLE = "Done"
    HELP = """# Done

What runs where, as the hosts and peers themselves said at the end of the last run; **Ask the hosts** (`a`) asks them
again. Nothing is changed by that.

- **Channels**: a height is the number of blocks. Every peer must have the same.
- **Chaincode**: what it answered when it was checked.
- **Keys**: the certificate authorities' and the admins' keys are on this workstation only. Back them up: nothing can
  replace them, and without them no organization, channel or chaincode can ever be changed.
- **Write the report** (`w`): `report.md` and `topology.svg` in the workspace, for whoever takes the network over. They
  hold no secret.
- **Copy a command** (`c`): those for later, such as status, logs, backup.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ask", "Ask the hosts"),
        Binding("w", "write", "Write the report"),
        Binding("c", "copy", "Copy a command"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.facts: Facts | None = None
        self._network: Network | None = None
        """What `facts` are about: the session as it was then."""
        self._asking: SessionRun | None = None
        self._from: SessionRun | None = None
        self._told: tuple[Network | None, Facts | None] | None = None

    def compose(self) -> ComposeResult:
        """What it is about, what can be done, everything."""
        yield Static("", id="done-state", markup=False)
        with Horizontal(id="done-buttons"):
            yield Button("Ask the hosts", id="done-ask", variant="primary", compact=True)
            yield Button("Write the report", id="done-write", compact=True)
            yield Button("Copy a command", id="done-copy", compact=True)
        yield Lines(id="done-lines")

    def show(self) -> None:
        """What the last run saw, if there is anything new."""
        self._draw()

    def judge(self, settled: Settled) -> None:
        """The session may describe something else now."""
        self._draw()

    def focus_first(self) -> None:
        """To read."""
        self.query_one(Lines).focus()

    def headless(self, session_file: Path) -> str:
        """The same without a screen."""
        return f"fabwiz report {session_file.name}"

    def rail_state(self) -> str | None:
        """Done when everything was seen to run."""
        facts, network = self.facts, self._network
        if facts is None or network is None or facts.rehearsal:
            return None
        return "done" if len(facts.running) == len(network.nodes) else "error"

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        run = next((step.seen for step in self.wizard.query(RunStep)), None)
        if run and run is not self._from and run.ended and run.ended.facts:
            self._from, self._network, self.facts = run, run.network, run.ended.facts
        network = self._network or self.draft.settled.network
        if self.draft.path and network and (network, self.facts) != self._told:
            self._told = (network, self.facts)
            self.query_one(Lines).tell(list(lines(network, self.draft.path.absolute(), self.facts)))
        self.query_one("#done-state", Static).update(self._said())
        self.query_one("#done-write", Button).display = self.facts is not None
        self.query_one("#done-ask", Button).display = not self._is_asking

    @property
    def _is_asking(self) -> bool:
        return self._asking is not None and self._asking.ended is None

    def _said(self) -> Text:
        text = Text()
        if self._is_asking:
            return text.append("asking every host and peer")
        facts, network = self.facts, self._network
        if facts is None or network is None:
            return text.append("Nothing was run yet, or not since the wizard was opened: ask the hosts what they show.")
        count = len(network.nodes)
        if facts.rehearsal:
            text.append("This was a rehearsal: none of it runs on your hosts. ", "bold")
        text.append(f"{network.name}: {len(facts.running)} of {count} containers run")
        text.append(f", seen {facts.time[:19].replace('T', ' ')} UTC.")
        return text

    # -- asking --------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#done-ask")
    def action_ask(self) -> None:
        """Ask every host and peer, in threads of the engine."""
        document = self.draft.settle().document
        if self._is_asking or document.path is None:
            return
        options = next((step.options for step in self.wizard.query(RunStep)), None)
        self._asking = SessionRun(
            document,
            Mode.LOOK,
            _ignore,
            lambda run: tell(self, Moved(run)),
            lambda asked: pass_question(self, asked),
            options,
        )
        self._asking.start()
        self._draw()

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        ended = event.run.ended
        if ended and ended.facts:
            self._network, self.facts = event.run.network, ended.facts
        elif ended and ended.ending is not Ending.STOPPED:
            self.notify(ended.message, severity="error", timeout=12, markup=False)
        self._draw()
        self.wizard.judge_again()

    @on(AskedNow)
    def _asked(self, event: AskedNow) -> None:
        answer(self.app, event.asked)

    # -- taking along --------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#done-write")
    def action_write(self) -> None:
        """Write report and picture into the workspace."""
        if self.facts is None or self._network is None or self.draft.path is None:
            self.notify("ask the hosts first: a report says what was seen", severity="warning")
            return
        try:
            report, picture = write_report(self._network, Workspace(self.draft.path.absolute()), self.facts)
        except OSError as error:
            self.notify(f"{error.filename or ''}: {error.strerror or error}", severity="error", markup=False)
            return
        self.notify(f"{report}\n{picture.name} beside it", title="Written", timeout=10, markup=False)

    @on(Button.Pressed, "#done-copy")
    def action_copy(self) -> None:
        """Copy one of the commands for later."""
        if self.draft.path is None:
            return
        choices = [(command, f"{command}  ({does})") for command, does in commands(self.draft.path.absolute())]

        def picked(command: str | None) -> None:
            if command:
                self.app.copy_to_clipboard(command)
                self.notify(f"copied: {command}", timeout=6, markup=False)

        self.app.push_screen(Pick("Which one?", choices, "Copy a command"), picked)


def _ignore(event: Event) -> None:
    """Looking has no phases."""
