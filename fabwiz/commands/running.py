"""Running the engine for a command: its face, signals, and the exit code."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from fabwiz.commands.common import Refused
from fabwiz.console.choose import choose
from fabwiz.deploy import down
from fabwiz.deploy.errors import Interrupted, Locked
from fabwiz.deploy.events import Emitter, Kind, Sink, Status
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.phase import DOWN, Phase, PhaseSpec
from fabwiz.deploy.place import Place, own_hosts, rehearsal_hosts
from fabwiz.deploy.replay import changing, prepared, replay
from fabwiz.deploy.run import Run
from fabwiz.exitcodes import ExitCode
from fabwiz.remote.options import Asker, HeadlessAsker, RemoteOptions
from fabwiz.session.assigned import forget
from fabwiz.session.model import Session
from fabwiz.session.network import Network


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says about a run."""

    session_file: Path
    until: Phase | None = None
    dry_run: bool = False
    json: bool = False
    logs: bool = False
    take_over: bool = False
    """Leases that others hold are taken from them."""


def deploy(network: Network, settings: Settings, options: RemoteOptions, asker: Asker) -> ExitCode:
    """Deploy on the session's own hosts."""
    return _replay(own_hosts(network, settings.session_file, options), settings, asker)


def deploy_rehearsal(session: Session, settings: Settings) -> ExitCode:
    """Deploy on rehearsal hosts, which are gone afterwards; the workspace is a temporary one."""
    from fabwiz.remote.rehearsal import RehearsalError

    try:
        with rehearsal_hosts(Network(session), settings.session_file) as place:
            if not settings.json:
                count = f"{len(place.network.hosts)} host{'' if len(place.network.hosts) == 1 else 's'}"
                print(f"rehearsal of {place.network.name}: {count} on this machine, nothing leaves it", flush=True)
            return _replay(place, settings, HeadlessAsker())
    except RehearsalError as error:
        raise Refused(ExitCode.REFUSED, str(error)) from None


def _replay(place: Place, settings: Settings, asker: Asker) -> ExitCode:
    face = choose(settings.json, settings.logs)
    try:
        with prepared(place, Emitter(face), asker) as run, stopping(run):
            try:
                return exit_code(
                    replay(run, settings.until, settings.dry_run, take_over=lambda holders: settings.take_over)
                )
            finally:
                run.close()  # while signals are still heard
    except Locked as error:
        raise Refused(ExitCode.LOCKED, str(error)) from None
    except Interrupted:
        return ExitCode.INTERRUPTED  # the summary has said it
    finally:
        face.close()


@contextmanager
def opened(
    network: Network, session_file: Path, options: RemoteOptions, asker: Asker, sink: Sink | None = None
) -> Iterator[Run]:
    """A run that only looks: no phases, no lock; closed at the end."""
    emit = Emitter(*([sink] if sink else []))
    with prepared(own_hosts(network, session_file, options), emit, asker) as run:
        yield run


def take_down(network: Network, settings: Settings, options: RemoteOptions, asker: Asker, data: bool) -> ExitCode:
    """Take the network away from all hosts, under the workspace's lock and the hosts' leases."""
    face = choose(settings.json, settings.logs)
    spec = PhaseSpec(DOWN, "take the network away", "", lambda found: down.stages(found, data))
    try:
        with (
            opened(network, settings.session_file, options, asker, face) as run,
            stopping(run),
            changing(run, "down", lambda holders: settings.take_over, tidy=data, needed=False, data=data),
        ):
            outcome = execute(run, [spec])
            if data and not outcome.failures:
                run.journal.append("data-removed")
                forget(run.workspace.assigned)
            status = Status.FAILED if outcome.failures else Status.DONE if outcome.changed else Status.SKIPPED
            said = {
                Status.FAILED: "is not gone everywhere; run again",
                Status.DONE: "is gone",
                Status.SKIPPED: "was gone already",
            }[status]
            run.journal.append("end", status=status, changed=outcome.changed, unchanged=outcome.unchanged)
            run.emit(Kind.SUMMARY, status=status, seconds=round(outcome.seconds, 3), message=f"{network.name} {said}")
            # no host was logged in to, or nothing was left on those that were: nothing was changed
            if outcome.failures and not run.acted and all(failure.error.unreached for failure in outcome.failures):
                return ExitCode.REFUSED
            return exit_code(outcome)
    except Locked as error:
        raise Refused(ExitCode.LOCKED, str(error)) from None
    except Interrupted:
        raise Refused(ExitCode.INTERRUPTED, "stopped; run again to go on from here") from None
    finally:
        face.close()


def exit_code(outcome: Outcome) -> ExitCode:
    """The contract's exit code for how a run ended."""
    if outcome.failed_phase is None:
        return ExitCode.DONE
    return ExitCode.REFUSED if outcome.failed_phase.phase == Phase.PREFLIGHT else ExitCode.FAILED


_STOPPING = "stopping after the steps that run now; once more to end at once"


@contextmanager
def stopping(run: Run, said: str = _STOPPING) -> Iterator[None]:
    """The first signal asks the run to stop at a safe place, which is `said`; a second one ends it at once."""
    words = f"\n{said}\n".encode()
    previous = {}

    def handle(number: int, frame: FrameType | None) -> None:
        if run.stopped:
            raise KeyboardInterrupt
        run.stop()
        # straight to the descriptor: what is written to may be in the middle of a line, or the terminal be gone
        with suppress(OSError):
            os.write(2, words)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        previous[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
