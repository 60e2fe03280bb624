"""However many containers a host has, their logs need one session of its SSH connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
import pytest

from fabwiz.deploy.events import Kind
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.replay import replay
from tests.deploy.sites import session_of, site_for

pytestmark = pytest.mark.timeout(120)


def eventually(look: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return seen


def test_all_logs_of_a_host_come_through_one_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, paramiko.Channel]] = []
    open_session = paramiko.Transport.open_session

    def counted(transport: paramiko.Transport, *arguments: Any, **options: Any) -> paramiko.Channel:
        channel = open_session(transport, *arguments, **options)
        opened.append((transport.getpeername()[0], channel))
        return channel

    def busy() -> list[str]:
        """The addresses of hosts, once a session that is open."""
        return sorted(address for address, channel in opened if not channel.closed)

    monkeypatch.setattr(paramiko.Transport, "open_session", counted)
    with site_for(session_of("four-lan-hosts"), tmp_path) as site, site.run() as run:
        every_host = sorted(site.hosts.address(host) for host in site.hosts.session.hosts)
        assert replay(run, Phase.PEERS).failures == []

        def followed(*names: str) -> bool:
            return set(names) <= {event.node for event in site.events if event.event is Kind.LOG}

        assert eventually(lambda: followed(*(node.name for node in run.network.nodes)))
        assert eventually(lambda: busy() == every_host), busy()

        site.events.clear()
        run.connection("d").run(["docker", "restart", "kafka4"], root=True).check()

        assert eventually(lambda: followed("kafka4"))
        assert eventually(lambda: busy() == every_host), busy()
