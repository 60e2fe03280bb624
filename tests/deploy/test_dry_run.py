"""A dry run is true and changes nothing: on hosts that have nothing, and on a network that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.events import Status
from fabwiz.deploy.phase import Phase
from fabwiz.session.assigned import recall
from fabwiz.session.network import Network
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        yield site


def workspace(site: Site) -> dict[str, tuple[int, bytes]]:
    """Every file with its time and content."""
    root = site.session_file.parent
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in root.rglob("*") if path.is_file()
    }  # fmt: skip


def would(site: Site, phase: Phase) -> list[str]:
    return [str(event.message) for event in site.said(phase) if str(event.message).startswith("would")]


def test_on_fresh_hosts_every_step_would_act_and_nothing_is_left_behind(lan4: Site) -> None:
    outcome = lan4.replay(dry_run=True)

    assert errors(outcome) == []
    assert {event.status for event in lan4.said("zookeeper")} == {Status.STARTED, Status.SKIPPED}
    assert {event.status for event in lan4.events if str(event.message).startswith("would")} == {Status.SKIPPED}
    assert "0 steps" not in str(lan4.events[-1].message)
    assert "would: create channel mychannel" in would(lan4, Phase.CHANNELS)
    assert list(lan4.session_file.parent.rglob("*")) == []
    assert not list(lan4.hosts.folder("a").glob("fs/opt/fabwiz/*/*"))


def test_on_a_network_that_runs_nothing_would_change_and_nothing_does(lan4: Site) -> None:
    assert errors(lan4.replay()) == []
    before = workspace(lan4)
    had = recall(lan4.workspace.assigned, "lan4")
    assert (had["kafka2"].id, had["kafka2"].ports) == (2, dict(Network(lan4.hosts.session).kafka[1].ports))

    outcome = lan4.replay(dry_run=True)

    assert (errors(outcome), outcome.changed) == ([], 0)
    assert "0 steps would change something" in str(lan4.events[-1].message)
    assert workspace(lan4) == before

    peers = lan4.hosts.session.organizations["Org2"].model_dump(exclude_unset=True)["peers"] | {"peer2": "b"}
    outcome = lan4.replay(changed(lan4.hosts.session, ("organizations", "Org2", "peers"), peers), dry_run=True)

    assert errors(outcome) == []
    assert would(lan4, Phase.KAFKA) == would(lan4, Phase.ORDERERS) == []
    assert "would: peer2.org2.example.com joins mychannel" in would(lan4, Phase.CHANNELS)
    assert workspace(lan4) == before


def test_what_would_fail_fails(lan4: Site) -> None:
    assert errors(lan4.replay(until=Phase.ORDERERS)) == []
    brokers = lan4.hosts.session.model_dump(exclude_unset=True)["kafka"] | {"kafka5": "a"}

    outcome = lan4.replay(changed(lan4.hosts.session, ("kafka",), brokers), dry_run=True)

    assert failed_phase(outcome) == Phase.GENERATE
    assert "genesis.block was made from another state of the session" in errors(outcome)[0]
