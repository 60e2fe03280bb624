"""The whole deployment: what `fabwiz replay`, the demo and the wizard run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fabwiz import __version__
from fabwiz.deploy.decision import Decide
from fabwiz.deploy.dry_run import dry
from fabwiz.deploy.errors import Interrupted
from fabwiz.deploy.events import Emitter, Kind, Status
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.leases import TakeOver
from fabwiz.deploy.lock import locked
from fabwiz.deploy.operator import operator
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from fabwiz.deploy.place import Place
from fabwiz.deploy.run import Run
from fabwiz.deploy.scratch import clear_scratch
from fabwiz.remote.options import Asker
from fabwiz.remote.passphrase import key_guard
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
    keys = network.session.keys
    guard = key_guard(keys, str(session_file.absolute()), pool.secrets, network.name)
    workspace = Workspace(session_file, guard=guard)
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


def replay(
    run: Run,
    until: Phase | None = None,
    dry_run: bool = False,
    decide: Decide | None = None,
    take_over: TakeOver | None = None,
) -> Outcome:
    """Run all phases up to `until`, under the workspace's lock and the hosts' leases, and emit a summary.

    `decide` is asked what to do about failed steps, see `execute`; `take_over` whether the leases of others are taken
    from them. A dry run needs neither lock nor lease, for it changes nothing. Raises Locked when another run holds the
    lock, Leased when another operator's run holds a lease or has taken one over, OSError when the workspace cannot be
    written, Interrupted when the operator asked to stop.
    """
    if dry_run:
        with dry(run) as twin:
            return _run(twin, until)
    with changing(run, "replay", take_over, until=until):
        outcome = _run(run, until, decide)
        run.journal.append("end", status=_status(outcome), changed=outcome.changed, unchanged=outcome.unchanged)
        return outcome


@contextmanager
def changing(
    run: Run,
    command: str,
    take_over: TakeOver | None = None,
    tidy: bool = False,
    needed: bool = True,
    **about: Any,
) -> Iterator[None]:
    """Hold the workspace's lock, and the leases of hosts from when they are opened on; the journal says who and why.

    For every command that changes hosts. `tidy`: what is empty of `remote_dir` goes at the end; not `needed`: a host
    on which no lease can be written is worked on without. Raises as `replay`.
    """
    with locked(run.workspace.lock), run.leases.wanted(f"fabwiz {command}", take_over, tidy, needed):
        run.journal.append(
            "run",
            network=run.network.name,
            command=command,
            who=operator(),
            version=__version__,
            pid=os.getpid(),
            **about,
        )
        try:
            yield
        except Interrupted as error:
            run.journal.append("end", status=Status.FAILED, message=str(error) or "stopped")
            raise


def _run(run: Run, until: Phase | None, decide: Decide | None = None) -> Outcome:
    begun = time.monotonic()
    try:
        outcome = execute(run, phases_until(until), decide)
    except Interrupted as error:
        seconds = round(time.monotonic() - begun, 3)
        stopped = f"{run.network.name}: stopped" + ("" if run.rehearsal else "; run again to go on from here")
        run.emit(Kind.SUMMARY, status=Status.FAILED, seconds=seconds, message=_named(run, str(error) or stopped))
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
