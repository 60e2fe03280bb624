"""How steps are run: look, act, look again; hosts side by side; every failure told; nothing after a failure."""

from __future__ import annotations

import threading
import time

import pytest

from fabwiz.deploy.errors import Interrupted, StepFailed
from fabwiz.deploy.events import Event, Kind, Status
from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import PhaseSpec, Stage
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Evidence, Step
from fabwiz.remote.connection import Unreachable
from fabwiz.session.network import Network


class Switch(Step):
    """Turns something on."""

    def __init__(self, name: str, host: str | None = None, works: bool = True, fails: Exception | None = None) -> None:
        self.name, self.title, self.host = name, f"turn {name} on", host
        self.on = False
        self.looked = self.acted = 0
        self._works, self._fails = works, fails

    def look(self, run: Run) -> str | None:
        self.looked += 1
        return f"{self.name} is on" if self.on else None

    def act(self, run: Run) -> str:
        self.acted += 1
        if self._fails:
            raise self._fails
        self.on = self._works
        return f"{self.name} turned on"


def phase(*stages: Stage, name: str = "peers") -> PhaseSpec:
    return PhaseSpec(name, "turn things on", "", lambda network: stages)


def test_a_step_looks_acts_and_looks_again(run: Run) -> None:
    lamp = Switch("lamp")

    outcome = execute(run, [phase([lamp])])

    assert (lamp.looked, lamp.acted) == (2, 1)
    assert (outcome.changed, outcome.unchanged, outcome.failures) == (1, 0, [])


def test_what_is_so_already_is_skipped(run: Run, events: list[Event]) -> None:
    lamp = Switch("lamp")
    lamp.on = True

    outcome = execute(run, [phase([lamp])])

    assert (lamp.acted, outcome.changed, outcome.unchanged) == (0, 0, 1)
    assert [e.status for e in events] == [Status.STARTED, Status.STARTED, Status.SKIPPED, Status.SKIPPED]


def test_a_step_that_claims_to_have_acted_but_shows_nothing_has_failed(run: Run) -> None:
    outcome = execute(run, [phase([Switch("lamp", works=False)])])

    assert "does not show" in outcome.failures[0].error.message


def test_a_failed_host_does_not_stop_its_siblings_but_its_own_next_steps(run: Run) -> None:
    broken = Switch("one", "a", fails=StepFailed("no power"))
    after = Switch("two", "a")
    sibling, also_failing = Switch("one", "b"), Switch("one", "c", fails=StepFailed("no bulb"))
    later = Switch("later")

    outcome = execute(run, [phase([broken, after, sibling, also_failing], [later]), phase([later], name="channels")])

    assert sibling.on
    assert (after.looked, later.looked) == (0, 0)
    assert {f.step.host: f.error.message for f in outcome.failures} == {"a": "no power", "c": "no bulb"}
    assert outcome.failed_phase
    assert outcome.failed_phase.phase == "peers"


def test_the_end_of_a_failed_phase_lists_every_failure(run: Run, events: list[Event]) -> None:
    hosts = [Switch("lamp", host, fails=StepFailed(f"no power on {host}")) for host in "abc"]

    execute(run, [phase(hosts)])

    assert events[-1].event is Kind.PHASE
    assert all(f"{host}: no power on {host}" in str(events[-1].message) for host in "abc")


@pytest.mark.parametrize(
    ("step_of", "said"),
    [("b", "connection refused"), ("a", "host b: connection refused"), (None, "host b: connection refused")],
)
def test_a_host_that_is_lost_is_named_where_the_step_is_not_its_own(run: Run, step_of: str | None, said: str) -> None:
    outcome = execute(run, [phase([Switch("lamp", step_of, fails=Unreachable("b", "connection refused"))])])

    assert [failure.error.message for failure in outcome.failures] == [said]


def test_hosts_work_side_by_side(run: Run) -> None:
    barrier = threading.Barrier(3, timeout=60)

    class Meeting(Switch):
        def act(self, run: Run) -> str:
            barrier.wait()
            return super().act(run)

    outcome = execute(run, [phase([Meeting("lamp", host) for host in "abc"])])

    assert outcome.changed == 3


def test_an_unexpected_error_is_told_in_words_and_kept_in_a_file(run: Run, events: list[Event]) -> None:
    outcome = execute(run, [phase([Switch("lamp", fails=ZeroDivisionError("by zero"))])])

    (failure,) = outcome.failures
    assert "by zero" in failure.error.message
    assert "Traceback" not in "".join(str(event.message) for event in events)
    assert "Traceback" in (run.workspace.logs / "engine.log").read_text()


def test_a_dry_run_only_looks(run: Run, events: list[Event]) -> None:
    lamp, candle = Switch("lamp"), Switch("candle")
    candle.on = True

    run.dry = True

    outcome = execute(run, [phase([lamp, candle])])

    assert (lamp.acted, candle.acted) == (0, 0)
    assert (outcome.changed, outcome.unchanged) == (1, 1)
    assert "would: turn lamp on" in [event.message for event in events]


def test_the_operator_can_stop_a_run(run: Run) -> None:
    class Stopper(Switch):
        def act(self, run: Run) -> str:
            run.stop()
            return super().act(run)

    next_one = Switch("next", "a")

    with pytest.raises(Interrupted):
        execute(run, [phase([Stopper("first", "a"), next_one])])
    assert next_one.looked == 0


def test_waiting_ends_as_soon_as_the_evidence_is_there(run: Run) -> None:
    looks = iter([Seen(False, "0 of 3"), Seen(False, "2 of 3"), Seen(True, "3 of 3")])

    assert run.wait(lambda: next(looks), 30, "not all there") == "3 of 3"


def test_a_time_limit_says_what_was_last_seen(run: Run, network: Network) -> None:
    begun = time.monotonic()

    with pytest.raises(StepFailed, match=r"not all there: not within 100ms; last seen: 2 of 3") as failure:
        run.wait(lambda: Seen(False, "2 of 3"), 0.1, "not all there", network.kafka)

    assert "kafka4" in str(failure.value.remedy)
    assert time.monotonic() - begun < 10


def test_evidence_is_never_a_change(run: Run) -> None:
    class Quorum(Evidence):
        name = title = "quorum"

        def act(self, run: Run) -> str:
            return "3 of 3"

    outcome = execute(run, [phase([Quorum()])])

    assert (outcome.changed, outcome.unchanged) == (0, 1)


def test_every_step_is_in_the_journal_before_it_acts_and_after(run: Run) -> None:
    execute(run, [phase([Switch("lamp", "a")])])

    steps = [(record["step"], record["host"], record["status"]) for record in run.journal.records("step")]
    assert steps == [("lamp", "a", "started"), ("lamp", "a", "done")]
