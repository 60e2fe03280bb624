"""The main job on thirteen hosts, one role a machine; five organizations, of which two run peers."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from tests.lab.machine.lab import on_each
from tests.lab.site import audit, brokers
from tests.lab.site.client import Client
from tests.lab.site.sites import Site, Sites
from tests.outcomes import Outcomes


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


def test_a_channel_is_created_while_a_broker_a_zookeeper_server_and_an_orderer_are_switched_off(
    cluster: Site, outcomes: Outcomes
) -> None:
    lost = ("kafka4", "zookeeper3", "orderer2")
    hosts = [cluster.hosts[name] for name in lost]
    data = copy.deepcopy(cluster.station.data)
    data["channels"]["second"] = {"organizations": ["Org1", "Org5"]}
    data["chaincodes"]["mycc"]["channels"].append("second")
    data["ssh"]["connect_timeout"] = "3s"
    cluster.station.write(data)
    on_each(hosts, lambda host: host.off())

    outcome = cluster.station.succeeds("replay")

    assert not outcome.steps("failed")
    told = {event["host"]: event["message"] for event in outcome.events if "going on without" in str(event["message"])}
    assert set(told) == set(lost)
    assert all(told[name].endswith(f"going on without {cluster.network.on(name)[0].name}") for name in lost)
    assert outcome.summary["message"].startswith("cluster13 works without zookeeper3, kafka4, orderer2, which did not")
    topic = brokers.topics(cluster.hosts, cluster.network, ask="kafka1")["second"]
    assert len(topic.replicas) == 3
    assert set(topic.in_sync) == set(topic.replicas) <= {1, 2, 3}
    with Client(cluster, channel="second") as client:
        assert client.invoke("invoke", "A", "B", "1") == "VALID"
    outcomes.note("hosts of a broker, a ZooKeeper server and an orderer off", "created a channel", None, "whole")

    status = cluster.station.fabwiz("status")
    assert status.code == 3, status.story
    assert not [row for row in status.events if "concern" in row], "the network bears it"

    on_each(hosts, lambda host: host.on())
    back = cluster.station.succeeds("replay")
    assert "without" not in back.summary["message"], back.story


def test_status_says_why_writes_are_refused_with_two_brokers_down(cluster: Site, outcomes: Outcomes) -> None:
    for name in ("kafka1", "kafka2"):
        cluster.hosts[name].ok("docker", "stop", "--time", "0", name)

    status = cluster.station.fabwiz("status")

    assert status.code == 1, status.story
    writes, channels = (row["concern"] for row in status.events if "concern" in row)
    assert "orderers refuse to write" in writes
    assert "kafka1, kafka2 down" in writes
    assert "no channel can be created" in channels
    outcomes.note("two brokers down", f"status: {writes[:90]}", status.seconds, "started again by the next replay")
    cluster.station.succeeds("replay")
    assert cluster.station.succeeds("status").code == 0
