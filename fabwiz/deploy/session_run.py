"""A run of a session in a thread of its own, for faces that go on meanwhile, such as a wizard.

The session is frozen in it as it was when it was made. Events, changes of state and questions come from its threads;
everything that may be called from outside returns at once. Heavy modules are loaded in its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fabwiz.deploy.decision import Decision, Failure
from fabwiz.deploy.errors import Interrupted, Locked
from fabwiz.deploy.events import Emitter, Event, Kind, Sink
from fabwiz.deploy.phase import PhaseSpec
from fabwiz.deploy.unexpected import unexpected
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.relay import Asked, RelayAsker
from fabwiz.remote.sanitize import clean
from fabwiz.rules.whole import check_whole
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

if TYPE_CHECKING:
    from fabwiz.deploy.executor import Outcome
    from fabwiz.deploy.lease import Holder
    from fabwiz.deploy.place import Place
    from fabwiz.deploy.run import Run
    from fabwiz.remote.rehearsal import Rehearsal
    from fabwiz.report.facts import Facts


class Mode(StrEnum):
    """What is done."""

    RUN = "run"
    DRY_RUN = "dry run"
    REHEARSAL = "rehearsal"
    """The whole run, on rehearsal hosts on this machine."""
    LOOK = "look"
    """Hosts and nodes are asked what they show; there are no phases, and no lock is needed."""


class State(StrEnum):
    """How far it is."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    """Somebody is to decide: where steps have failed, `retry`, `pass_over`, `resume`, or `stop`; where others hold the
    hosts' leases, `take_over` or `stop`."""
    STOPPING = "stopping"
    ENDED = "ended"


class Ending(StrEnum):
    """How it ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    REFUSED = "refused"
    """The session has errors; nothing was begun."""
    LOCKED = "locked"
    """Another run works on the same workspace or hosts, or has taken those over; the message says who."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end."""

    ending: Ending
    message: str
    findings: tuple[Finding, ...] = ()
    """The errors for which it was refused."""
    facts: Facts | None = None
    """What the network showed at the end of a run that went well, or of a look."""


class SessionRun:
    """Begins with `start`. Threads are daemons; those of hosts may outlive `cancel` for a while."""

    def __init__(
        self,
        document: Document,
        mode: Mode,
        sink: Sink,
        on_state: Callable[[SessionRun], None],
        on_asked: Callable[[Asked], None],
        options: RemoteOptions | None = None,
        asks_to_take_over: bool = False,
    ) -> None:
        """`document` must have a path. `sink`, `on_state` and `on_asked` must return at once.

        Without `options`, hosts are logged in to as a person at this machine would. With `asks_to_take_over` it waits
        for a decision where others hold the hosts' leases; without, that ends it as `LOCKED`.
        """
        assert document.path, "a session without a file has no workspace"
        self.document = document
        self.mode = mode
        self.state = State.STARTING
        self.ended: Ended | None = None
        self.failures: tuple[Failure, ...] = ()
        """Those that wait for a decision."""
        self.failed_in: PhaseSpec | None = None
        self.holders: tuple[Holder, ...] = ()
        """Others who hold leases on hosts, while it waits for `take_over` or `stop`."""
        self.hosts: Rehearsal | None = None
        """The rehearsal hosts, while there are any."""
        self._path = document.path.absolute()
        self._sink = sink
        self._on_state = on_state
        self._options = options
        self._asks_to_take_over = asks_to_take_over
        self._asker = RelayAsker(on_asked)
        self._changed = threading.Condition()
        self._decision: Decision | None = None
        self._decided = self._resuming = self._stopping = self._taking_over = False
        self._run: Run | None = None
        self._summary = ""
        self._thread = threading.Thread(target=self._work, name="run of a session", daemon=True)

    @property
    def network(self) -> Network:
        """What the session describes; hosts are the session's own, in a rehearsal, too."""
        assert self.document.network
        return self.document.network

    @property
    def rehearsal(self) -> bool:
        """Whether it is one."""
        return self.mode is Mode.REHEARSAL

    @property
    def alive(self) -> bool:
        """Whether it has begun and not ended yet."""
        return self._thread.is_alive()

    # -- what somebody wants -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the steps that run now; what was done stays done, and running again goes on from there.

        While failures wait for a decision, they end the run.
        """
        with self._changed:
            self._decided, self._decision = True, None
            self._resuming = False
            if self.state is not State.WAITING:
                self._stopping = True
                if self._run:
                    self._run.stop()
            self._changed.notify_all()
        self._asker.close()
        if self.state is not State.ENDED:
            self._move(State.STOPPING)

    def cancel(self) -> None:
        """End now: connections are cut, steps end where they are. Running again looks what came of them."""
        self._stopping = True
        self.stop()
        with self._changed:
            run = self._run
        if run:
            threading.Thread(target=run.abandon, name="cancel", daemon=True).start()

    def retry(self, hosts: Iterable[str | None] | None = None) -> None:
        """Try the failed steps of these hosts (`None` among them: the workstation) again, or of all."""
        wanted = {failure.step.host for failure in self.failures} if hosts is None else set(hosts)
        self._decide_for(Decision(again=frozenset(wanted)))

    def pass_over(self, hosts: Iterable[str | None]) -> None:
        """Go on without the failed steps of these hosts, where `may_pass_over`."""
        self._decide_for(Decision(without=frozenset(hosts)))

    def take_over(self) -> None:
        """Take the hosts from those `holders`, whose runs then stop before their next act."""
        with self._changed:
            if self.state is State.WAITING and self.holders:
                self._decided = self._taking_over = True
                self._changed.notify_all()

    @property
    def may_pass_over(self) -> bool:
        """Whether the steps that have failed are such that nothing builds on them."""
        return self.failed_in is not None and self.failed_in.may_pass_over

    def resume(self) -> None:
        """Go over everything again from the first phase on, on the same hosts: what is done is only looked at."""
        with self._changed:
            if self.state is State.WAITING and self.failures:
                self._decided, self._decision, self._resuming = True, None, True
                self._changed.notify_all()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # -- the run -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            ended = self._all()
        except Locked as error:
            ended = Ended(Ending.LOCKED, str(error))
        except Interrupted:
            ended = Ended(Ending.STOPPED, self._summary or "stopped")
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            ended = Ended(Ending.FAILED, clean(f"{where}{error.strerror or error}"))
        except Exception as error:
            told = unexpected(error, Workspace(self._path))
            ended = Ended(Ending.FAILED, f"{told.message}: {told.cause}; {told.remedy}")
        self._asker.close()
        self.hosts = self._run = None
        self.failures, self.failed_in = (), None
        self.ended = ended
        self._move(State.ENDED)

    def _all(self) -> Ended:
        blocking = tuple(finding for finding in check_whole(self.document) if finding.blocks)
        if self.document.network is None or (blocking and self.mode is not Mode.LOOK):
            return Ended(Ending.REFUSED, "the session has errors; nothing was begun", blocking)
        from fabwiz.deploy.place import own_hosts, rehearsal_hosts
        from fabwiz.remote.rehearsal import RehearsalError

        if not self.rehearsal:
            return self._at(own_hosts(self.network, self._path, self._options))
        try:
            with rehearsal_hosts(self.network, self._path) as place:
                self.hosts = place.rehearsal
                return self._at(place)
        except RehearsalError as error:
            return Ended(Ending.FAILED, str(error))

    def _at(self, place: Place) -> Ended:
        from fabwiz.deploy.facts import gather
        from fabwiz.deploy.replay import prepared, replay

        while True:
            self._resuming = False
            with prepared(place, Emitter(self._take), self._asker) as run:
                with self._changed:
                    self._run = run
                    if self._stopping:
                        raise Interrupted
                self._move(State.RUNNING)
                if self.mode is Mode.LOOK:
                    return Ended(Ending.DONE, "asked", facts=gather(run))
                is_dry = self.mode is Mode.DRY_RUN
                decide = None if is_dry else self._decide
                outcome = replay(run, dry_run=is_dry, decide=decide, take_over=self._may_take_over)
                if not outcome.failures:
                    return Ended(Ending.DONE, self._summary, facts=None if is_dry else gather(run))
            if not self._resuming:
                return self._failed(outcome)

    def _failed(self, outcome: Outcome) -> Ended:
        told = [f"{one.step.host or 'workstation'}: {one.error.message}" for one in outcome.failures]
        return Ended(Ending.FAILED, self._summary or "; ".join(told))

    def _take(self, event: Event) -> None:
        if event.event is Kind.SUMMARY:
            self._summary = event.message or ""
        self._sink(event)

    def _decide(self, spec: PhaseSpec, failures: Sequence[Failure]) -> Decision | None:
        with self._changed:
            if self._stopping:
                return None
            self.failures, self.failed_in = tuple(failures), spec
            self._decided, self._decision = False, None
            self.state = State.WAITING
        self._on_state(self)
        with self._changed:
            while not self._decided:
                self._changed.wait()
            decision = self._decision
            self.failures, self.failed_in = (), None
        if not self._stopping:
            self._move(State.RUNNING)
        return decision

    def _may_take_over(self, holders: Sequence[Holder]) -> bool:
        with self._changed:
            if self._stopping or not self._asks_to_take_over:
                return False
            self.holders = tuple(holders)
            self._decided = self._taking_over = False
            self.state = State.WAITING
        self._on_state(self)
        with self._changed:
            while not self._decided:
                self._changed.wait()
            self.holders = ()
        if not self._stopping:
            self._move(State.RUNNING)
        return self._taking_over

    def _decide_for(self, decision: Decision) -> None:
        with self._changed:
            if self.state is State.WAITING and self.failures:
                self._decided, self._decision = True, decision
                self._changed.notify_all()

    def _move(self, state: State) -> None:
        with self._changed:
            if self.state is State.ENDED or (self.state is State.STOPPING and state is not State.ENDED):
                return
            self.state = state
        self._on_state(self)
