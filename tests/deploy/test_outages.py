"""An orderer or a peer that is down: the run goes on with others where it can, and says what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    """The four-host network, deployed, with little patience."""
    with site_for(changed(session_of("four-lan-hosts"), ("timeouts",), {"channels": "3s"}), tmp_path) as site:
        patient = changed(site.hosts.session, ("timeouts",), {})
        assert errors(site.replay(patient)) == []
        yield site


def without(site: Site, host: str, container: str, *phases: Phase) -> Outcome:
    """Stop a container, and run only these phases, which do not start it again."""
    with site.run() as run:
        run.connection(host).run(["docker", "stop", container], root=True).check()
        site.events.clear()
        return execute(run, [spec for spec in phases_until() if spec.phase in phases])


def test_channels_anchors_chaincode_and_checks_go_on_with_another_orderer(lan4: Site) -> None:
    later = (Phase.CHANNELS, Phase.ANCHORS, Phase.CHAINCODE, Phase.CHECK)

    outcome = without(lan4, "a", "orderer1.example.com", *later)

    assert (errors(outcome), outcome.changed) == ([], 0)


def test_a_peer_that_is_down_is_named_with_what_is_in_the_way_and_started_by_the_next_run(lan4: Site) -> None:
    outcome = without(lan4, "d", "peer1.org2.example.com", Phase.CHANNELS)

    assert failed_phase(outcome) == Phase.CHANNELS
    (message,) = errors(outcome)
    assert "peer1.org2.example.com" in message
    assert "no way to 127.0.0.1:" in message

    outcome = without(lan4, "d", "peer1.org2.example.com", Phase.PREFLIGHT, Phase.CHECK)

    assert "peer1.org2.example.com: Exited" in errors(outcome)[0]

    outcome = lan4.replay()

    assert errors(outcome) == []
    assert [event.message for event in lan4.said("peers") if str(event.message).startswith("started")] == [
        "started peer1.org2.example.com"
    ]
