"""The main job on four hosts: roles share machines."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab.site import audit, brokers, neighbours
from tests.lab.site.sites import Site, Sites
from tests.lab.site.workstation import Outcome


@pytest.fixture(scope="module")
def lan(site: Sites) -> Iterator[Site]:
    with site("four-lan-hosts") as lan:
        yield lan


@pytest.fixture(scope="module")
def deployment(lan: Site) -> Outcome:
    """The first run, from nothing."""
    return lan.station.succeeds("replay")


def test_from_nothing_to_the_chaincodes_answers(deployment: Outcome) -> None:
    checks = [event["message"] for event in deployment.steps("done", "check")]
    assert checks, deployment.story
    assert not deployment.steps("failed")
    print("seconds by phase:", deployment.phases)


def test_again_with_nothing_to_change(lan: Site, deployment: Outcome) -> None:
    before = {host.name: host.ok("docker", "ps", "-q", "--no-trunc") for host in lan.hosts.values()}

    again = lan.station.succeeds("replay")

    assert {host.name: host.ok("docker", "ps", "-q", "--no-trunc") for host in lan.hosts.values()} == before
    assert again.summary["status"] == "skipped", again.story
    assert "nothing to change" in again.summary["message"]


def test_every_channel_has_its_topic_with_replicas_and_messages(lan: Site, deployment: Outcome) -> None:
    network = lan.network
    factor = network.session.ordering.kafka.replication_factor
    topics = brokers.topics(lan.hosts, network)

    assert set(topics) == {network.session.system_channel, *network.session.channels}
    for name, topic in topics.items():
        assert len(topic.replicas) == factor, name
        assert set(topic.in_sync) == set(topic.replicas), name
        counts = {broker: brokers.messages(lan.hosts, network, broker, name) for broker in topic.replicas}
        assert len(set(counts.values())) == 1, f"{name}: {counts}"
        # every orderer says hello; the system channel holds the channel's creation, the channel its transactions
        assert min(counts.values()) > len(network.orderers), f"{name}: {counts}"


def test_on_every_host_lies_what_its_manifest_says(lan: Site, deployment: Outcome) -> None:
    for name, host in lan.hosts.items():
        remote_dir = lan.network.hosts[name].remote_dir
        files, strange = audit.placed(host, remote_dir)
        assert files == audit.promised(lan.station.workspace, name)
        assert strange == []
        assert audit.strays(host, remote_dir) == []


def test_an_audit_finds_nothing_and_then_what_somebody_did(lan: Site, deployment: Outcome) -> None:
    """The command's own look, beside ours from outside."""
    clean = lan.station.succeeds("audit")
    assert {event["host"]: event["deviations"] for event in clean.events} == dict.fromkeys(lan.network.hosts, 0)
    name = lan.network.orderers[0].host
    folder, host = lan.network.hosts[name].remote_dir, lan.hosts[name]
    mischief = f"""
echo theirs >{folder}/notes; chmod 0644 {folder}/manifest.json; chown 12345 {folder}/genesis.block
docker run -d --name spy -v {folder}:/loot {neighbours.IMAGE} busybox sleep 1000000
docker volume create --label fabwiz.network={lan.network.name} forgotten"""
    try:
        host.ok("sh", "-ec", mischief)
        found = lan.station.fabwiz("audit")
    finally:
        host.sh("docker", "rm", "-f", "spy")
        host.sh("docker", "volume", "rm", "forgotten")
        host.sh("sh", "-c", f"rm {folder}/notes; chmod 0600 {folder}/manifest.json; chown 0 {folder}/genesis.block")

    assert found.code == 1, found.story
    told = {(event["host"], event["kind"], event["subject"]) for event in found.events if "kind" in event}
    assert told == {
        (name, "extra", "notes"),
        (name, "mode", "manifest.json"),
        (name, "owner", "genesis.block"),
        (name, "container", "spy"),
        (name, "volume", "forgotten"),
    }
    lan.station.succeeds("audit")


def test_the_private_keys_are_those_of_the_hosts_own_nodes(lan: Site, deployment: Outcome) -> None:
    for name, host in lan.hosts.items():
        found = audit.private_keys(host)
        expected = audit.keys_of_nodes(lan.network, lan.station.workspace, name)
        assert len(expected) >= len([node for node in lan.network.on(name) if node.role in ("orderer", "peer")])
        assert set(found) == expected, found


def test_stand_ins_say_what_they_are_and_brokers_are_real(lan: Site, deployment: Outcome) -> None:
    if os.environ.get("FABWIZ_LAB_IMAGES"):
        pytest.skip("these hosts run real Fabric")
    label = ("docker", "inspect", "--format", '{{index .Config.Labels "fabwiz.standin"}}')
    for node in lan.network.nodes:
        host = lan.host_of(node.name)
        is_standin = node.role in ("orderer", "peer")
        assert host.ok(*label, node.name).strip() == ("true" if is_standin else ""), node.name
        if is_standin:
            assert "not Fabric" in host.ok("docker", "logs", node.name).splitlines()[0]


def test_taking_it_away_leaves_the_neighbours_alone(lan: Site, deployment: Outcome) -> None:
    """The last test of this deployment."""
    assert lan.neighbours.disturbed() == []

    lan.station.succeeds("down")

    for host in lan.hosts.values():
        kinds = {line.split()[0] for line in audit.labelled(host, lan.network.name)}
        assert kinds == {"volume"}, "ledgers and Kafka's log stay"

    lan.station.succeeds("down", "--data")

    for name, host in lan.hosts.items():
        assert audit.labelled(host, lan.network.name) == []
        assert host.sh("test", "-e", lan.network.hosts[name].remote_dir).code != 0
        assert audit.private_keys(host) == {}
    assert lan.neighbours.disturbed() == []
