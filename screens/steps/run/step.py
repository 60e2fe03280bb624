"""Running the session: on rehearsal hosts first, then on its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from fabwiz.console.log_model import LogModel
from fabwiz.console.matrix import Mark, Matrix
from fabwiz.deploy.events import Event
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.session_run import Ended, Ending, Mode, SessionRun, State
from fabwiz.editing.draft import ChangedElsewhere, Settled
from fabwiz.remote.options import RemoteOptions
from fabwiz.session.edits import EditError
from screens.step import Step
from screens.steps.engine_news import AskedNow, Moved, pass_question
from screens.steps.run.failures import Failures
from screens.steps.run.matrix_view import MatrixView, duration
from screens.telling import tell
from screens.widgets.answering import answer
from screens.widgets.dialogs import Choose
from screens.widgets.log_view import LogPanel, LogView

_ABOUT = """\
Rehearse: all of it on stand-ins of your hosts, processes on this machine; takes about a minute.
Dry run: logs in to your hosts and says what a run would do there; changes nothing.
Run: does it, and proves that the network answers. It may be stopped at any moment, and goes on from there.\
"""
_PARTING = 6.0
"""Seconds that a cancelled run gets before the wizard ends without it."""


class RunStep(Step):
    """The run belongs to this step, and goes on while others are looked at."""

    KEY = "run"
    TITLE = "Run"
    HELP = """# Run

**Rehearse on this machine first**: the whole deployment on stand-in hosts, which are processes on this machine.
Nothing leaves it, no server and no Docker are needed, and it takes less than a minute. It finds most of what would go
wrong, apart from what only your machines can tell.

**Dry run** logs in to your hosts and says what a run would do; nothing is changed.

**Run** does it: it looks at every host, makes keys and artifacts, sends each host its bundle, starts ZooKeeper, Kafka,
orderers and peers in order, creates and joins the channels, starts the chaincode, and proves that it answers.

While it runs you may look at the other steps. What you change there is for the *next* run: this one goes on with the
session as it was when it began.

When steps fail, the run waits, with everything connected, and tells cause and remedy. Mend that, then:

- **Try it again** (`r`): the failed step of the highlighted host, and those behind it;
- **Try all again** (`a`): those of all hosts that failed;
- **From the start** (`g`): go over everything again. What is done is only looked at, so this is quick, and the right
  way after a host was away, or containers have to be started again;
- **Go on without** (`x`): only in the last phase, the check, for only there nothing builds on what failed.

Stopping is safe at any moment: running again goes on from there.

Each host knows whose run works on it. Where that is somebody else's, you see who it is, and may take the host over.

The log has everything that the engine and the containers say. `/` searches, `e` goes to the next error, `h`, `o` and
`l` show only a host, a node, a level; `p` pauses, `w` wraps, `c` copies, End follows again.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "stop", "Stop"),
        Binding("f", "failures", "Failures"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.session_run: SessionRun | None = None
        """The run that goes on, or the last one."""
        self.seen: SessionRun | None = None
        """The last run that went well and saw what the network shows."""
        self.options: RemoteOptions | None = None
        """How to log in to the session's hosts, where it differs from what a person at this machine does."""
        self._log = LogModel()
        self._matrix = Matrix(Phase, ())
        self._then: Callable[[], None] | None = None
        self._quitting = False

    # -- looks ---------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """What is going on, what can be done, phases by hosts, failures, the log."""
        yield Static("", id="run-state", markup=False)
        with Horizontal(id="run-buttons"):
            yield Button("Rehearse here first", id="run-rehearsal", variant="primary", compact=True)
            yield Button("Dry run", id="run-dry", compact=True)
            yield Button("Run", id="run-run", compact=True)
            yield Button("Stop safely", id="run-stop", compact=True)
            yield Button("Cancel", id="run-cancel", compact=True)
        yield Static(_ABOUT, id="run-about", markup=False)
        yield MatrixView(self._matrix, id="run-matrix")
        yield Failures()
        yield LogPanel(self._log, id="run-log")

    def on_mount(self) -> None:
        """Times move five times a second while something runs."""
        self.set_interval(0.2, self._tick)
        self._draw()

    def on_show(self) -> None:
        """A run needs the room."""
        self.screen.set_class(self.session_run is not None, "-running")

    def on_hide(self) -> None:
        """Other steps have their findings."""
        self.screen.remove_class("-running")

    def show(self) -> None:
        """The draft may have moved away from what runs."""
        self._draw()

    def judge(self, settled: Settled) -> None:
        """Whether a run may start."""
        self._draw()

    def focus_first(self) -> None:
        """Where work goes on: a decision, the log of a run, or the ways to begin one."""
        run = self.session_run
        if run and run.state is State.WAITING and run.failures:
            self.query_one("#failure-list").focus()
        elif run and run.alive:
            self.query_one(LogView).focus()
        else:
            first = "#run-run" if run and run.rehearsal and _went_well(run.ended) else "#run-rehearsal"
            self.query_one(first).focus()

    def headless(self, session_file: Path) -> str:
        """The same without a screen."""
        return f"fabwiz replay {session_file.name}"

    @property
    def going_on(self) -> bool:
        """Whether a run has begun and not ended."""
        return self.session_run is not None and self.session_run.state is not State.ENDED

    def rail_state(self) -> str | None:
        """For the list of steps: how the run is."""
        run = self.session_run
        if run is None:
            return None
        if run.state is State.WAITING or (run.ended and run.ended.ending is not Ending.DONE):
            return "error"
        return "done" if run.ended and run.mode is Mode.RUN else "open"

    def _tick(self) -> None:
        if self.going_on and self.display:
            self.query_one(MatrixView).redraw()
            self._state_line()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        run, settled = self.session_run, self.draft.settled
        active = self.going_on
        waiting = run is not None and run.state is State.WAITING and bool(run.failures)
        self._state_line()
        for name in ("rehearsal", "dry", "run"):
            self.query_one(f"#run-{name}", Button).display = not active
        self.query_one("#run-stop", Button).display = active and run is not None and run.state is not State.STOPPING
        self.query_one("#run-cancel", Button).display = active
        count = len(settled.network.hosts) if settled.network else 0
        self.query_one("#run-run", Button).label = f"Run on {count} host{'' if count == 1 else 's'}"
        self.query_one("#run-stop", Button).label = "End the run" if waiting else "Stop safely"
        self.query_one("#run-about", Static).display = run is None
        self.query_one(MatrixView).display = run is not None
        self.query_one(LogPanel).display = run is not None
        self.query_one(Failures).display = waiting
        self.screen.set_class(run is not None and self.display, "-running")
        self.refresh_bindings()

    def _state_line(self) -> None:
        state = self.query_one("#run-state", Static)
        state.set_class(self.going_on, "-line")
        state.update(self._said())

    def _said(self) -> Text:
        run = self.session_run
        text = Text()
        if run is None:
            errors = sum(finding.blocks for finding in self.draft.settled.findings)
            if errors:
                return text.append(
                    f"The session has {errors} error{'' if errors == 1 else 's'}: mend them first (F2).", "bold"
                )
            return text.append(
                "Try it on this machine before you try it on yours: nothing leaves it, nothing is needed."
            )
        matrix = self._matrix
        if run.ended and run.ended.message.startswith(str(run.mode)):
            return text.append(f"{run.ended.message} ({duration(matrix.seconds())})", "bold")
        text.append(f"{str(run.mode).capitalize()}: ", "bold")
        if run.ended:
            text.append(f"{run.ended.message} ({duration(matrix.seconds())})")
        elif run.state is State.WAITING and run.holders:
            text.append("waits for you: other operators' runs hold hosts", "bold")
        elif run.state is State.WAITING:
            text.append(f"{matrix.current} waits for you: {len(run.failures)} failed", "bold")
        elif run.state is State.STOPPING:
            text.append("stopping after the steps that run now")
        elif matrix.current is None:
            text.append("starting rehearsal hosts on this machine" if run.rehearsal else "starting")
        else:
            done = sum(matrix.total(phase).mark in (Mark.DONE, Mark.SAME) for phase in matrix.phases)
            text.append(f"{done} of {len(matrix.phases)} phases, {duration(matrix.seconds())}; {matrix.current}: ")
            busy = matrix.busy
            if busy:
                host, cell = busy[0]
                where = f"{host}: " if host else ""
                text.append(f"{where}{cell.at} ({duration(cell.seconds(matrix.now()) or 0)})")
                text.append(f", and {len(busy) - 1} more" if len(busy) > 1 else "")
            else:
                text.append(matrix.title)
        if self.going_on and self.draft.settled.document.text != run.document.text:
            text.append("\nThe session was edited since; that is for the next run.", "italic")
        return text

    # -- beginning -----------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#run-rehearsal")
    def _rehearse(self) -> None:
        self.begin(Mode.REHEARSAL)

    @on(Button.Pressed, "#run-dry")
    def _dry(self) -> None:
        self.begin(Mode.DRY_RUN)

    @on(Button.Pressed, "#run-run")
    def _run(self) -> None:
        self.begin(Mode.RUN)

    def begin(self, mode: Mode) -> None:
        """Freeze the session as it is now, and run it. Refused while it has errors."""
        if self.going_on:
            return
        try:
            self.draft.save()
        except (OSError, EditError, ChangedElsewhere) as error:
            self.notify(f"{error}; nothing was begun", severity="error", markup=False)
            return
        settled = self.draft.settled
        errors = [finding for finding in settled.findings if finding.blocks]
        if not settled.valid or settled.network is None:
            self.notify(
                f"{errors[0].message if errors else 'there is no session yet'}\n"
                f"{len(errors)} error{'' if len(errors) == 1 else 's'} in all; nothing was begun (F2 to the findings)",
                severity="error",
                title="The session has errors",
                markup=False,
            )
            return
        self._matrix = Matrix(Phase, settled.network.hosts)
        self.query_one(MatrixView).watch_run(self._matrix)
        self.session_run = SessionRun(
            settled.document,
            mode,
            self._take,
            lambda run: tell(self, Moved(run)),
            lambda asked: pass_question(self, asked),
            self.options,
            asks_to_take_over=True,
        )
        self.session_run.start()
        self._draw()
        self.wizard.judge_again()
        self.query_one(LogView).action_scroll_end()
        self.query_one(LogView).focus()

    def _take(self, event: Event) -> None:
        """In the engine's threads, one at a time."""
        self._matrix.take(event)
        self._log.add(event)

    # -- while it runs -------------------------------------------------------------------------------------------

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        run = event.run
        if run is not self.session_run:
            return
        if run.ended:
            self._matrix.close()
        if run.state is State.WAITING and run.failed_in:
            self.query_one(Failures).tell(run.failed_in.phase, run.failures, run.may_pass_over)
        had_focus = self.query_one(Failures).has_focus_within
        self._draw()
        self.query_one(MatrixView).redraw()
        self.wizard.judge_again()
        if had_focus and run.state is not State.WAITING:
            self.query_one(LogView).focus()
        if run.state is State.WAITING and run.holders:
            self._ask_to_take_over(run)
        elif run.state is State.WAITING:
            self.app.bell()
            away = "" if self.display else "; see the step Run"
            self.notify(f"{len(run.failures)} failed{away} (f to the failures)", severity="error", timeout=8)
        if run.ended:
            self._end(run, run.ended)

    def _ask_to_take_over(self, run: SessionRun) -> None:
        """Others hold the hosts: who, and whether to take them over. The careful answer leaves them alone."""
        from fabwiz.deploy.lease import told

        def answered(what: str | None) -> None:
            if what == "take":
                run.take_over()
            elif run.holders:
                run.stop()

        self.app.bell()
        self.app.push_screen(
            Choose(
                f"Another operator's run works on these hosts:\n\n{told(run.holders)}\n\n"
                "Ask them first. A run that is taken over from stops before its next act; what it had begun may be "
                "left half done, and is looked at again by yours.",
                [("leave", "Leave them alone"), ("take", "Take over")],
                "The hosts are taken",
            ),
            answered,
        )

    def _end(self, run: SessionRun, ended: Ended) -> None:
        told = "\n".join([ended.message, *(finding.message for finding in ended.findings[:3])])
        self.notify(
            told,
            title=str(run.mode),
            severity="information" if ended.ending is Ending.DONE else "error",
            timeout=12,
            markup=False,
        )
        if ended.facts:
            self.seen = run
        if self._then:
            self._go_on()
        elif self.display and not self.app.screen.is_modal and not isinstance(self.app.focused, Input):
            self.focus_first()  # not while somebody types: the Enter that is meant for the search would begin a run

    @on(AskedNow)
    def _asked(self, event: AskedNow) -> None:
        answer(self.app, event.asked)

    @on(Failures.Decided)
    def _decided(self, event: Failures.Decided) -> None:
        run = self.session_run
        if run is None:
            return
        if event.what == "retry":
            run.retry([event.host])
        elif event.what == "retry_all":
            run.retry()
        elif event.what == "resume":
            run.resume()
        else:
            run.pass_over([event.host])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys show where they can do something."""
        run = self.session_run
        if action == "stop":
            return self.going_on and run is not None and run.state is not State.STOPPING
        if action == "failures":
            return run is not None and run.state is State.WAITING and bool(run.failures)
        return True

    def action_failures(self) -> None:
        """To what failed."""
        self.query_one("#failure-list").focus()

    @on(Button.Pressed, "#run-stop")
    def action_stop(self) -> None:
        """End after the steps that run now."""
        if self.session_run:
            self.session_run.stop()

    @on(Button.Pressed, "#run-cancel")
    def _cancel(self) -> None:
        def sure(what: str | None) -> None:
            if what == "cancel" and self.session_run:
                self.session_run.cancel()

        self.app.push_screen(
            Choose(
                "Cut all connections now? Steps end where they are; running again looks what came of them.\n\n"
                "Stopping safely lets the steps that run now come to their end first.",
                [("stay", "Let it run"), ("cancel", "Cancel the run")],
                "Cancel",
            ),
            sure,
        )

    # -- quitting ------------------------------------------------------------------------------------------------

    def holds(self, go_on: Callable[[], None]) -> bool:
        """While a run goes on, quitting waits for an answer, and for the run's end."""
        if not self.going_on:
            return False
        if self._then is None and not self._quitting:
            self._quitting = True
            self.app.push_screen(
                Choose(
                    "A run goes on.\n\nStopping safely ends it after the steps that run now; what was done stays done, "
                    "and running again goes on from there. Cancelling cuts all connections at once.",
                    [("stop", "Stop safely"), ("cancel", "Cancel"), ("stay", "Stay")],
                    "Quit?",
                ),
                lambda what: self._quit(what, go_on),
            )
        return True

    def _quit(self, what: str | None, go_on: Callable[[], None]) -> None:
        self._quitting = False
        if what not in ("stop", "cancel"):
            return
        self._then = go_on
        if not self.going_on or self.session_run is None:
            self._go_on()
        elif what == "stop":
            self.session_run.stop()
        else:
            self.session_run.cancel()
            self.set_timer(_PARTING, self._go_on)

    def _go_on(self) -> None:
        go_on, self._then = self._then, None
        if go_on:
            # what still hangs is left behind: see `screens.main`
            self.session_run = None
            go_on()


def _went_well(ended: Ended | None) -> bool:
    return ended is not None and ended.ending is Ending.DONE
