"""The leases of a run: taken before anything is changed, renewed while it works, given back at its end.

The first host by name decides who gets the others, so that of two runs that begin together one goes on. Hosts that
cannot be reached have no lease; it is taken when they are back. A run that another's has taken a lease from ends
before its next act: each renewal tells, and before an act one is made where the last is too long ago, as after the
workstation has slept.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fabwiz.deploy.errors import Leased, StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.lease import Holder, Lease, Taken, held_by, lost_to
from fabwiz.deploy.operator import operator
from fabwiz.remote.connection import AuthenticationFailed, CommandFailed, ConnectionLost, RemoteError
from fabwiz.remote.sanitize import clean

if TYPE_CHECKING:
    from fabwiz.deploy.run import Run

EVERY = 15.0
"""Seconds between renewals; an act after twice that without one makes its own."""
_MOST_THREADS = 32
_TRIES = 5

TakeOver = Callable[[Sequence[Holder]], bool]
"""Asked when others have the lease: whether it is taken from them. May wait for a person."""


class Leases:
    """Those of one run. Thread-safe."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._command: str | None = None
        self._take_over: TakeOver | None = None
        self._needed = True
        self._without: set[str] = set()
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._held: dict[str, Lease] = {}
        self._confirmed: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._about: dict[str, object] = {}
        self._approved: set[str] = set()
        self._done = threading.Event()
        self.lost: Leased | None = None
        """Set when another's run has taken a lease over."""

    @contextmanager
    def wanted(
        self, command: str, take_over: TakeOver | None = None, tidy: bool = False, needed: bool = True
    ) -> Iterator[None]:
        """Within, `acquire` and `hold` keep leases, which are given back at the end; outside they do nothing.

        `command` is told to others who want them, as in `fabwiz down`. `tidy`: what is empty of `remote_dir` goes.
        Not `needed`: where none can be written, as on a full disk, that is told, and it goes on without.
        """
        self._command, self._take_over, self._needed = command, take_over, needed
        try:
            yield
        finally:
            self._release(tidy)
            self._command = None

    def acquire(self, hosts: Sequence[str]) -> None:
        """Take the leases on hosts that answer. Raises Leased, OSError of the journal; none is kept then."""
        if self._command is None or self._held:
            return
        self.lost = None
        self._done = threading.Event()
        workspace = str(self._run.workspace.root.absolute())
        self._about = {"who": operator(), "command": self._command, "pid": os.getpid(), "workspace": workspace}
        names = sorted(hosts)
        try:
            for group in (names[:1], names[1:]):
                self._take(group)
        except BaseException:
            self._release(False)  # here: the connections are cut before whoever wants them has left
            raise
        threading.Thread(target=self._renew_until, args=[self._done], name="lease", daemon=True).start()

    def hold(self, host: str | None) -> None:
        """Before an act on a host (`None`: through calls to any): see that the leases are still ours.

        Raises Leased, StepFailed where a lease cannot be written, RemoteError when the host cannot be asked.
        """
        if self._command is None:
            return
        if self.lost:
            raise self.lost
        old = _clock() - 2 * EVERY
        if host is None:
            self._each(self._renew, [name for name in list(self._held) if self._tried.get(name, 0.0) < old])
        elif host in self._without:
            pass
        elif host not in self._held:
            self._take([host], sure=True)
        elif self._confirmed.get(host, 0.0) < old:
            self._renew(host)
        if self.lost:
            raise self.lost

    # -- taking ----------------------------------------------------------------------------------------------------

    def _take(self, hosts: Sequence[str], sure: bool = False) -> None:
        """Take those of a group; those that others have are asked for together.

        With `sure` a host that cannot be asked or cannot write is an error.
        """
        wanted: dict[str, Holder | None] = dict.fromkeys(hosts)
        for _ in range(_TRIES):
            others: list[Holder] = []

            def take(host: str, others: list[Holder] = others) -> None:
                outcome = self._take_one(host, wanted[host])  # noqa: B023 - done before the next round
                if isinstance(outcome, Holder):
                    others.append(outcome)

            if sure:
                self._surely(take, *wanted)
            else:
                self._each(take, list(wanted))
            if not others:
                return
            others.sort(key=lambda other: other.host)
            if not all(map(self._may_displace, others)):
                if not (self._take_over and all(other.known for other in others) and self._take_over(others)):
                    break
                self._approved |= {other.run for other in others}
            wanted = {other.host: other for other in others}
        raise held_by(self._run.network.name, others)

    def _surely(self, take: Callable[[str], None], host: str) -> None:
        try:
            take(host)
        except CommandFailed as error:
            if not self._needed:
                self._without.add(host)
                self._run.emit(Kind.LOG, host=host, message=f"going on without a lease there: {clean(error.message)}")
                return
            raise StepFailed(clean(error.message), remedy="see that its disk is neither full nor read-only") from error

    def _may_displace(self, other: Holder) -> bool:
        """Whether that was decided already, or it is a run of this very workspace, whose lock we have: it is dead."""
        return other.known and (other.run in self._approved or self._is_own(other))

    def _is_own(self, other: Holder) -> bool:
        runs = (record.get("run") for record in self._run.journal.records("run"))
        is_same = (other.who, other.workspace) == (self._about["who"], self._about["workspace"])
        return is_same and other.run in runs

    def _take_one(self, host: str, displaced: Holder | None) -> Holder | None:
        run = self._run
        with self._turn(host):
            if host in self._held:
                return None
            lease = Lease(host, run.network.hosts[host].remote_dir, run.journal.run, self._about)
            taken = lease.take(run.connection(host), displaced)
            if isinstance(taken, Holder):
                return taken
            self._held[host] = lease
            self._confirmed[host] = self._tried[host] = _clock()
        before = taken.before
        is_theirs = before is not None and not self._is_own(before)
        if before and is_theirs and displaced and displaced.token == before.token:
            said = f"the lease is taken over from {before}; if that run still lives, it stops before its next act"
            run.emit(Kind.LOG, host=host, message=said)
        run.journal.append(
            "lease",
            host=host,
            status="taken over" if is_theirs else "taken",
            message=str(before) if before else None,
        )
        return None

    # -- keeping ---------------------------------------------------------------------------------------------------

    def _renew_until(self, done: threading.Event) -> None:
        while not done.wait(EVERY):
            with suppress(Exception):  # whatever is wrong shows in the acts, too, and there it is told
                self._each(self._renew, list(self._held))

    def _renew(self, host: str) -> None:
        begun = _clock()
        with self._turn(host):
            lease = self._held.get(host)
            if lease is None or self._confirmed.get(host, 0.0) > begun or self._done.is_set():
                return
            try:
                found = self._renewed(host, lease)
                self._confirmed[host] = _clock()
            finally:
                self._tried[host] = _clock()
        if not isinstance(found, Taken):
            self._lose(host, found)

    def _renewed(self, host: str, lease: Lease) -> Taken | Holder | None:
        try:
            return lease.renew(self._run.connection(host))
        except ConnectionLost:  # noticed only now, as after a sleep: the pool opens another
            return lease.renew(self._run.connection(host))

    def _lose(self, host: str, holder: Holder | None) -> None:
        with self._lock:
            if self.lost:
                return
            self.lost = lost_to(self._run.network.name, host, holder)
            self._held.pop(host, None)
        self._run.stop()
        with suppress(OSError):
            self._run.journal.append("lease", host=host, status="lost", message=str(holder) if holder else None)

    def _release(self, tidy: bool) -> None:
        """Give all back. A host whose connection is lost is not waited for: its lease ends by itself."""
        self._done.set()

        def give_back(host: str) -> None:
            with self._turn(host):
                lease, connection = self._held.pop(host, None), self._run.pool.opened(host)
                if lease and connection:
                    lease.release(connection, tidy)

        self._each(give_back, list(self._held))
        for known in (self._held, self._confirmed, self._tried, self._approved, self._without):
            known.clear()

    def _turn(self, host: str) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(host, threading.Lock())

    def _each(self, job: Callable[[str], None], hosts: Sequence[str]) -> None:
        """Do it for each at once. A host that does not answer, or cannot write, says so when it is to do something."""

        def tried(host: str) -> None:
            try:
                job(host)
            except AuthenticationFailed as error:
                self._run.remember(host, error)  # so that nobody is asked for the same password again
            except RemoteError:
                pass

        if hosts:
            with ThreadPoolExecutor(min(len(hosts), _MOST_THREADS), thread_name_prefix="lease") as pool:
                list(pool.map(tried, hosts))


def _clock() -> float:
    """Seconds that go on while the machine sleeps, where the system tells them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
