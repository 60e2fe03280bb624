"""A network that has run is worked on without a part that it can lose; a first deployment wants everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabwiz.deploy.concerns import concerns
from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.run import Run
from fabwiz.deploy.status import status
from fabwiz.session.model import Session
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def spread(tmp_path: Path) -> Iterator[Site]:
    """The four-host network with a ZooKeeper server, a broker and an orderer alone on a fifth host."""
    data = session_of("four-lan-hosts").model_dump(exclude_unset=True)
    data["hosts"]["e"] = {"address": "203.0.113.15"}
    data["zookeeper"]["zk3"] = data["kafka"]["kafka4"] = data["orderers"]["orderer3"] = "e"
    data["timeouts"] = {"zookeeper": "60s", "kafka": "60s"}
    with site_for(Session.model_validate(data), tmp_path) as site:
        yield site


def with_channel(session: Session, name: str) -> Session:
    data: dict[str, Any] = session.model_dump(exclude_unset=True)
    data["channels"][name] = {"organizations": ["Org1"]}
    return Session.model_validate(data)


def warnings(site: Site) -> list[str]:
    return [str(event.message) for event in site.events if event.event is Kind.LOG and event.node is None]


@pytest.mark.parametrize(
    ("lost", "can"),
    [
        (["kafka4"], True),
        (["zk1", "kafka1", "orderer1.example.com", "orderer2.example.com"], True),
        (["kafka3", "kafka4"], False),  # two are left, and a channel has three copies
        (["zk1", "zk2"], False),
        (["orderer1.example.com", "orderer2.example.com", "orderer3.example.com"], False),
        (["kafka4", "peer1.org2.example.com"], False),  # peers have to be given what they are to have
        ([], False),
    ],
)
def test_what_can_be_lost_once_the_network_has_run(run: Run, lost: list[str], can: bool) -> None:
    nodes = [node for node in run.network.nodes if node.name in lost]
    assert not run.can_lose(nodes)

    run.journal.append("step", phase=Phase.ORDERERS)

    assert run.can_lose(nodes) is can


def test_a_first_deployment_waits_for_every_host(spread: Site) -> None:
    spread.hosts.crash("e")

    outcome = spread.replay()

    assert failed_phase(outcome) == Phase.PREFLIGHT
    assert [failure.step.host for failure in outcome.failures] == ["e"]


def test_without_a_host_that_is_gone_a_channel_is_created_and_later_the_host_is_taken_back(spread: Site) -> None:
    session = spread.hosts.session
    assert errors(spread.replay(session)) == []
    spread.hosts.crash("e")

    outcome = spread.replay(with_channel(session, "second"))

    assert errors(outcome) == []
    (gone,) = [line for line in warnings(spread) if "going on without" in line]
    assert gone.endswith("going on without zk3, kafka4, orderer3.example.com")
    joined = {e.node for e in spread.said("channels", Status.DONE)}
    assert joined == {None, "peer0.org1.example.com", "peer1.org1.example.com"}
    summary = [str(event.message) for event in spread.events if event.event is Kind.SUMMARY]
    assert "works without e, which did not answer" in summary[0]

    spread.hosts.start("e")
    outcome = spread.replay(with_channel(session, "second"))

    assert (errors(outcome), warnings(spread)) == ([], [])
    assert spread.said("kafka")[-1].message == "all 4 brokers are registered"


def test_a_broker_that_dies_of_something_known_ends_the_run_with_its_cause(spread: Site) -> None:
    session = spread.hosts.session
    assert errors(spread.replay(session)) == []
    with spread.run() as run:
        run.connection("e").run(["docker", "stop", "kafka4"], root=True).check()
    (meta,) = spread.hosts.folder("e").rglob("meta.properties")
    meta.write_text("version=0\nbroker.id=1\n")

    outcome = spread.replay(with_channel(session, "second"))

    (failed,) = outcome.failures
    assert "doesn't match stored broker.id 1" in failed.error.message
    assert failed.error.cause
    assert failed.error.remedy


def test_a_container_that_is_merely_stopped_is_started_again(spread: Site) -> None:
    assert errors(spread.replay()) == []
    with spread.run() as run:
        for name in ("zk3", "kafka4"):
            run.connection("e").run(["docker", "stop", name], root=True).check()

    assert errors(spread.replay()) == []

    assert warnings(spread) == []
    assert [str(e.message) for e in spread.said("kafka", Status.DONE)] == [
        "started kafka4",
        "all 4 brokers are registered",
    ]


def test_status_says_what_two_brokers_that_are_down_mean(spread: Site) -> None:
    assert errors(spread.replay(until=Phase.ORDERERS)) == []
    with spread.run() as run:
        assert [text for text in concerns(run, status(run)) if "peer" not in text] == []
        for host, name in (("b", "kafka2"), ("c", "kafka3")):
            run.connection(host).run(["docker", "stop", name], root=True).check()

        writes, channels = concerns(run, status(run))

    assert writes.startswith("orderers refuse to write the channels that it hits (SERVICE_UNAVAILABLE): kafka2, kafka3")
    assert "a channel may keep 1 of its 3 copies, and writing needs 2" in writes
    assert channels.startswith("no channel can be created: kafka2, kafka3 down or out of reach")


def test_a_session_with_one_broker_goes_without_none(run: Run) -> None:
    run.network = type(run.network)(changed(run.network.session, ("kafka",), {"kafka1": "a"}))
    run.journal.append("step", phase=Phase.ORDERERS)

    assert not run.can_lose(run.network.kafka)
