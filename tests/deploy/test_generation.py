"""Keys of one workspace never go beside the data of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.host_probe import parse_probe
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases.generation import made_elsewhere
from fabwiz.session.workspace import Workspace
from tests.deploy.sites import Site, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        yield site


def test_a_second_workspace_is_refused_while_the_first_ones_data_are_there(lan4: Site, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Site(lan4.hosts, tmp_path / "other")
    assert errors(lan4.replay(until=Phase.ZOOKEEPER)) == []

    refused = other.replay(until=Phase.ZOOKEEPER)

    assert failed_phase(refused) == Phase.PREFLIGHT
    assert any("whose keys are not in" in message for message in errors(refused))
    assert not other.workspace.crypto_config.exists()
    again = lan4.replay(until=Phase.ZOOKEEPER)
    assert (errors(again), again.changed) == ([], 0)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": 1}', '{"files": [{"path": 7}]}', "not JSON"])
def test_a_manifest_that_tells_nothing_hinders_nobody(tmp_path: Path, manifest: str) -> None:
    assert not made_elsewhere(manifest, ["lan4_zk1_data"], Workspace(tmp_path / "lan4.yaml"))


def test_keys_without_data_may_be_replaced(tmp_path: Path) -> None:
    manifest = '{"files": [{"path": "peer0.org1.example.com/msp/cacerts/ca.org1.example.com-cert.pem", "sha256": "0"}]}'
    workspace = Workspace(tmp_path / "lan4.yaml")

    assert made_elsewhere(manifest, ["lan4_peer0.org1.example.com_ledger"], workspace)
    assert not made_elsewhere(manifest, [], workspace)


def test_time_that_the_script_takes_is_no_skew() -> None:
    assert parse_probe("clock=1000\nclock_at_end=1009\n").clock == 1005.0
    assert parse_probe("clock=1000\n").clock == 1000.5
