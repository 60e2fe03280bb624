"""Runs phases: hosts in parallel, a host's steps in turn, every failure collected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from fabwiz.deploy.decision import Decide, Failure
from fabwiz.deploy.dry_run import look_only
from fabwiz.deploy.errors import Interrupted
from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.phase import PhaseSpec, Stage
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Result, Step

T = TypeVar("T")

_MOST_THREADS = 64
_PARTING = 5.0
"""Seconds that hosts get to end what they are at when the operator wants to end at once."""


@dataclass(slots=True)
class Outcome:
    """How a run ended. `changed` counts the steps that changed something."""

    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    """Of the unchanged: those that could have changed something, and did not have to."""
    failures: list[Failure] = field(default_factory=list)
    passed_over: list[Failure] = field(default_factory=list)
    """Those that the operator went on without."""
    failed_phase: PhaseSpec | None = None
    seconds: float = 0.0


def execute(run: Run, phases: Iterable[PhaseSpec], decide: Decide | None = None) -> Outcome:
    """Run the phases in order until one fails.

    Raises Interrupted when the operator asked to stop, Leased when another works on the hosts, or has taken them over.

    In a dry run every step only looks, and says what it would do. Where steps fail, `decide` is asked what to do about
    them while everything that is connected stays so; without it, they end the run.
    """
    outcome = Outcome()
    begun = time.monotonic()
    for spec in phases:
        run.raise_if_stopped()
        _phase(run, spec, outcome, decide)
        if outcome.failures:
            outcome.failed_phase = spec
            break
    outcome.seconds = time.monotonic() - begun
    return outcome


def _phase(run: Run, spec: PhaseSpec, outcome: Outcome, decide: Decide | None) -> None:
    begun = time.monotonic()
    before, skipped_before = outcome.changed, outcome.skipped
    run.emit(Kind.PHASE, phase=spec.phase, status=Status.STARTED, message=spec.title)
    stopped: Interrupted | None = None
    try:
        _at_once(run, [partial(run.entering, spec.phase)])
        for stage in spec.stages(run.network):
            _stage(run, spec, stage, outcome, decide)
            if outcome.failures:
                break
    except Interrupted as error:
        stopped = error
    seconds = round(time.monotonic() - begun, 3)
    if stopped:
        status, message = Status.FAILED, str(stopped) or "stopped"
    elif outcome.failures:
        status = Status.FAILED
        message = "; ".join(f"{f.step.host or 'workstation'}: {f.error.message}" for f in outcome.failures)
    elif run.dry and outcome.changed > before:
        status, message = Status.SKIPPED, f"would: {spec.title}"
    elif outcome.changed > before or outcome.skipped == skipped_before:
        status, message = Status.DONE, spec.title
    else:
        status, message = Status.SKIPPED, f"{spec.title}: nothing to change"
    run.emit(Kind.PHASE, phase=spec.phase, status=status, seconds=seconds, message=message)
    _note(run, "phase", phase=spec.phase, status=status, seconds=seconds)
    if stopped:
        raise stopped


def _stage(run: Run, spec: PhaseSpec, stage: Stage, outcome: Outcome, decide: Decide | None) -> None:
    lanes: dict[str | None, list[Step]] = {}
    for step in stage:
        if step.host in run.hosts_away:
            continue  # it was told at the start; what is to be done there is done when it is back
        lanes.setdefault(step.host, []).append(step)
    waiting = list(lanes)
    failed: dict[str | None, Failure] = {}
    while waiting:
        for results, failure in _at_once(run, [partial(_lane, run, spec, lanes[host]) for host in waiting]):
            outcome.changed += sum(result.changed for result in results)
            outcome.unchanged += sum(not result.changed for result in results)
            outcome.skipped += sum(result.status is Status.SKIPPED and not result.changed for result in results)
            if failure:
                failed[failure.step.host] = failure
        run.raise_if_stopped()
        decision = decide(spec, list(failed.values())) if failed and decide else None
        run.raise_if_stopped()
        if decision is None:
            break
        without = decision.without if spec.may_pass_over else frozenset[str | None]()
        waiting = [host for host in failed if host in decision.again | without]
        for host in waiting:
            failure = failed.pop(host)
            lanes[host] = lanes[host][lanes[host].index(failure.step) + (host in without) :]
            if host in without:
                _pass_over(run, spec, failure, outcome)
        # what was said before must not fail the new try
        run.logs.forget([node for node in run.network.nodes if None in waiting or node.host in waiting])
        run.pool.secrets.forget_unanswered()
    outcome.failures += failed.values()


def _pass_over(run: Run, spec: PhaseSpec, failure: Failure, outcome: Outcome) -> None:
    outcome.passed_over.append(failure)
    where = {"phase": spec.phase, "step": failure.step.name, "host": failure.step.host, "node": failure.step.node}
    run.emit(Kind.LOG, **where, message=f"passed over: {failure.step.title}")
    _note(run, "passed-over", **where, message=failure.error.message)


def _at_once(run: Run, jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Do jobs in threads, a single one too: signals reach this thread alone, in which nothing can be half done.

    When it is interrupted, connections are cut, and threads that still do not end are left behind.
    """
    if not jobs:
        return []
    pool = ThreadPoolExecutor(min(len(jobs), _MOST_THREADS), thread_name_prefix="host")
    futures = [pool.submit(job) for job in jobs]
    try:
        return [future.result() for future in futures]
    except BaseException:
        run.abandon()
        wait(futures, timeout=_PARTING)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _lane(run: Run, spec: PhaseSpec, steps: Sequence[Step]) -> tuple[list[Result], Failure | None]:
    """The steps of one host; a failed one is the host's last in this phase."""
    results: list[Result] = []
    for step in steps:
        if run.stopped:
            break
        where = {"phase": spec.phase, "step": step.name, "host": step.host, "node": step.node}
        run.emit(Kind.STEP, **where, status=Status.STARTED, message=step.title)
        _note(run, "step", **where, status=Status.STARTED)
        begun = time.monotonic()
        try:
            result = look_only(run, step) if run.dry else step.execute(run)
        except Interrupted:
            seconds = round(time.monotonic() - begun, 3)
            run.emit(Kind.STEP, **where, status=Status.FAILED, seconds=seconds, message="stopped")
            _note(run, "step", **where, status=Status.FAILED, seconds=seconds, message="stopped")
            break
        except Exception as error:
            failed = run.explain(error, step.host)
            seconds = round(time.monotonic() - begun, 3)
            details = {"cause": failed.cause, "remedy": failed.remedy, "known": failed.known}
            run.emit(Kind.STEP, **where, status=Status.FAILED, seconds=seconds, message=failed.message, **details)
            _note(run, "step", **where, status=Status.FAILED, seconds=seconds, message=failed.message)
            return results, Failure(step, failed)
        seconds = round(time.monotonic() - begun, 3)
        run.emit(Kind.STEP, **where, status=result.status, seconds=seconds, message=result.message)
        changed = True if result.changed else None
        _note(run, "step", **where, status=result.status, seconds=seconds, message=result.message, changed=changed)
        results.append(result)
    return results, None


def _note(run: Run, kind: str, **values: object) -> None:
    if not run.dry:
        run.journal.append(kind, **values)
