"""Rehearsal hosts with an operator's workspace beside them, for tests of whole runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fabwiz.deploy.events import Emitter, Event, Kind, Status
from fabwiz.deploy.executor import Outcome
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.replay import prepare, replay
from fabwiz.deploy.run import Run
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.document import Document
from fabwiz.session.examples import text
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


class Site:
    """Rehearsal hosts and an operator's workspace for them."""

    def __init__(self, hosts: Rehearsal, folder: Path) -> None:
        self.hosts = hosts
        self.session_file = folder / "session.yaml"
        self.events: list[Event] = []

    @contextmanager
    def run(self, session: Session | None = None, **options: Any) -> Iterator[Run]:
        self.events.clear()
        settings = {"known_hosts": self.hosts.known_hosts} | options
        with open_run(session or self.hosts.session, self.session_file, Emitter(self.events.append), **settings) as run:
            yield run

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.session_file)

    def replay(
        self, session: Session | None = None, until: Phase | None = None, dry_run: bool = False, **options: Any
    ) -> Outcome:
        with self.run(session, **options) as run:
            return replay(run, until, dry_run)

    def said(self, phase: str, status: Status | None = None) -> list[Event]:
        return [e for e in self.events if e.phase == phase and e.event is Kind.STEP and status in (None, e.status)]


@contextmanager
def open_run(session: Session, session_file: Path, emit: Emitter, **options: Any) -> Iterator[Run]:
    """A run on rehearsal hosts, for which `options` say how to log in."""
    network = Network(session)
    settings = {"user_known_hosts": None, "default_keys": False} | options
    run = prepare(
        network, session_file, Pool(network, RemoteOptions(**settings), HeadlessAsker()), emit, rehearsal=True
    )
    try:
        yield run
    finally:
        run.close()


@contextmanager
def site_for(session: Session, tmp_path: Path, **options: Any) -> Iterator[Site]:
    with Rehearsal(session, tmp_path / "rehearsal", **options) as hosts:
        (tmp_path / "work").mkdir()
        yield Site(hosts, tmp_path / "work")


def session_of(name: str) -> Session:
    session = Document.from_text(text(name)).session
    assert session
    return session


def changed(session: Session, path: tuple[str, ...], value: Any) -> Session:
    """A session with one value changed, as an operator would edit the file."""
    data = session.model_dump(exclude_unset=True)
    *parents, last = path
    part = data
    for key in parents:
        part = part[key]
    part[last] = value
    return type(session).model_validate(data)


def errors(outcome: Outcome) -> list[str]:
    return [failure.error.message for failure in outcome.failures]


def failed_phase(outcome: Outcome) -> str | None:
    return outcome.failed_phase.phase if outcome.failed_phase else None
