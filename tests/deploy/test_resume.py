"""Taking a run up again asks the hosts: whatever the journal says, and whether it is there or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.docker import State
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.status import status
from tests.deploy.disturbed import pair
from tests.deploy.sites import Site, errors, site_for

UNTIL = Phase.ZOOKEEPER


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_for(pair(), tmp_path) as site:
        yield site


def servers(site: Site) -> set[str | None]:
    """States of the ZooKeeper servers."""
    with site.run() as run:
        return {row.state for row in status(run) if row.node.role == "zookeeper"}


def test_a_journal_that_says_all_is_done_is_not_believed(site: Site) -> None:
    journal = Journal(site.workspace.journal)
    journal.append("run", network="pair", command="replay")
    for phase in (Phase.GENERATE, Phase.DISTRIBUTE, Phase.IMAGES, Phase.ZOOKEEPER):
        for host in ("a", "b", None):
            journal.append("step", phase=phase, step="containers", host=host, status="done", changed=True)
        journal.append("phase", phase=phase, status="done")
    journal.append("end", status="done", changed=9, unchanged=0)

    assert errors(site.replay(until=UNTIL)) == []

    assert servers(site) == {State.RUNNING}


def test_what_vanished_from_a_host_since_is_made_again_and_a_lost_journal_costs_nothing(site: Site) -> None:
    assert errors(site.replay(until=UNTIL)) == []
    with site.run() as run:
        run.connection("b").run(["docker", "rm", "-f", "zk2"], root=True).check()
    assert "missing" in servers(site)

    outcome = site.replay(until=UNTIL)
    assert (errors(outcome), outcome.changed) == ([], 1)
    assert servers(site) == {State.RUNNING}

    site.workspace.journal.unlink()
    outcome = site.replay(until=UNTIL)
    assert (errors(outcome), outcome.changed) == ([], 0)
