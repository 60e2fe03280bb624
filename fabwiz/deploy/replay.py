"""The whole deployment: what `fabwiz replay`, the demo and the wizard run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabwiz.deploy.decision import Decide
from fabwiz.deploy.dry_run import dry
from fabwiz.deploy.errors import Interrupted
from fabwiz.deploy.events import Emitter, Kind, Status
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.lock import locked
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from fabwiz.deploy.place import Place
from fabwiz.deploy.run import Run
from fabwiz.deploy.scratch import clear_scratch
from fabwiz.remote.options import Asker
from fabwiz.remote.pool import Pool
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


def prepare(
    network: Network,
    session_file: Path,
    pool: Pool,
    emit: Emitter,
    source_folder: Path | None = None,
    rehearsal: bool = False,
) -> Run:
    """A run over the workspace beside `session_file`, which is created by what first writes into it.

    What dry runs left there that were killed is removed.

    `source_folder` is where chaincode paths are looked up; the session file's own folder when nothing is said.
    """
    workspace = Workspace(session_file)
    clear_scratch(workspace.root)
    return Run(
        network, workspace, pool, emit, Journal(workspace.journal), source_folder or session_file.parent, rehearsal
    )


@contextmanager
def prepared(place: Place, emit: Emitter, asker: Asker) -> Iterator[Run]:
    """A run at a place, with connections of its own, which are closed at the end."""
    pool = Pool(place.network, place.options, asker)
    try:
        run = prepare(place.network, place.session_file, pool, emit, place.source_folder, place.rehearsal is not None)
        try:
            yield run
        finally:
            run.close()
    finally:
        pool.close()


def replay(run: Run, until: Phase | None = None, dry_run: bool = False, decide: Decide | None = None) -> Outcome:
    """Run all phases up to `until`, under the workspace's lock, and emit a summary; see `execute` for `decide`.

    A dry run needs no lock, for it changes nothing. Raises Locked when another run holds the lock, OSError when the
    workspace cannot be written, Interrupted when the operator asked to stop.
    """
    if dry_run:
        with dry(run) as twin:
            return _run(twin, until)
    with locked(run.workspace.lock):
        run.journal.append("run", network=run.network.name, until=until)
        try:
            outcome = _run(run, until, decide)
        except Interrupted:
            run.journal.append("end", status=Status.FAILED, message="stopped")
            raise
        run.journal.append("end", status=_status(outcome), changed=outcome.changed, unchanged=outcome.unchanged)
        return outcome


def _run(run: Run, until: Phase | None, decide: Decide | None = None) -> Outcome:
    begun = time.monotonic()
    try:
        outcome = execute(run, phases_until(until), decide)
    except Interrupted:
        seconds = round(time.monotonic() - begun, 3)
        run.emit(
            Kind.SUMMARY,
            status=Status.FAILED,
            seconds=seconds,
            message=_named(
                run, f"{run.network.name}: stopped" + ("" if run.rehearsal else "; run again to go on from here")
            ),
        )
        raise
    seconds = round(outcome.seconds, 3)
    run.emit(Kind.SUMMARY, status=_status(outcome), seconds=seconds, message=summary(run, outcome, until))
    return outcome


def _status(outcome: Outcome) -> Status:
    return Status.FAILED if outcome.failures else Status.DONE if outcome.changed else Status.SKIPPED


def summary(run: Run, outcome: Outcome, until: Phase | None = None) -> str:
    """One sentence: what came of it, and how to go on."""
    return _named(run, _said(run, outcome, until))


def _named(run: Run, said: str) -> str:
    return f"rehearsal of {said}" if run.rehearsal else said


def _said(run: Run, outcome: Outcome, until: Phase | None) -> str:
    network = run.network
    if outcome.failed_phase:
        where = ", ".join(failure.step.host or "workstation" for failure in outcome.failures)
        refused = outcome.failed_phase.phase is Phase.PREFLIGHT
        again = "mend that and run again" + ("" if run.rehearsal else ": it goes on from there")
        tail = "nothing was changed" if refused else again
        return f"{network.name}: {outcome.failed_phase.phase} failed on {where}; {tail}"
    if run.dry:
        return (
            f"{network.name}: {_count(outcome.changed, 'step')} would change something, {outcome.unchanged} would not"
        )
    changes = f"{_count(outcome.changed, 'change')} made"
    if outcome.passed_over:
        titles = ", ".join(failure.step.title for failure in outcome.passed_over)
        return f"{network.name} runs, but is not proven to work: passed over was {titles}; {changes}"
    if until not in (None, Phase.CHECK):
        return f"{network.name}: everything up to {until} is as it must be, {changes}"
    hosts = sum(bool(network.on(host)) for host in network.hosts)
    size = f"{_count(len(network.nodes), 'container')} on {_count(hosts, 'host')}"
    if run.hosts_away:
        gone = ", ".join(run.hosts_away)
        return (
            f"{network.name} works without {gone}, which did not answer, {changes}; when it is back, run again: "
            "what is to be done there is done then"
        )
    if not outcome.changed:
        return f"{network.name}: nothing to change, {size} are as they must be"
    kept = "" if run.rehearsal else f"; keys and logs lie in {run.workspace.root}"
    return f"{network.name} works: {size}, {changes}{kept}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
