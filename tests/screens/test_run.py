"""Running the session from the wizard: on rehearsal hosts to the end, with failures, stops and edits on the way."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import ContentSwitcher, Input

from fabwiz.console.matrix import Matrix
from fabwiz.deploy.events import Event, Kind, Status
from fabwiz.deploy.session_run import Ending, Mode, State
from fabwiz.remote.relay import Asked
from fabwiz.remote.secrets import Question, Secret, SecretKind
from fabwiz.session.findings import Edit
from fabwiz.session.workspace import Workspace
from screens.app import styles
from screens.steps.engine_news import AskedNow
from screens.steps.run import RunStep
from screens.steps.run.matrix_view import MatrixView, duration
from screens.widgets.log_view import LogView
from tests.screens.conftest import Driven, drive

pytestmark = pytest.mark.timeout(180)

Example = Callable[[str], Path]


def step_of(wizard: Driven) -> RunStep:
    return wizard.wizard.query_one(RunStep)


async def reach(wizard: Driven) -> None:
    """Go to the step, by keys."""

    def shown() -> str | None:
        return next((switcher.current for switcher in wizard.wizard.query(ContentSwitcher)), None)

    await wizard.until(lambda: shown() is not None)
    while (before := shown()) != "run":
        await wizard.press("f4")
        await wizard.until(lambda: shown() != before)


async def begin(wizard: Driven) -> RunStep:
    """Begin a rehearsal, by keys."""
    await reach(wizard)
    await wizard.press("enter")
    step = step_of(wizard)
    assert step.session_run
    assert step.session_run.mode is Mode.REHEARSAL
    return step


def has_focus(wizard: Driven, name: str) -> bool:
    return wizard.app.focused is not None and wizard.app.focused.id == name


def crash_once(step: RunStep, host: str, phase: str) -> None:
    """Pull a host's plug as soon as a phase begins."""
    run = step.session_run
    assert run
    take, crashed = run._sink, False

    def sink(event: Event) -> None:
        nonlocal crashed
        take(event)
        if event.event is Kind.PHASE and event.phase == phase and event.status is Status.STARTED and not crashed:
            assert run
            assert run.hosts
            crashed = True
            run.hosts.crash(host)

    run._sink = sink


def test_a_rehearsal_with_a_crash_in_the_middle_is_retried_to_the_end_and_reported(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(wizard: Driven) -> None:
        step = await begin(wizard)
        run = step.session_run
        assert run
        crash_once(step, "b", "images")
        await wizard.until(lambda: run.state is State.WAITING, 60)
        await wizard.pilot.pause(0.1)
        shown = wizard.text()
        assert "images: 1 failed" in shown
        assert "remedy: " in shown

        # whoever looks elsewhere meanwhile finds everything as it was
        await wizard.press("f3")
        assert wizard.wizard.current.KEY != "run"
        await wizard.press("f4")
        assert run.hosts
        run.hosts.start("b")
        assert wizard.app.focused
        assert wizard.app.focused.id == "failure-list"
        await wizard.press("r")
        await wizard.press("f3")
        await wizard.until(lambda: run.ended is not None, 120)
        await wizard.press("f4")
        assert run.ended
        assert run.ended.ending is Ending.DONE, run.ended.message
        assert "rehearsal of lan4 works" in wizard.text()
        log = "\n".join(line.text for line in step._log.lines(0, step._log.end))
        assert "images: failed" in log
        assert "check: done" in log
        assert {line.node for line in step._log.lines(0, step._log.end)} >= {"zk1", "kafka1", "peer0.org1.example.com"}

        await wizard.press("f4")
        assert "14 of 14 containers run" in wizard.text()
        assert "This was a rehearsal" in wizard.text()
        await wizard.press("end")
        assert "fabwiz down" in wizard.text()
        await wizard.press("w")
        files = [Workspace(path).root / name for name in ("report.md", "topology.svg")]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
        report = files[0].read_text()
        assert "(rehearsal)" in report
        assert "query a = 90" in report
        assert "blocks on every peer" in report
        await wizard.press("c", "enter")
        assert wizard.app.clipboard == "fabwiz status four-lan-hosts.yaml"

    drive(path, script)


def test_enter_in_a_search_begins_no_run_when_a_rehearsal_ends_meanwhile(example: Example) -> None:
    """Where nobody types, the focus goes to what comes next then: the button that begins the real run."""

    async def script(wizard: Driven) -> None:
        step = await begin(wizard)
        run = step.session_run
        assert run
        step.query_one(LogView).focus()
        await wizard.press("slash")
        search = wizard.app.focused
        await wizard.type("kafka")
        await wizard.until(lambda: run.ended is not None, 120)
        await wizard.rest()
        assert isinstance(search, Input)
        assert wizard.app.focused is search
        await wizard.press("enter")
        assert step.session_run is run

    drive(example("three-orgs-one-host"), script)


def test_quitting_while_it_runs_asks_and_stops_safely(example: Example) -> None:
    async def script(wizard: Driven) -> None:
        step = await begin(wizard)
        run = step.session_run
        assert run
        await wizard.until(lambda: run.state is State.RUNNING, 60)
        await wizard.press("ctrl+q")
        await wizard.until(lambda: "A run goes on" in wizard.text() and has_focus(wizard, "answer-stop"))
        await wizard.press("escape")
        assert run.state is State.RUNNING
        await wizard.press("ctrl+q")
        await wizard.until(lambda: has_focus(wizard, "answer-stop"))
        await wizard.press("enter")
        await wizard.until(lambda: run.ended is not None, 60)
        assert run.ended
        assert run.ended.ending is Ending.STOPPED
        await wizard.until(lambda: wizard.app._exit)

    drive(example("four-lan-hosts"), script)


def test_quitting_can_cancel_and_nothing_of_a_rehearsal_is_in_the_workspace(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(wizard: Driven) -> None:
        step = await begin(wizard)
        run = step.session_run
        assert run
        await wizard.until(lambda: run.state is State.RUNNING, 60)
        await wizard.press("ctrl+q")
        await wizard.until(lambda: has_focus(wizard, "answer-stop"))
        await wizard.press("tab", "enter")
        await wizard.until(lambda: wizard.app._exit, 15)
        assert run.join(20)

    drive(path, script)
    assert not Workspace(path).artifacts.exists()
    assert not Workspace(path).journal.exists()


def test_a_session_with_errors_is_not_run(example: Example) -> None:
    path = example("four-lan-hosts")
    path.write_text(path.read_text().replace("zk1: a", "zk1: nowhere"))

    async def script(wizard: Driven) -> None:
        await reach(wizard)
        await wizard.settle()
        assert "mend" in wizard.text()
        await wizard.press("enter")
        assert step_of(wizard).session_run is None
        await wizard.until(lambda: any("nothing was begun" in told.message for told in wizard.app._notifications))

    drive(path, script)


def test_edits_meanwhile_are_for_the_next_run(example: Example) -> None:
    async def script(wizard: Driven) -> None:
        step = await begin(wizard)
        run = step.session_run
        assert run
        wizard.wizard.change("rename", [Edit(("name",), "other")])
        await wizard.settle()
        await wizard.until(lambda: "for the next run" in wizard.text())
        assert run.network.name == "lan4"
        await wizard.press("s")
        await wizard.until(lambda: run.ended is not None, 60)
        await wizard.until(lambda: "Rehearse here first" in wizard.text())

    drive(example("four-lan-hosts"), script)


def test_secrets_are_asked_for_in_a_dialog_that_shows_none_of_it(example: Example) -> None:
    async def script(wizard: Driven) -> None:
        await reach(wizard)
        asked = Asked(Question(SecretKind.PASSWORD, "deploy"))
        step_of(wizard).post_message(AskedNow(asked))
        await wizard.pilot.pause(0.1)
        await wizard.type("open sesame")
        shown = wizard.text()
        assert "Password of deploy" in shown
        assert "sesame" not in shown
        picture = wizard.pilot.app.export_screenshot()
        assert "deploy" in picture
        assert "sesame" not in picture
        await wizard.press("enter")
        assert asked.wait() == Secret("open sesame")

    drive(example("four-lan-hosts"), script)


def test_the_passphrase_of_the_networks_keys_is_asked_for_like_any_secret(example: Example) -> None:
    async def script(wizard: Driven) -> None:
        await reach(wizard)
        asked = Asked(Question(SecretKind.CA, "lan4 (once more)"))
        step_of(wizard).post_message(AskedNow(asked))
        await wizard.pilot.pause(0.1)
        await wizard.type("open sesame")
        assert "Passphrase of CA and admin keys of lan4 (once more)" in wizard.text()
        assert "sesame" not in wizard.text()
        await wizard.press("enter")
        assert asked.wait() == Secret("open sesame")

    drive(example("four-lan-hosts"), script)


def test_it_does_not_crash_where_there_is_no_room(example: Example) -> None:
    async def script(wizard: Driven) -> None:
        step = await begin(wizard)
        run = step.session_run
        assert run
        crash_once(step, "c", "distribute")
        await wizard.until(lambda: run.state is State.WAITING, 60)
        await wizard.pilot.resize_terminal(120, 40)
        await wizard.press("f", "s")
        await wizard.until(lambda: run.ended is not None, 60)
        await wizard.press("f4", "f3")

    drive(example("four-lan-hosts"), script, (20, 5))


class MatrixApp(App[None]):
    CSS = styles()

    def __init__(self, matrix: Matrix) -> None:
        super().__init__()
        self.matrix = matrix

    def compose(self) -> ComposeResult:
        yield MatrixView(self.matrix, id="run-matrix")


def test_many_hosts_become_counts_and_the_failed_ones_are_named() -> None:
    matrix = Matrix(["distribute"], [f"h{number}" for number in range(500)], lambda: 0.0)
    matrix.take(Event("", Kind.PHASE, "distribute", status=Status.STARTED))
    for number in range(500):
        host = f"h{number}"
        matrix.take(Event("", Kind.STEP, "distribute", "put", host, status=Status.STARTED))
        if number != 3:
            status = Status.FAILED if number == 17 else Status.DONE
            matrix.take(Event("", Kind.STEP, "distribute", "put", host, status=status))

    async def run() -> str:
        app = MatrixApp(matrix)
        async with app.run_test(size=(80, 10)) as pilot:
            await pilot.pause()
            return "\n".join(strip.text for strip in app.screen._compositor.render_strips())

    assert "498 done, 1 running, 1 failed: h17" in asyncio.run(run())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0s"), (9.94, "9.9s"), (9.96, "10s"), (99, "99s"), (185, "3m05s"), (3720, "1h02m")],
)
def test_times_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text
