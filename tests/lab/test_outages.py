"""After deployment: what a network with parts down still does, and what it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep

import pytest

from fabwiz.fabric.errors import FabricError, ServiceUnavailable
from tests.lab.site import brokers
from tests.lab.site.client import Client
from tests.lab.site.mishaps import Disturbed, begun
from tests.lab.site.sites import Site, Sites
from tests.outcomes import Outcomes


@pytest.fixture(scope="module")
def lan(site: Sites) -> Iterator[Site]:
    """Deployed from nothing, and used by every test of this module, which leaves it whole."""
    with site("four-lan-hosts") as lan:
        lan.station.succeeds("replay")
        yield lan


@pytest.fixture
def client(lan: Site) -> Iterator[Client]:
    with Client(lan) as client:
        yield client


@contextmanager
def down(lan: Site, *nodes: str) -> Iterator[None]:
    """Containers that end without a word, and come back afterwards."""
    for node in nodes:
        lan.host_of(node).ok("docker", "stop", "--time", "0", node)
    try:
        yield
    finally:
        for node in nodes:
            lan.host_of(node).ok("docker", "start", node)


def within(seconds: float, look: Callable[[], bool], what: str) -> None:
    end = monotonic() + seconds
    while not look():
        assert monotonic() < end, f"not within {seconds} s: {what}"
        sleep(1)


def names(lan: Site, ids: Sequence[int]) -> list[str]:
    return [node.name for node in lan.network.kafka if node.id in ids]


def all_in_sync(lan: Site) -> None:
    def look() -> bool:
        topics = brokers.topics(lan.hosts, lan.network)
        return bool(topics) and all(set(topic.in_sync) == set(topic.replicas) for topic in topics.values())

    within(90, look, "every replica is in sync again")


def writes(client: Client) -> None:
    """An invocation is ordered, valid, and seen by a query."""
    before = client.query("a")

    def look() -> bool:
        try:
            return client.invoke("invoke", "a", "b", "1") == "VALID"
        except FabricError:  # a new leader may not have been found yet
            return False

    within(90, look, "an invocation is valid")
    assert client.query("a") <= before - 1


def test_one_broker_down_channels_are_still_written(lan: Site, client: Client) -> None:
    topic = brokers.topics(lan.hosts, lan.network)["mychannel"]
    with down(lan, *names(lan, [topic.leader])):
        writes(client)
    all_in_sync(lan)
    lan.station.succeeds("replay")


def test_one_zookeeper_server_down_invokes_go_on(lan: Site, client: Client, outcomes: Outcomes) -> None:
    with down(lan, lan.network.zookeeper[0].name):
        writes(client)
    lan.station.succeeds("replay")
    outcomes.note("one ZooKeeper server down", "invokes went on", None, "whole after a replay")


def test_one_orderer_down_invokes_go_on_through_another(lan: Site, client: Client, outcomes: Outcomes) -> None:
    with down(lan, lan.network.orderers[0].name):
        assert client.invoke("invoke", "a", "b", "1", orderer=1) == "VALID"
    lan.station.succeeds("replay")
    outcomes.note("one orderer down", "invokes went on through another", None, "whole after a replay")


def test_two_brokers_down_writes_are_refused_and_nothing_is_lost(lan: Site, client: Client) -> None:
    all_in_sync(lan)
    topic = brokers.topics(lan.hosts, lan.network)["mychannel"]
    before = client.query("a")
    with down(lan, *names(lan, topic.replicas[1:3])):
        within(60, lambda: refused(client), "a write is refused")
        with pytest.raises(ServiceUnavailable):
            client.invoke("invoke", "a", "b", "1")
        after = client.query("a")
    all_in_sync(lan)
    writes(client)
    assert after <= before


def refused(client: Client) -> bool:
    try:
        client.invoke("invoke", "a", "b", "1")
    except ServiceUnavailable:
        return True
    except FabricError:
        return False
    return False


def with_channel(lan: Site, name: str) -> None:
    """Have the session name one more channel, on which the chaincode is started, asked and invoked."""
    data = copy.deepcopy(lan.station.data)
    data["channels"][name] = {"organizations": ["Org1", "Org2"]}
    data["chaincodes"]["mycc"]["channels"].append(name)
    data["timeouts"] = {"channels": "90s"}
    lan.station.write(data)


def test_a_broker_that_ends_before_a_channel_is_created(lan: Site, outcomes: Outcomes) -> None:
    all_in_sync(lan)
    with_channel(lan, "second")
    gone = ExitStack()

    def end_one() -> None:
        with run.held():
            gone.enter_context(down(lan, "kafka1"))

    with gone:
        run = Disturbed(lan.station, at=begun("channels"), then=end_one)
        outcome = run.outcome()
        assert outcome.code == 0, outcome.story
        assert len(outcome.steps("done", "channels")) == 1 + len(lan.network.peers), outcome.story
        assert len(brokers.topics(lan.hosts, lan.network, ask="kafka2")["second"].replicas) == 3
    outcomes.note("one broker down", "created, wrote and read a channel", None, "whole")
    all_in_sync(lan)


def test_two_brokers_that_end_before_the_check(lan: Site, outcomes: Outcomes) -> None:
    """Writes are refused: the run says so, and `status` says why."""
    all_in_sync(lan)
    with_channel(lan, "third")
    gone = ExitStack()
    victims: list[str] = []

    def end_two() -> None:
        with run.held():
            victims.extend(names(lan, brokers.topics(lan.hosts, lan.network)["third"].replicas[:2]))
            gone.enter_context(down(lan, *victims))

    with gone:
        run = Disturbed(lan.station, at=begun("check"), then=end_two)
        outcome = run.outcome()
        assert outcome.code == 1, outcome.story
        failed = outcome.steps("failed", "check")
        assert failed, outcome.story
        causes = " ".join(step.get("cause", "") for step in failed)
        assert all(f"{victim}: Exited" in causes for victim in victims), failed
        outcomes.note(
            "two brokers down",
            f"check: {failed[0]['message']}: {failed[0]['cause']}",
            run.noticed,
            "taken up, once written",
        )

        status = lan.station.fabwiz("status")
        assert status.code == 1
        assert {row["node"] for row in status.events if row.get("state", "running") != "running"} == set(victims)

    lan.station.succeeds("replay")
    heights = [row for row in lan.station.succeeds("status").events if row.get("channel") == "third"]
    # block 0, two of anchors, one that starts the chaincode, one that invokes it
    assert [row["heights"] for row in heights] == [{peer.name: 5 for peer in lan.network.peers}]
    assert lan.neighbours.disturbed() == []
