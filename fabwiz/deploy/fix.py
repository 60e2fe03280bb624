"""Mending what the preflight finds wrong with hosts, where that is safe: only what was shown is done.

Safe is: starting Docker, or a time service, that is installed and stands still; making `remote_dir`; letting this
network's hosts in at the ports that they need. Nothing is installed, stopped or opened to others, and nobody is put
into the group docker, which is as good as root.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from fabwiz.deploy import host_probe
from fabwiz.deploy.distribution import Argv, starting, words
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.firewall import opening, openings
from fabwiz.deploy.host_probe import USER_NAME, Probe
from fabwiz.deploy.reach import accepted, host_addresses, reaches
from fabwiz.deploy.run import Run
from fabwiz.deploy.survey import Survey, survey
from fabwiz.remote.connection import AuthenticationFailed, Connection, RemoteError
from fabwiz.remote.options import Asker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.sanitize import clean
from fabwiz.session.model import Session, Ssh
from fabwiz.session.network import Host, Network

MAKES = "install"
"""The program that makes `remote_dir`, and does no harm where somebody else has made it meanwhile."""
NOTICEABLE = 2.0
"""Seconds by which a clock is off before its time service is started."""
_SETTLE = 30.0
"""Seconds in which what was started must show."""
_PAUSE = 1.0
_MOST_THREADS = 32
_START_LIMIT = 120.0

Need = tuple[str, str, int]
"""From a host to a port of another: `(source, target, port)`, hosts by name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and what will be done about it: `commands` are root's, none where nothing is safe to do."""

    text: str
    remedy: str
    commands: tuple[Argv, ...] = ()


@dataclass(frozen=True, slots=True)
class HostState:
    """A host as it was looked at. Texts are safe to show."""

    host: str
    problems: tuple[Problem, ...] = ()
    error: str | None = None
    """Why it could not be asked."""
    with_sudo: bool = False
    """Whether its commands go through sudo."""

    @property
    def commands(self) -> list[Argv]:
        """Everything that would be done there, in this order: first the folder that the lease on the host lies in."""
        commands = dict.fromkeys(one for problem in self.problems for one in problem.commands)
        return sorted(commands, key=lambda one: one[0] != MAKES)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was run. `said` is empty where it went well."""

    host: str
    command: Argv
    said: str = ""


@dataclass(slots=True)
class _Looked:
    """What one host said."""

    probe: Probe = field(default_factory=Probe)
    survey: Survey = field(default_factory=Survey)
    shut: list[Need] = field(default_factory=list)
    error: str | None = None
    no_root: str = ""


class Fixer:
    """Looks at hosts, and does what it has shown. A context manager: it has connections of its own.

    Hosts are looked at with the rights that the session gives, and mended with root's, through sudo where that works.
    """

    def __init__(self, run: Run, options: RemoteOptions, asker: Asker, hosts: Sequence[str]) -> None:
        """`hosts` are those to mend; ways to and from all others are looked at, too."""
        self._run = run
        self._network = run.network
        self._hosts = tuple(hosts)
        self._used = [host for host in self._network.hosts if self._network.on(host)]
        self._pool = Pool(Network(as_root(self._network.session)), options, asker)
        self._addresses = host_addresses(self._network)

    def __enter__(self) -> Fixer:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def look(self) -> list[HostState]:
        """How the chosen hosts are, all asked at once. Nothing is changed."""
        outcomes = self._run.pool.open_all(self._used)
        first = dict(zip(self._used, self._every(lambda host: self._first(host, outcomes[host])), strict=True))
        shut: dict[str, list[Need]] = {}
        for looked in first.values():
            for need in looked.shut:
                shut.setdefault(need[1], []).append(need)
        return [self._state(host, first[host], shut.get(host, [])) for host in self._hosts if host in first]

    def settle(self, before: Iterable[HostState]) -> list[HostState]:
        """Look again until everything that something was done about is right, or for half a minute."""
        touched = {state.host for state in before if state.commands}
        end = time.monotonic() + _SETTLE
        while True:
            now = self.look()
            waiting = any(state.host in touched and state.commands for state in now)
            if not waiting or time.monotonic() > end:
                return now
            time.sleep(_PAUSE)

    def apply(self, states: Iterable[HostState], on_done: Callable[[Done], None]) -> bool:
        """Run the commands that the states show, hosts at once; whether all went well. `on_done`: after each.

        Raises Leased before the next one when another operator's run has taken the hosts over.
        """
        todo = [state for state in states if state.commands]
        with ThreadPoolExecutor(max(1, min(_MOST_THREADS, len(todo))), thread_name_prefix="fix") as pool:
            return all(list(pool.map(lambda state: self._apply(state, on_done), todo)))

    def _apply(self, state: HostState, on_done: Callable[[Done], None]) -> bool:
        went_well = True
        for command in state.commands:
            self._run.raise_if_stopped()
            if command[0] != MAKES:
                self._hold(state.host)
            try:
                answer = self._pool.connection(state.host).run(command, root=True, timeout=_START_LIMIT)
                text = (answer.stderr.strip() or answer.stdout.strip()).splitlines()
                said = "" if answer.ok else f"exit code {answer.code}: {text[-1] if text else 'it printed nothing'}"
            except RemoteError as error:
                said = str(error)
            self._run.journal.append("fix", host=state.host, command=" ".join(command), message=said or None)
            on_done(Done(state.host, command, clean(said)))
            went_well = went_well and not said
        return went_well

    def _hold(self, host: str) -> None:
        """See that the lease is ours; take it where its folder was only just made. Raises Leased."""
        with suppress(StepFailed, RemoteError):  # what is mended may be what is in the way of a lease
            self._run.leases.hold(host)

    # -- looking -------------------------------------------------------------------------------------------------

    def _every(self, look: Callable[[str], _Looked]) -> list[_Looked]:
        with ThreadPoolExecutor(max(1, min(_MOST_THREADS, len(self._used))), thread_name_prefix="look") as pool:
            return list(pool.map(look, self._used))

    def _first(self, name: str, outcome: Connection | RemoteError) -> _Looked:
        looked = _Looked()
        try:
            if isinstance(outcome, RemoteError):
                raise outcome
            connection = self._run.connection(name)
            looked.probe = host_probe.look(connection, self._network, self._network.hosts[name])
            looked.shut = self._shut(name, connection)
            if name in self._hosts:
                looked.survey, looked.no_root = self._survey(name, connection)
        except Exception as error:
            failed = self._run.explain(error, name)
            looked.error = f"{failed.message}; {failed.remedy}" if failed.remedy else failed.message
        return looked

    def _survey(self, name: str, own: Connection) -> tuple[Survey, str]:
        """With root's rights, or else without them and why."""
        others = [address for host, address in self._addresses.items() if host != name]
        try:
            return survey(self._pool.connection(name), others), ""
        except AuthenticationFailed as error:
            return survey(own, others), error.message

    def _shut(self, source: str, connection: Connection) -> list[Need]:
        if accepted(self._network):
            return []
        found = reaches(self._network, source, connection) or ()
        return [(source, one.target, port) for one in found for port in one.shut]

    # -- what is to be done --------------------------------------------------------------------------------------

    def _state(self, name: str, looked: _Looked, shut: Sequence[Need]) -> HostState:
        if looked.error is not None:
            return HostState(name, error=looked.error)
        host = self._network.hosts[name]
        found = [self._mended(host, looked, *one) for one in self._problems(host, looked.probe)]
        found += self._clock(host, looked)
        found += self._ports(looked.survey, shut)
        if not looked.survey.is_root:
            why = looked.no_root or "no sudo"
            found = [_for_root(one, why) if one.commands else one for one in found]
        found = [replace(one, text=clean(one.text), remedy=clean(one.remedy)) for one in found]
        return HostState(name, tuple(found), with_sudo=looked.survey.values.get("login") not in (None, "root"))

    def _problems(self, host: Host, probe: Probe) -> list[tuple[str, str]]:
        return list(host_probe.problems(self._network, host, probe, self._run.rehearsal))

    def _mended(self, host: Host, looked: _Looked, text: str, remedy: str) -> Problem:
        values = looked.probe.values
        if "engine" not in values and text.startswith("no Docker engine") and looked.survey.is_off("docker"):
            return Problem(text, remedy, tuple(starting(looked.survey.init, "docker")))
        if "not_writable" in values and text.startswith(f"{values['not_writable']} cannot be written"):
            return Problem(text, remedy, tuple(making(host.remote_dir, values["not_writable"], values.get("user", ""))))
        if text.startswith("its clock is ") and looked.survey.clock:
            return Problem(text, remedy, tuple(starting(looked.survey.init, looked.survey.clock)))
        return Problem(text, remedy)

    def _clock(self, host: Host, looked: _Looked) -> list[Problem]:
        """A clock that is off, but not so far that the preflight would refuse it."""
        service = looked.survey.clock
        with suppress(KeyError, ValueError):
            skew = looked.probe.skew
            refused = any(text.startswith("its clock is ") for text, _ in self._problems(host, looked.probe))
            if service and abs(skew) > NOTICEABLE and not refused:
                text = f"its clock is {abs(skew):.0f} s off, and {service} does not run"
                return [Problem(text, f"start {service}", tuple(starting(looked.survey.init, service)))]
        return []

    def _ports(self, found: Survey, shut: Sequence[Need]) -> list[Problem]:
        if not shut:
            return []
        sources = sorted({source for source, _, _ in shut})
        ports = sorted({port for _, _, port in shut})
        text = f"{', '.join(sources)} cannot reach it at TCP {', '.join(map(str, ports))}"
        wanted = openings((self._addresses[source], port) for source, _, port in shut if source in self._addresses)
        commands = tuple(opening(found.firewall, wanted, found.values, found.zones))
        if commands:
            kept = "" if found.firewall != "iptables" else "; keep the rules yourself: a reboot forgets them"
            return [Problem(text, f"let {', '.join(sources)} in through {found.firewall}{kept}", commands)]
        own = (
            f"its firewall ({found.firewall}) has rules of your own" if found.firewall else "it has no firewall itself"
        )
        return [Problem(text, f"{own}: open these ports there, on {', '.join(sources)}, or between the hosts")]


def _for_root(problem: Problem, why: str) -> Problem:
    """A problem that only somebody else can mend."""
    told = f"{problem.remedy}; as root, which is not to be had here ({why}): {words(problem.commands)}"
    return replace(problem, commands=(), remedy=told)


def making(folder: str, existing: str, user: str) -> list[Argv]:
    """The commands, root's, that make `remote_dir` for a user, `existing` being the nearest folder that there is.

    None where the folder itself is there: whose it is was somebody's decision.
    """
    folder = posixpath.normpath(folder)
    if posixpath.normpath(existing) == folder or not USER_NAME.fullmatch(user):
        return []
    parent = posixpath.dirname(folder)
    commands: list[Argv] = []
    if posixpath.normpath(existing) != parent:
        commands.append((MAKES, "-d", "-m", "0755", "--", parent))
    return [*commands, (MAKES, "-d", "-m", "0700", "-o", user, "--", folder)]


def as_root(session: Session) -> Session:
    """A session whose commands go through sudo wherever the login user is not root."""

    def asking(ssh: Ssh) -> Ssh:
        return ssh if ssh.sudo == "passwordless" else ssh.model_copy(update={"sudo": "ask"})

    hosts = {}
    for name, spec in session.hosts.items():
        ssh = spec.ssh if spec.ssh.sudo is None else asking(spec.ssh)
        hosts[name] = spec.model_copy(update={"ssh": ssh})
    return session.model_copy(update={"ssh": asking(session.ssh), "hosts": hosts})
