"""Phases by hosts: what the cells show while events come in."""

from __future__ import annotations

from typing import Any

import pytest

from fabwiz.console.matrix import WORKSTATION, Mark, Matrix
from fabwiz.deploy.events import Event, Kind, Status


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def matrix(clock: Clock) -> Matrix:
    matrix = Matrix(["distribute", "check"], ["a", "b", "c"], clock)
    matrix.take(Event("", Kind.PHASE, "distribute", status=Status.STARTED, message="send"))
    return matrix


def step(host: str | None, status: Status, message: str = "", phase: str = "distribute") -> Event:
    return Event("", Kind.STEP, phase, "put", host, status=status, message=message)


def log(host: str | None, message: str, **more: Any) -> Event:
    return Event("", Kind.LOG, "distribute", host=host, message=message, **more)


def test_a_cell_tells_what_its_host_is_at_and_for_how_long(matrix: Matrix, clock: Clock) -> None:
    matrix.take(step("a", Status.STARTED, "put its bundle"))
    clock.now += 2
    matrix.take(log("a", "3 of 9 files"))
    cell = matrix.cell("distribute", "a")
    assert (cell.mark, cell.at, cell.seconds(clock.now)) == (Mark.RUNNING, "3 of 9 files", 2)
    assert matrix.busy == [("a", cell)]

    matrix.take(step("a", Status.DONE, "9 files"))
    clock.now += 5
    cell = matrix.cell("distribute", "a")
    assert (cell.mark, cell.at, cell.seconds(clock.now)) == (Mark.DONE, "9 files", 2)
    assert matrix.cell("distribute", "b").seconds(clock.now) is None
    assert matrix.busy == []


def test_one_step_that_did_something_counts_more_than_others_that_had_nothing_to_do(matrix: Matrix) -> None:
    for status in (Status.STARTED, Status.DONE, Status.STARTED, Status.SKIPPED):
        matrix.take(step("a", status))
    for status in (Status.STARTED, Status.SKIPPED):
        matrix.take(step("b", status))

    assert [matrix.cell("distribute", host).mark for host in "ab"] == [Mark.DONE, Mark.SAME]


def test_failed_hosts_are_named_until_they_are_tried_again(matrix: Matrix) -> None:
    for host in "abc":
        matrix.take(step(host, Status.STARTED))
    matrix.take(step("a", Status.DONE))
    matrix.take(step("b", Status.FAILED, "no room"))
    assert matrix.counts("distribute") == {Mark.DONE: 1, Mark.FAILED: 1, Mark.RUNNING: 1}
    assert matrix.named("distribute", Mark.FAILED) == ["b"]

    matrix.take(step("b", Status.STARTED))
    assert matrix.named("distribute", Mark.RUNNING) == ["b", "c"]


def test_a_phase_that_begins_again_begins_with_nothing(matrix: Matrix) -> None:
    matrix.take(step("b", Status.STARTED))
    matrix.take(step("b", Status.FAILED))
    matrix.take(Event("", Kind.PHASE, "distribute", status=Status.FAILED, message="b: no"))
    assert matrix.total("distribute").mark is Mark.FAILED

    matrix.take(Event("", Kind.PHASE, "distribute", status=Status.STARTED))

    assert matrix.cell("distribute", "b").mark is Mark.OPEN
    assert matrix.total("distribute").mark is Mark.RUNNING


def test_what_was_passed_over_stays_marked_when_the_rest_goes_well(matrix: Matrix) -> None:
    for event in (step(None, Status.STARTED), step(None, Status.FAILED), log(None, "passed over: ask")):
        matrix.take(event)
    assert matrix.cell("distribute", WORKSTATION).mark is Mark.PASSED
    for event in (step(None, Status.STARTED), step(None, Status.DONE)):
        matrix.take(event)
    assert matrix.cell("distribute", WORKSTATION).mark is Mark.PASSED


def test_at_the_end_times_stand_still_and_what_ran_was_cut_off(matrix: Matrix, clock: Clock) -> None:
    matrix.take(step("a", Status.STARTED))
    matrix.take(step("b", Status.STARTED))
    matrix.take(step("b", Status.DONE))
    clock.now += 5
    matrix.close()
    clock.now += 60
    matrix.close()
    cut, done = matrix.cell("distribute", "a"), matrix.cell("distribute", "b")
    assert (matrix.seconds(), cut.seconds(matrix.now()), done.seconds(matrix.now())) == (5, 5, 0)
    assert (cut.mark, done.mark, matrix.total("distribute").mark) == (Mark.FAILED, Mark.DONE, Mark.FAILED)
    assert matrix.busy == []


def test_events_of_other_phases_are_none_of_its_business(matrix: Matrix) -> None:
    matrix.take(step("a", Status.STARTED, phase="down"))
    matrix.take(Event("", Kind.SUMMARY, message="done"))

    assert matrix.current == "distribute"
