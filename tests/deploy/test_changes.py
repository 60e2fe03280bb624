"""A network that runs follows its session: the operator edits the file and replays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.phase import Phase
from fabwiz.session.model import Session
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    """The four-host network, deployed, and a fifth host that runs nothing yet."""
    session = session_of("four-lan-hosts")
    hosts = session.model_dump(exclude_unset=True)["hosts"] | {"e": {"address": "203.0.113.15"}}
    with site_for(changed(session, ("hosts",), hosts), tmp_path) as site:
        assert errors(site.replay()) == []
        yield site


def part(session: Session, *path: str) -> Any:
    data: Any = session.model_dump(exclude_unset=True)
    for key in path:
        data = data[key]
    return data


def started(site: Site, phase: Phase) -> list[str]:
    """Nodes whose containers a run has started."""
    return [str(e.node) for e in site.said(phase, Status.DONE) if e.host and str(e.message).startswith("started")]


def test_a_peer_on_a_further_host_joins_and_what_orders_is_left_alone(lan4: Site) -> None:
    peers = part(lan4.hosts.session, "organizations", "Org2", "peers") | {"peer2": "e"}

    outcome = lan4.replay(changed(lan4.hosts.session, ("organizations", "Org2", "peers"), peers))

    assert errors(outcome) == []
    assert started(lan4, Phase.ZOOKEEPER) == started(lan4, Phase.KAFKA) == started(lan4, Phase.ORDERERS) == []
    assert "peer2.org2.example.com" in started(lan4, Phase.PEERS)
    assert [e.node for e in lan4.said("channels", Status.DONE)] == ["peer2.org2.example.com"]


def test_a_peer_that_takes_the_ports_of_another_is_told_whose_they_are(lan4: Site) -> None:
    peers = {"peer9": "a"} | part(lan4.hosts.session, "organizations", "Org1", "peers")

    outcome = lan4.replay(changed(lan4.hosts.session, ("organizations", "Org1", "peers"), peers), until=Phase.PREFLIGHT)

    (said,) = errors(outcome)
    assert "of peer9.org1.example.com is taken by peer0.org1.example.com" in said
    assert "organizations.Org1.peers.peer9" in str(outcome.failures[0].error.remedy)


def test_a_channel_more_is_created_and_its_chaincode_started(lan4: Site) -> None:
    more = changed(lan4.hosts.session, ("channels", "second"), {"organizations": ["Org2"]})
    spec = part(more, "chaincodes", "mycc") | {"channels": ["mychannel", "second"], "policy": None}

    outcome = lan4.replay(changed(more, ("chaincodes", "mycc"), spec | {"version": "1.1"}))

    assert errors(outcome) == []
    done = [str(event.message) for event in lan4.said("chaincode", Status.DONE)]
    assert any("mycc 1.1 upgraded on mychannel" in message for message in done)
    assert any("mycc 1.1 started on second" in message for message in done)


def test_changed_collections_need_a_new_version(lan4: Site) -> None:
    def collections(version: str, **more: dict[str, Any]) -> Session:
        spec = part(lan4.hosts.session, "chaincodes", "mycc")
        return changed(lan4.hosts.session, ("chaincodes", "mycc"), spec | {"version": version, "collections": more})

    secret = {"policy": "OR('Org1MSP.member')", "required_peers": 0, "max_peers": 1}
    outcome = lan4.replay(collections("1.0", secret=secret))

    assert failed_phase(outcome) == Phase.CHAINCODE
    assert "other collections: secret changed" in errors(outcome)[0]
    assert "chaincodes.mycc.version" in str(outcome.failures[0].error.remedy)

    assert errors(lan4.replay(collections("1.1", secret=secret))) == []
    assert lan4.replay(collections("1.1", secret=secret)).changed == 0

    outcome = lan4.replay(collections("1.2"))

    assert failed_phase(outcome) == Phase.CHAINCODE
    assert "collections that the session has not: secret" in errors(outcome)[0]


def test_other_anchors_are_set_by_an_update_of_the_channel(lan4: Site) -> None:
    other = changed(lan4.hosts.session, ("organizations", "Org2", "anchors"), ["peer1"])

    outcome = lan4.replay(other)

    assert errors(outcome) == []
    (event,) = lan4.said("anchors", Status.DONE)
    assert str(event.message).startswith("peer1.org2.example.com:")
    assert lan4.replay(other).changed == 0


def test_anchors_that_left_the_session_are_taken_back(lan4: Site) -> None:
    without = changed(lan4.hosts.session, ("organizations", "Org2", "anchors"), [])

    outcome = lan4.replay(without)

    assert errors(outcome) == []
    assert [str(e.message) for e in lan4.said("anchors", Status.DONE)] == ["none for Org2MSP on mychannel"]
    assert lan4.replay(without).changed == 0
    assert [e.status for e in lan4.said("anchors", Status.DONE)] == []


def test_what_left_the_session_is_told_and_left_alone(lan4: Site) -> None:
    peers = part(lan4.hosts.session, "organizations", "Org2", "peers")
    without = changed(lan4.hosts.session, ("organizations", "Org2", "peers"), {"peer0": peers["peer0"]})

    outcome = lan4.replay(without)

    assert errors(outcome) == []
    told = [str(event.message) for event in lan4.events if event.event is Kind.LOG and event.host == "d"]
    assert any("peer1.org2.example.com is here" in line and "does not have it" in line for line in told)
    with lan4.run() as run:
        assert "peer1.org2.example.com" in run.docker("d").containers()


def test_a_change_that_orderers_would_not_follow_is_refused_before_any_host_is_touched(lan4: Site) -> None:
    outcome = lan4.replay(changed(lan4.hosts.session, ("ordering",), {"max_message_count": 7}))

    assert failed_phase(outcome) == Phase.GENERATE
    assert "max_message_count: 10 there, 7 by the session" in errors(outcome)[0]


def test_a_further_broker_joins_where_the_genesis_block_may_stay_as_it_is(lan4: Site) -> None:
    more = changed(lan4.hosts.session, ("kafka", "kafka5"), "e")

    outcome = lan4.replay(more)

    assert failed_phase(outcome) == Phase.GENERATE
    assert "`ordering.kafka.seed_brokers: [kafka1, kafka2, kafka3, kafka4]`" in errors(outcome)[0]

    seeds = {"kafka": {"seed_brokers": ["kafka1", "kafka2", "kafka3", "kafka4"]}}
    outcome = lan4.replay(changed(more, ("ordering",), seeds))

    assert errors(outcome) == []
    assert "kafka5" in started(lan4, Phase.KAFKA)
