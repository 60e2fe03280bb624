"""An orderer or a peer that is down: the run goes on with others where it can, and says what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy import zookeeper
from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from fabwiz.deploy.phases.kafka import registered
from fabwiz.deploy.phases.zookeeper import ask, modes
from fabwiz.deploy.replay import replay
from fabwiz.fabric.errors import ServiceUnavailable, Unreachable
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    """The four-host network, deployed, with little patience."""
    with site_for(changed(session_of("four-lan-hosts"), ("timeouts",), {"channels": "3s"}), tmp_path) as site:
        patient = changed(site.hosts.session, ("timeouts",), {})
        assert errors(site.replay(patient)) == []
        yield site


@pytest.fixture
def kafka4(tmp_path: Path) -> Iterator[Site]:
    """The four-host network up to its brokers."""
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        assert errors(site.replay(until=Phase.KAFKA)) == []
        yield site


def registrations(site: Site) -> dict[int, str]:
    """The sessions of the registered brokers, dead or alive."""
    with site.run() as run:
        leaders = [name for name, mode in modes(run, run.network).items() if mode == "leader"]
        (leader,) = [server for server in run.network.zookeeper if server.name in leaders]
        return zookeeper.brokers(ask(run, leader, "dump"))


def test_a_broker_that_was_killed_counts_only_when_it_has_registered_anew(kafka4: Site) -> None:
    before = registrations(kafka4)
    kafka4.hosts.crash("d")  # kafka4 alone; it says farewell to nobody
    assert registrations(kafka4) == before
    kafka4.hosts.start("d")

    with kafka4.run() as run:
        assert registered(run, run.network) == ({1, 2, 3}, {4})
        outcome = replay(run, Phase.KAFKA)
        assert registered(run, run.network) == ({1, 2, 3, 4}, set())

    assert errors(outcome) == []
    assert registrations(kafka4)[4] != before[4]


def test_where_orderers_refuse_to_write_the_brokers_that_are_down_are_named(kafka4: Site) -> None:
    refusal = ServiceUnavailable("cannot enqueue", target="orderer1.example.com", status="SERVICE_UNAVAILABLE")
    with kafka4.run() as run:
        execute(run, phases_until(Phase.PREFLIGHT))
        assert run.explain(refusal).cause is None
        for host, broker in (("b", "kafka2"), ("c", "kafka3")):
            run.connection(host).run(["docker", "stop", broker], root=True).check()
        told = run.explain(refusal)

    assert told.message == "orderer1.example.com: cannot enqueue"
    assert "kafka2: Exited" in (told.cause or "")
    assert "kafka3: Exited" in (told.cause or "")
    assert "kafka1" not in (told.cause or "")


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


def test_an_orderer_that_died_is_told_and_does_not_keep_channels_from_being_made(tmp_path: Path) -> None:
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        assert errors(site.replay(until=Phase.PEERS)) == []

        outcome = without(site, "a", "orderer1.example.com", Phase.CHANNELS, Phase.ANCHORS)

        assert errors(outcome) == []
        told = [str(event.message) for event in site.events if event.event is Kind.LOG and event.host == "a"]
        assert any("orderer1.example.com does not answer" in line for line in told)

        outcome = site.replay()

        assert errors(outcome) == []
        assert [str(event.message) for event in site.said("orderers", Status.DONE) if event.host] == [
            "started orderer1.example.com"
        ]


def test_without_any_orderer_no_channel_is_made(tmp_path: Path) -> None:
    session = changed(session_of("four-lan-hosts"), ("timeouts",), {"channels": "1s"})
    with site_for(session, tmp_path) as site:
        assert errors(site.replay(until=Phase.PEERS)) == []
        with site.run() as run:
            for orderer in run.network.orderers:
                run.connection(orderer.host).run(["docker", "stop", orderer.name], root=True).check()
            outcome = execute(run, [spec for spec in phases_until() if spec.phase is Phase.CHANNELS])

        assert failed_phase(outcome) == Phase.CHANNELS
        assert "orderer3.example.com" in errors(outcome)[0]


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


def test_a_client_outlives_the_connection_to_its_host(lan4: Site) -> None:
    """One that waits for a commit when a cable is cut must not wait on a connection that is dead."""
    with lan4.run() as run:
        peer = next(node for node in run.network.peers if node.host == "d")
        organization = run.network.organization_of(peer)
        assert organization
        client, admin = run.fabric.peer(peer), run.fabric.admin(organization)
        assert client.channels(admin) == ("mychannel",)

        run.connection("d").close()
        assert client.channels(admin) == ("mychannel",)

        lan4.hosts.crash("d")
        with pytest.raises(Unreachable):
            client.channels(admin)
