"""Trying out hosts before anything runs there: reach them, log in, look. Nothing is changed on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from fabwiz.deploy import host_probe
from fabwiz.deploy.host_fit import doubts
from fabwiz.deploy.host_probe import Probe
from fabwiz.deploy.host_report import HostReport, Stage
from fabwiz.deploy.reach import Reach, accepted, reaches, remedy
from fabwiz.deploy.stand_in import is_stand_in
from fabwiz.deploy.ways import ways
from fabwiz.remote.connection import Connection, HostKeyUnknown, RemoteError
from fabwiz.remote.options import Asker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.network import Host, Network


class HostTest:
    """A test of some hosts, in daemon threads. `on_report` and `on_end` are called from these."""

    def __init__(
        self,
        network: Network,
        hosts: Iterable[str],
        options: RemoteOptions,
        asker: Asker,
        on_report: Callable[[HostReport], None],
        on_end: Callable[[], None],
    ) -> None:
        """Starts at once. Hosts that the network does not have are passed over."""
        self._network = network
        self._hosts = tuple(dict.fromkeys(host for host in hosts if host in network.hosts))
        self._on_report = on_report
        self._on_end = on_end
        self._pool = Pool(network, options, asker)
        self._looking: list[threading.Thread] = []
        self._away: set[str] = set()
        self._ways: dict[str, tuple[HostReport, tuple[Reach, ...]]] = {}
        """What was reported but for the ways, and those: once all were tried, it is known which hosts are away."""
        self._thread = threading.Thread(target=self._run, name="host-test", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give up; what is known by then was reported, `on_end` follows. Returns at once."""
        threading.Thread(target=self._pool.close, name="host-test-stop", daemon=True).start()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            for host in self._hosts:
                self._on_report(HostReport(host, Stage.REACHING))
            self._pool.open_all(self._hosts, self._reached)
            for thread in self._looking:
                thread.join()
            self._forget_ways_to_hosts_away()
        finally:
            self._pool.close()
            self._on_end()

    def _reached(self, name: str, outcome: Connection | RemoteError) -> None:
        if isinstance(outcome, RemoteError):
            self._away.add(name)
            self._on_report(_failed(name, outcome))
            return
        self._on_report(HostReport(name, Stage.LOOKING, reached=True))
        thread = threading.Thread(target=self._look, args=(name, outcome), name=f"look-{name}", daemon=True)
        self._looking.append(thread)
        thread.start()

    def _look(self, name: str, connection: Connection) -> None:
        host = self._network.hosts[name]
        try:
            found = report(self._network, host, host_probe.look(connection, self._network, host))
            if ways(self._network, name):
                self._on_report(replace(found, stage=Stage.TRYING_WAYS))
                reached = reaches(self._network, name, connection, set(self._away))
                self._ways[name] = (found, reached or ())
                found = with_ways(found, self._network, reached)
            self._on_report(found)
        except RemoteError as error:
            self._on_report(_failed(name, error, reached=True))

    def _forget_ways_to_hosts_away(self) -> None:
        """That a host is off says nothing about the firewalls before it."""
        for found, reached in self._ways.values():
            kept = tuple(one for one in reached if one.target not in self._away)
            if any(one.shut for one in reached if one not in kept):
                self._on_report(with_ways(found, self._network, kept))


def report(network: Network, host: Host, probe: Probe) -> HostReport:
    """What a host said, for people."""
    values = probe.values
    rehearsal = is_stand_in(host, probe)
    taken = host_probe.taken_ports(probe.listening, rehearsal)
    skew = None
    with suppress(KeyError, ValueError):
        skew = probe.skew
    return HostReport(
        host.name,
        Stage.DONE,
        reached=True,
        problems=tuple(host_probe.problems(network, host, probe, rehearsal)),
        doubts=() if rehearsal else tuple(doubts(network, host, probe)),
        is_root=values["uid"] == "0" if "uid" in values else None,
        engine=values.get("engine"),
        compose=values.get("plugin") or values.get("standalone"),
        disk=_bytes(values.get("free_kb")),
        memory=_bytes(values.get("memory_kb")),
        spare_memory=_bytes(values.get("spare_kb")),
        skew=skew,
        ports=tuple(sorted(taken)),
    )


def with_ways(report: HostReport, network: Network, ways: tuple[Reach, ...] | None) -> HostReport:
    """With what the host reaches of the others; what it does not is a problem, unless the session accepts that."""
    report = replace(report, ways=ways)
    if not report.blocked or accepted(network):
        return report
    message = f"from here, {'; '.join(one.message for one in report.blocked)}"
    return replace(report, problems=(*report.problems, (message, remedy(report.blocked))))


def _failed(name: str, error: RemoteError, reached: bool = False) -> HostReport:
    return HostReport(
        name,
        Stage.DONE,
        reached=reached,
        problems=((error.message, error.remedy),),
        key_refused=isinstance(error, HostKeyUnknown),
    )


def _bytes(kilobytes: str | None) -> int | None:
    return int(kilobytes) << 10 if kilobytes and kilobytes.isdigit() else None
