"""A run that reaches no host unless a test makes it."""

import pytest

from fabwiz.deploy.events import Emitter
from fabwiz.deploy.replay import prepare
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.document import Document
from fabwiz.session.examples import text


@pytest.fixture
def network():
    """Four hosts, fifteen containers."""
    network = Document.from_text(text("four-lan-hosts")).network
    assert network
    return network


@pytest.fixture
def events():
    """What a run has said so far."""
    return []


@pytest.fixture
def run(network, events, tmp_path):
    options = RemoteOptions(known_hosts=tmp_path / "known_hosts", user_known_hosts=None, default_keys=False)
    run = prepare(network, tmp_path / "lan4.yaml", Pool(network, options, HeadlessAsker()), Emitter(events.append))
    yield run
    run.close()
