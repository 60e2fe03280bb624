"""Runs phases: hosts in parallel, a host's steps in turn, every failure collected."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from fabwiz.deploy.errors import Interrupted, StepFailed
from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.phase import PhaseSpec, Stage
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Result, Step, done, skipped

_MOST_THREADS = 64


@dataclass(frozen=True, slots=True)
class Failure:
    """One step that failed."""

    step: Step
    error: StepFailed


@dataclass(slots=True)
class Outcome:
    """How a run ended. `changed` counts the steps that changed something."""

    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    """Of the unchanged: those that could have changed something, and did not have to."""
    failures: list[Failure] = field(default_factory=list)
    failed_phase: PhaseSpec | None = None
    seconds: float = 0.0


def execute(run: Run, phases: Iterable[PhaseSpec], dry_run: bool = False) -> Outcome:
    """Run the phases in order until one fails. Raises Interrupted when the operator asked to stop.

    With `dry_run` every step only looks, and says what it would do.
    """
    outcome = Outcome()
    begun = time.monotonic()
    for spec in phases:
        run.raise_if_stopped()
        _phase(run, spec, outcome, dry_run)
        if outcome.failures:
            outcome.failed_phase = spec
            break
    outcome.seconds = time.monotonic() - begun
    return outcome


def _phase(run: Run, spec: PhaseSpec, outcome: Outcome, dry_run: bool) -> None:
    begun = time.monotonic()
    before, skipped_before = outcome.changed, outcome.skipped
    run.emit(Kind.PHASE, phase=spec.phase, status=Status.STARTED, message=spec.title)
    run.entering(spec.phase)
    for stage in spec.stages(run.network):
        _stage(run, spec, stage, outcome, dry_run)
        if outcome.failures:
            break
    seconds = round(time.monotonic() - begun, 3)
    if outcome.failures:
        status = Status.FAILED
        message = "; ".join(f"{f.step.host or 'workstation'}: {f.error.message}" for f in outcome.failures)
    elif outcome.changed > before or outcome.skipped == skipped_before:
        status, message = Status.DONE, spec.title
    else:
        status, message = Status.SKIPPED, f"{spec.title}: nothing to change"
    run.emit(Kind.PHASE, phase=spec.phase, status=status, seconds=seconds, message=message)
    if not dry_run:
        run.journal.append("phase", phase=spec.phase, status=status, seconds=seconds)


def _stage(run: Run, spec: PhaseSpec, stage: Stage, outcome: Outcome, dry_run: bool) -> None:
    lanes: dict[str | None, list[Step]] = {}
    for step in stage:
        lanes.setdefault(step.host, []).append(step)
    if not lanes:
        return
    if len(lanes) == 1:
        ended = [_lane(run, spec, *lanes.values(), dry_run=dry_run)]
    else:
        with ThreadPoolExecutor(min(len(lanes), _MOST_THREADS), thread_name_prefix="host") as pool:
            ended = list(pool.map(lambda steps: _lane(run, spec, steps, dry_run=dry_run), lanes.values()))
    for results, failure in ended:
        outcome.changed += sum(result.changed for result in results)
        outcome.unchanged += sum(not result.changed for result in results)
        outcome.skipped += sum(result.status is Status.SKIPPED for result in results)
        if failure:
            outcome.failures.append(failure)
    run.raise_if_stopped()


def _lane(run: Run, spec: PhaseSpec, steps: Sequence[Step], *, dry_run: bool) -> tuple[list[Result], Failure | None]:
    """The steps of one host; a failed one is the host's last in this phase."""
    results: list[Result] = []
    for step in steps:
        if run.stopped:
            break
        where = {"phase": spec.phase, "step": step.name, "host": step.host, "node": step.node}
        run.emit(Kind.STEP, **where, status=Status.STARTED, message=step.title)
        if not dry_run:
            run.journal.append("step", **where, status=Status.STARTED)
        begun = time.monotonic()
        try:
            result = _look_only(run, step) if dry_run else step.execute(run)
        except Interrupted:
            break
        except Exception as error:
            failed = run.explain(error)
            seconds = round(time.monotonic() - begun, 3)
            details = {"cause": failed.cause, "remedy": failed.remedy, "known": failed.known}
            run.emit(Kind.STEP, **where, status=Status.FAILED, seconds=seconds, message=failed.message, **details)
            run.journal.append("step", **where, status=Status.FAILED, seconds=seconds, message=failed.message)
            return results, Failure(step, failed)
        seconds = round(time.monotonic() - begun, 3)
        run.emit(Kind.STEP, **where, status=result.status, seconds=seconds, message=result.message)
        if not dry_run:
            run.journal.append("step", **where, status=result.status, seconds=seconds, message=result.message)
        results.append(result)
    return results, None


def _look_only(run: Run, step: Step) -> Result:
    if step.only_reads:
        return step.execute(run)
    try:
        found = step.look(run)
    except Exception:
        found = None
    if found is not None:
        return skipped(found)
    return done(f"would: {step.title}")
