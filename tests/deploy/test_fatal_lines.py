"""What containers say ends a run early only where waiting cannot help."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from types import SimpleNamespace

import pytest

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.logs import LogFollowers
from fabwiz.deploy.run import HostFacts, Run

WHEN = "2026-01-01T00:00:10Z"
UNKNOWN_AUTHORITY = 'desc = "transport: authentication handshake failed: x509: certificate signed by unknown authority"'


@pytest.fixture
def hears(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let peer0.org1.example.com of host a say a line, and see what the run makes of it."""

    def hear(line: str, restarted: bool = False, when: str = WHEN) -> None:
        heard = threading.Event()

        def stream(
            argv: Sequence[str], on_line: Callable[..., None], stop: threading.Event, *, root: bool = False
        ) -> int:
            on_line(f"peer0.org1.example.com {when} {line}")
            heard.set()
            stop.wait(10)
            return 0

        def silence(
            argv: Sequence[str], on_line: Callable[..., None], stop: threading.Event, *, root: bool = False
        ) -> int:
            stop.wait(10)
            return 0

        run.facts = {"a": HostFacts(clock=datetime.fromisoformat(WHEN).timestamp())}
        monkeypatch.setattr(run, "connection", lambda host: SimpleNamespace(stream=stream if host == "a" else silence))
        logs = LogFollowers(run)
        if restarted:
            logs.forget(run.network.peers)
        logs.start()
        try:
            assert heard.wait(10)
            logs.raise_if_fatal(run.network.peers)
        finally:
            logs.close()

    return hear


def test_a_line_from_which_waiting_does_not_recover_ends_the_wait(hears: Callable[..., None]) -> None:
    with pytest.raises(StepFailed, match=r"peer0\.org1\.example\.com: .*unknown authority"):
        hears(f"2026-01-01 00:00:10.000 UTC [ConnProducer] NewConnection -> ERRO 01a {UNKNOWN_AUTHORITY}")


def test_single_attempts_that_only_debugging_shows_do_not(hears: Callable[..., None]) -> None:
    hears(f"2026-01-01 00:00:10.000 UTC [grpc] createTransport -> DEBU 22e grpc: {UNKNOWN_AUTHORITY}. Reconnecting...")


def test_what_a_container_said_before_it_was_started_anew_does_not(hears: Callable[..., None]) -> None:
    hears(f"2026-01-01 00:00:10.000 UTC [ConnProducer] NewConnection -> ERRO 01a {UNKNOWN_AUTHORITY}", restarted=True)


def test_a_time_that_there_is_not_decides_nothing(hears: Callable[..., None]) -> None:
    hears(UNKNOWN_AUTHORITY, when="2026-99-99T99:99:99Z")
