"""The main job on thirteen hosts, one role a machine; five organizations, of which two run peers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.site import audit, brokers
from tests.lab.site.sites import Site, Sites


@pytest.fixture(scope="module")
def cluster(site: Sites) -> Iterator[Site]:
    """Deployed from nothing."""
    with site("thirteen-hosts") as cluster:
        cluster.station.succeeds("replay")
        yield cluster


def test_a_second_run_changes_nothing(cluster: Site) -> None:
    again = cluster.station.succeeds("replay")

    assert again.summary["status"] == "skipped", again.story


def test_brokers_make_topics_themselves_for_orderers_of_fabric_1_1(cluster: Site) -> None:
    network = cluster.network
    topics = brokers.topics(cluster.hosts, network)

    assert set(topics) == {network.session.system_channel, *network.session.channels}
    for name, topic in topics.items():
        assert len(topic.replicas) == network.session.ordering.kafka.replication_factor
        assert brokers.messages(cluster.hosts, network, topic.leader, name) > len(network.orderers)


def test_hosts_hold_what_is_theirs_and_nothing_else_was_touched(cluster: Site) -> None:
    for name, host in cluster.hosts.items():
        remote_dir = cluster.network.hosts[name].remote_dir
        assert audit.placed(host, remote_dir) == (audit.promised(cluster.station.workspace, name), [])
        assert audit.strays(host, remote_dir) == []
        assert set(audit.private_keys(host)) == audit.keys_of_nodes(cluster.network, cluster.station.workspace, name)
    assert cluster.neighbours.disturbed() == []
