"""Failed steps and somebody there to decide: try again, for one host or all; go on without; or end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fabwiz.deploy.decision import Decision, Failure
from fabwiz.deploy.errors import Interrupted, StepFailed
from fabwiz.deploy.events import Event, Status
from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases import phases_until
from fabwiz.deploy.replay import summary
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Step


class Lamp(Step):
    """Has no power until `mended`."""

    name = "lamp"
    title = "turn the lamp on"

    def __init__(self, host: str | None, broken: bool = True) -> None:
        self.host, self.broken, self.on, self.tried = host, broken, False, 0

    def look(self, run: Run) -> str | None:
        return "it is on" if self.on else None

    def act(self, run: Run) -> str:
        self.tried += 1
        if self.broken:
            raise StepFailed("no power")
        self.on = True
        return "turned on"


class Operator:
    """Mends the lamps of hosts and says so, a round after the other."""

    def __init__(self, *rounds: Decision | None) -> None:
        self.rounds, self.asked = list(rounds), list[list[str | None]]()

    def __call__(self, spec: PhaseSpec, failures: Sequence[Failure]) -> Decision | None:
        self.asked.append([failure.step.host for failure in failures])
        decision = self.rounds.pop(0)
        for failure in failures:
            if decision and failure.step.host in decision.again and isinstance(failure.step, Lamp):
                failure.step.broken = False
        return decision


def phase(*stages: Stage, may_pass_over: bool = False) -> PhaseSpec:
    return PhaseSpec("peers", "turn lamps on", "", lambda network: stages, may_pass_over)


def again(*hosts: str | None) -> Decision:
    return Decision(again=frozenset(hosts))


def test_one_host_is_tried_again_and_goes_on_while_the_other_waits(run: Run) -> None:
    a, behind_a, b, c = Lamp("a"), Lamp("a", broken=False), Lamp("b"), Lamp("c", broken=False)
    later = Lamp(None, broken=False)
    operator = Operator(again("a"), again("b"))

    outcome = execute(run, [phase([a, behind_a, b, c], [later])], operator)

    assert operator.asked == [["a", "b"], ["b"]]
    assert all(lamp.on for lamp in (a, behind_a, b, c, later))
    assert (a.tried, b.tried, c.tried) == (2, 2, 1)
    assert (outcome.changed, outcome.failures) == (5, [])


def test_no_decision_ends_the_run_with_its_failures(run: Run) -> None:
    later = Lamp(None)

    outcome = execute(run, [phase([Lamp("a"), Lamp("b")], [later])], Operator(again("a"), None))

    assert [failure.step.host for failure in outcome.failures] == ["b"]
    assert later.tried == 0


def test_a_step_that_is_passed_over_is_remembered_and_what_stands_behind_it_runs(run: Run, events: list[Event]) -> None:
    behind = Lamp(None, broken=False)
    operator = Operator(Decision(without=frozenset([None])))

    outcome = execute(run, [phase([Lamp(None), behind], may_pass_over=True)], operator)

    assert behind.on
    assert [failure.error.message for failure in outcome.passed_over] == ["no power"]
    assert events[-1].status is Status.DONE
    assert "passed over: turn the lamp on" in [event.message for event in events]
    assert [record["message"] for record in run.journal.records("passed-over")] == ["no power"]


def test_stopping_while_a_decision_is_awaited_ends_the_run(run: Run) -> None:
    def decide(spec: PhaseSpec, failures: Sequence[Failure]) -> Decision | None:
        run.stop()
        return None

    with pytest.raises(Interrupted):
        execute(run, [phase([Lamp("a")])], decide)


def test_what_nobody_answered_is_asked_again_with_the_next_try(run: Run) -> None:
    from fabwiz.remote.secrets import Question, Secret, SecretKind, SecretStore

    answers: list[Secret | None] = [None, Secret("open sesame")]
    asked: list[Question] = []

    def ask(question: Question) -> Secret | None:
        asked.append(question)
        return answers.pop(0)

    store = SecretStore(ask, environment={})
    assert store.get(SecretKind.PASSWORD, "deploy") is None
    assert store.get(SecretKind.PASSWORD, "deploy") is None
    store.forget_unanswered()
    assert store.get(SecretKind.PASSWORD, "deploy") == Secret("open sesame")
    assert len(asked) == 2


def test_only_where_nothing_builds_on_it_a_step_can_be_passed_over(run: Run) -> None:
    outcome = execute(run, [phase([Lamp("a")])], Operator(Decision(without=frozenset(["a"]))))

    assert [failure.step.host for failure in outcome.failures] == ["a"]
    assert outcome.passed_over == []


def test_a_run_that_went_on_without_a_check_does_not_say_that_the_network_works(run: Run) -> None:
    outcome = execute(run, [phase([Lamp(None)], may_pass_over=True)], Operator(Decision(without=frozenset([None]))))

    said = summary(run, outcome)
    assert "not proven to work: passed over was turn the lamp on" in said
    assert "works:" not in said


def test_only_the_check_may_be_gone_on_without() -> None:
    assert [spec.phase for spec in phases_until() if spec.may_pass_over] == [Phase.CHECK]
