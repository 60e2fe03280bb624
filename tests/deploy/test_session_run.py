"""A run of a session in a thread: to the end, with failures decided about, stopped, refused, asked for keys."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.events import Event, Kind, Status
from fabwiz.deploy.lease_scripts import FOLDER
from fabwiz.deploy.lock import locked
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.session_run import Ending, Mode, SessionRun, State
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.remote.relay import Asked
from fabwiz.rules import registry
from fabwiz.session.data import dump
from fabwiz.session.document import Document
from fabwiz.session.examples import text
from fabwiz.session.workspace import Workspace
from tests.deploy.sites import session_of

pytestmark = pytest.mark.timeout(180)


class Operator:
    """Sees states and events as a screen does; `react` may be called in the engine's threads."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: list[State] = []
        self.asked: list[Asked] = []
        self.react: Callable[[SessionRun], None] = lambda run: None
        self.on_asked: Callable[[Asked], None] = lambda asked: None
        self.on_event: Callable[[Event], None] = lambda event: None

    def begin(
        self, document: Document, mode: Mode, options: RemoteOptions | None = None, asks_to_take_over: bool = False
    ) -> SessionRun:
        run = SessionRun(document, mode, self._event, self._state, self._asked, options, asks_to_take_over)
        run.start()
        return run

    def _event(self, event: Event) -> None:
        self.events.append(event)
        self.on_event(event)

    def _state(self, run: SessionRun) -> None:
        self.states.append(run.state)
        self.react(run)

    def _asked(self, asked: Asked) -> None:
        self.asked.append(asked)
        self.on_asked(asked)


@pytest.fixture
def operator() -> Operator:
    return Operator()


def lan4(folder: Path) -> Document:
    return Document.from_text(text("four-lan-hosts"), folder / "lan4.yaml")


def test_a_rehearsal_goes_through_with_a_host_that_crashed_and_came_back(operator: Operator, tmp_path: Path) -> None:
    tried: list[str | None] = []

    def crash(event: Event) -> None:
        if event.phase == Phase.DISTRIBUTE and event.status is Status.STARTED and event.event is Kind.PHASE:
            assert run.hosts
            run.hosts.crash("b")

    def mend(run: SessionRun) -> None:
        if run.state is State.WAITING:
            tried.extend(failure.step.host for failure in run.failures)
            assert run.hosts
            run.hosts.start("b")
            run.retry(["b"])

    operator.on_event, operator.react = crash, mend
    run = operator.begin(lan4(tmp_path), Mode.REHEARSAL)
    assert run.join(150)

    assert tried == ["b"]
    assert run.ended
    assert run.ended.ending is Ending.DONE, [e.message for e in operator.events if e.status is Status.FAILED]
    assert run.ended.facts
    assert run.ended.facts.rehearsal
    assert run.ended.facts.running == {node.name for node in run.network.nodes}
    assert set(run.ended.facts.agreed) == set(run.network.channels)
    assert "query a = 90" in " ".join(run.ended.facts.answers)
    assert [operator.states[0], operator.states[-1]] == [State.RUNNING, State.ENDED]
    assert not Workspace(tmp_path / "lan4.yaml").root.exists()


def test_a_failed_run_is_gone_over_again_from_the_start_on_the_same_hosts(operator: Operator, tmp_path: Path) -> None:
    def crash(event: Event) -> None:
        begins = event.event is Kind.PHASE and event.status is Status.STARTED
        if begins and event.phase == Phase.IMAGES and operator.states.count(State.WAITING) == 0:
            assert run.hosts
            run.hosts.crash("c")

    def mend(run: SessionRun) -> None:
        if run.state is State.WAITING:
            assert run.hosts
            run.hosts.start("c")
            run.resume()

    operator.on_event, operator.react = crash, mend
    run = operator.begin(lan4(tmp_path), Mode.REHEARSAL)
    assert run.join(150)

    assert run.ended
    assert run.ended.ending is Ending.DONE, [e.message for e in operator.events if e.status is Status.FAILED]
    generated = [e for e in operator.events if e.event is Kind.PHASE and e.phase == Phase.GENERATE]
    assert [event.status for event in generated] == [Status.STARTED, Status.DONE, Status.STARTED, Status.SKIPPED]


def test_stopping_ends_after_the_steps_that_run(operator: Operator, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if event.phase == Phase.GENERATE:
            run.stop()

    operator.on_event = stop
    run = operator.begin(lan4(tmp_path), Mode.REHEARSAL)
    assert run.join(60)

    assert run.ended
    assert run.ended.ending is Ending.STOPPED
    assert "stopped" in run.ended.message
    assert State.STOPPING in operator.states


def test_cancelling_ends_a_run_that_waits_for_a_host_that_hangs(operator: Operator, tmp_path: Path) -> None:
    def hang(event: Event) -> None:
        if event.phase == Phase.DISTRIBUTE and event.event is Kind.PHASE:
            assert run.hosts
            run.hosts.freeze("b")
            threading.Timer(0.5, run.cancel).start()

    operator.on_event = hang
    run = operator.begin(lan4(tmp_path), Mode.REHEARSAL)
    assert run.join(30)

    assert run.ended
    assert run.ended.ending is Ending.STOPPED


def test_giving_up_on_failures_tells_them(operator: Operator, tmp_path: Path) -> None:
    def crash(event: Event) -> None:
        if event.phase == Phase.DISTRIBUTE and event.event is Kind.PHASE:
            assert run.hosts
            run.hosts.crash("b")

    def give_up(run: SessionRun) -> None:
        if run.state is State.WAITING:
            run.stop()

    operator.on_event, operator.react = crash, give_up
    run = operator.begin(lan4(tmp_path), Mode.REHEARSAL)
    assert run.join(60)

    assert run.ended
    assert run.ended.ending is Ending.FAILED
    assert "distribute failed on b" in run.ended.message


def test_a_session_with_errors_is_refused_with_them(operator: Operator, tmp_path: Path) -> None:
    document = Document.from_text(text("four-lan-hosts").replace("zk1: a", "zk1: nowhere"), tmp_path / "lan4.yaml")
    run = operator.begin(document, Mode.RUN)
    assert run.join(30)

    assert run.ended
    assert run.ended.ending is Ending.REFUSED
    assert run.ended.findings
    assert operator.events == []


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Document]:
    """A session whose own hosts are here, on loopback addresses, which no rule would let pass."""
    monkeypatch.delitem(registry.RULES, "host-loopback")
    with Rehearsal(session_of("four-lan-hosts"), tmp_path / "hosts") as hosts:
        yield Document.from_text(dump(hosts.session), tmp_path / "lan4.yaml")


def test_all_new_host_keys_are_put_to_the_operator_together(own: Document, operator: Operator, tmp_path: Path) -> None:
    operator.on_asked = lambda asked: asked.answer(True)
    options = RemoteOptions(known_hosts=tmp_path / "known", user_known_hosts=None, default_keys=False)
    run = operator.begin(own, Mode.DRY_RUN, options)
    assert run.join(60)

    assert not [event for event in operator.events if "SHA256" in str(event.message)]
    assert [sorted(key.host for key in asked.unknown) for asked in operator.asked] == [["a", "b", "c", "d"]]
    assert all(key.fingerprint.startswith("SHA256:") for key in operator.asked[0].unknown)


def test_stopping_answers_open_questions_with_nothing(own: Document, operator: Operator, tmp_path: Path) -> None:
    operator.on_asked = lambda asked: threading.Timer(0.1, run.stop).start()
    options = RemoteOptions(known_hosts=tmp_path / "known", user_known_hosts=None, default_keys=False)
    run = operator.begin(own, Mode.RUN, options)
    assert run.join(30)

    assert run.ended
    assert run.ended.ending in (Ending.STOPPED, Ending.FAILED)
    assert not operator.asked[0].is_open


def test_another_run_on_the_same_workspace_is_in_the_way(own: Document, operator: Operator, tmp_path: Path) -> None:
    with locked(Workspace(tmp_path / "lan4.yaml").lock):
        run = operator.begin(own, Mode.RUN)
        assert run.join(30)

    assert run.ended
    assert run.ended.ending is Ending.LOCKED


def held_by_bob(document: Document) -> None:
    """As the host has it while a run of another operator works there."""
    assert document.network
    folder = Path(document.network.hosts["a"].remote_dir) / FOLDER
    folder.mkdir(parents=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    uptime = Path("/proc/uptime").read_text().partition(".")[0]
    (folder / "held.bbbbbbbb-00000001").touch()
    (folder / "about.bbbbbbbb-00000001").write_text('1800000000\n{"who": "bob@desk"}\n')
    (folder / "beat.bbbbbbbb-00000001").write_text(f"{boot} {uptime} 1800000000\n")


@pytest.mark.parametrize("ending", ["nobody is asked", "stopped", "taken over"])
def test_hosts_that_another_operator_holds_are_taken_over_by_a_decision_alone(
    own: Document, operator: Operator, tmp_path: Path, ending: str
) -> None:
    held_by_bob(own)
    asked: list[str] = []

    def decide(run: SessionRun) -> None:
        if run.state is State.WAITING:
            asked.extend(holder.who for holder in run.holders)
            threading.Thread(target=run.take_over if ending == "taken over" else run.stop).start()

    operator.react = decide
    operator.on_event = lambda event: run.stop() if event.phase == Phase.GENERATE else None
    options = RemoteOptions(accept_new_host_keys=True, known_hosts=tmp_path / "known", user_known_hosts=None)
    run = operator.begin(own, Mode.RUN, options, asks_to_take_over=ending != "nobody is asked")
    assert run.join(100)

    assert asked == ([] if ending == "nobody is asked" else ["bob@desk"])
    assert run.ended
    assert run.ended.ending is (Ending.STOPPED if ending == "taken over" else Ending.LOCKED)
    if ending == "taken over":
        assert any("the lease is taken over from bob@desk" in str(event.message) for event in operator.events)
    else:
        assert "bob@desk" in run.ended.message


def test_making_one_loads_nothing_heavy() -> None:
    code = (
        "import sys, fabwiz.deploy.session_run;"
        "print([m for m in ('paramiko', 'grpc', 'cryptography') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout == "[]\n"
