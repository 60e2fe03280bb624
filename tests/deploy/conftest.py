"""A run that reaches no host unless a test makes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.events import Emitter, Event
from fabwiz.deploy.replay import prepare
from fabwiz.deploy.run import Run
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.document import Document
from fabwiz.session.examples import text
from fabwiz.session.network import Network


@pytest.fixture
def network() -> Network:
    """Four hosts, fifteen containers."""
    network = Document.from_text(text("four-lan-hosts")).network
    assert network
    return network


@pytest.fixture
def events() -> list[Event]:
    """What a run has said so far."""
    return []


@pytest.fixture
def run(network: Network, events: list[Event], tmp_path: Path) -> Iterator[Run]:
    options = RemoteOptions(known_hosts=tmp_path / "known_hosts", user_known_hosts=None, default_keys=False)
    run = prepare(network, tmp_path / "lan4.yaml", Pool(network, options, HeadlessAsker()), Emitter(events.append))
    yield run
    run.close()
