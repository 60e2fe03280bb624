"""`Spread for me`: as good as any placement can be, by the judgement of the rules, and explained."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabwiz.editing.mended import mended_network
from fabwiz.editing.spreading import Spread, SpreadError, Wish, spread
from fabwiz.rules import check, host_losses
from fabwiz.session.edits import edited
from fabwiz.session.network import Network, Role

Data = dict[str, Any]
Outcome = tuple[frozenset[str], int]


def session(hosts: str, **sections: Any) -> Data:
    """A session with hosts of one letter each."""
    return {
        "fabwiz": 1,
        "name": "lab",
        "fabric": "1.4.12",
        "hosts": {host: f"198.51.100.{number}" for number, host in enumerate(hosts, 11)},
        "organizations": {name: {"domain": f"{name.lower()}.example.com"} for name in ("Org1", "Org2")},
        **sections,
    }


def applied(data: Data, result: Spread) -> Network:
    after: Any = data
    for edit in result.edits:
        after = edited(after, edit)
    network = mended_network(after)
    assert network is not None
    return network


def placed(network: Network) -> dict[str, str]:
    return {node.name: node.host for node in network.nodes}


def outcome(network: Network) -> Outcome:
    """The hosts that must not fail, and how many losses there are; those that no placement helps are left out."""
    bad = [(one.host, loss) for one in host_losses(network) for loss in one.losses if not loss.is_inherent]
    return frozenset(host for host, _ in bad), len(bad)


def test_four_hosts_bear_the_loss_of_any() -> None:
    data = session("abcd")
    result = spread(data)
    network = applied(data, result)

    assert outcome(network) == (frozenset(), 0)
    assert placed(network) == placed(result.network)
    assert [len(network.kafka), len(network.zookeeper), len(network.orderers), len(network.peers)] == [4, 3, 2, 4]
    assert {node.name: node.host for node in network.kafka} == {f"kafka{n}": host for n, host in enumerate("abcd", 1)}
    assert max(len(network.on(host)) for host in "abcd") == 4  # 13 nodes
    assert [finding.rule for finding in check(network) if finding.blocks] == []
    assert (result.added, result.moved) == (13, 0)
    assert result.explanation[:2] == (
        "4 Kafka brokers on 4 hosts, one each: any one host can fail and channels can still be written and created.",
        "3 ZooKeeper servers on 3 hosts, one each: any one host can fail and ZooKeeper keeps its majority.",
    )
    assert result.explanation[-1] == "In all, the network can lose any 1 host."


@pytest.mark.parametrize(
    ("hosts", "bad", "says"),
    [
        ("a", "a", "it takes 4 hosts to bear the loss of any, there is 1"),
        ("ab", "a", "so many are on a because, spread evenly, more hosts would be ones that must not fail"),
        ("abc", "a", "it takes 4 hosts to bear the loss of any, there are 3"),
    ],
)
def test_with_fewer_hosts_it_says_what_cannot_survive(hosts: str, bad: str, says: str) -> None:
    result = spread(session(hosts))

    assert outcome(result.network)[0] == frozenset(bad)
    assert says in result.explanation[0]


def test_one_role_a_host_where_there_are_enough() -> None:
    network = spread(session("abcdefghijklm")).network

    assert [len(network.on(host)) for host in network.hosts] == [1] * 13


def test_what_is_placed_stays() -> None:
    data = session("abcd", zookeeper={"zk1": "a", "zk2": "a"}, kafka={"kafka7": {"host": "b", "id": 7}})
    result = spread(data)
    network = applied(data, result)

    assert result.moved == 0
    assert (placed(network)["zk1"], placed(network)["zk2"], placed(network)["kafka7"]) == ("a", "a", "b")
    assert outcome(network) == (frozenset("a"), 1)
    assert [(node.key, node.id) for node in network.kafka] == [
        ("kafka7", 7),
        ("kafka8", 8),
        ("kafka9", 9),
        ("kafka10", 10),
    ]
    assert any("arranging everything anew may do better" in sentence for sentence in result.explanation)


def test_without_keeping_it_moves_as_little_as_helps() -> None:
    data = session("abcd", zookeeper={"zk1": "a", "zk2": "a", "zk3": "b"})
    result = spread(data, Wish(keep=False))
    network = applied(data, result)

    assert outcome(network) == (frozenset(), 0)
    assert sorted(node.key for node in network.zookeeper) == ["zk1", "zk2", "zk3"]
    again = spread(edited_data(data, result), Wish(keep=False))
    assert (again.edits, again.moved) == ((), 0)
    assert "Nothing had to be changed." in again.explanation


def edited_data(data: Data, result: Spread) -> Data:
    after: Any = data
    for edit in result.edits:
        after = edited(after, edit)
    assert isinstance(after, dict)
    return after


def test_nodes_on_hosts_that_are_not_there_find_a_home() -> None:
    data = session("abcd", kafka={"kafka1": "gone", "kafka2": {"host": "b", "port": 9192}})
    network = applied(data, spread(data))

    assert set(placed(network).values()) <= set("abcd")
    assert network.kafka[1].ports["broker"] == 9192


def test_wishes() -> None:
    result = spread(
        session("abcdef"), Wish(brokers=6, servers=4, orderers=3, peers={"Org1": 3, "Org2": 0}, hosts="bcdef")
    )
    network = result.network

    assert [len(network.kafka), len(network.zookeeper), len(network.orderers)] == [6, 5, 3]
    assert {name: len(one.nodes) for name, one in network.organizations.items()} == {"Org1": 3, "Org2": 0}
    assert network.on("a") == ()


def test_new_peers_get_an_anchor_where_there_is_none() -> None:
    data = session("ab")
    data["organizations"]["Org2"].update(peers={"first": "a"}, anchors=["first"])
    network = applied(data, spread(data))

    assert [anchor.key for anchor in network.organizations["Org1"].anchors] == ["peer0"]
    assert [anchor.key for anchor in network.organizations["Org2"].anchors] == ["first"]
    assert [peer.key for peer in network.organizations["Org2"].nodes] == ["first", "first2"]


def test_a_jump_host_stays_free_unless_it_is_chosen() -> None:
    data = session("abcde", ssh={"jump": "a"})

    assert spread(data).network.on("a") == ()
    assert spread(data, Wish(hosts="abcde")).network.on("a") != ()


def test_a_broker_more_than_copies() -> None:
    data = session("abcdef", ordering={"kafka": {"replication_factor": 5, "min_insync_replicas": 3}})

    assert len(spread(data).network.kafka) == 6


def test_losses_that_no_placement_helps_do_not_crowd_one_host() -> None:
    data = session("abcd", ordering={"kafka": {"replication_factor": 3, "min_insync_replicas": 3}})
    network = spread(data).network

    assert sorted(node.host for node in network.kafka) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("data", "wish", "says"),
    [
        ({"fabwiz": 1, "name": "lab"}, Wish(), "add hosts first"),
        (None, Wish(), "add hosts first"),
        (session("ab"), Wish(brokers=51), "51 Kafka brokers cannot be placed: ask for 1 to 50"),
        (session("ab"), Wish(peers=-1), "ask for 0 to 50"),
        (session("ab"), Wish(hosts=["x"]), "choose at least one"),
    ],
)
def test_what_cannot_be_spread(data: Any, wish: Wish, says: str) -> None:
    with pytest.raises(SpreadError, match=says):
        spread(data, wish)


# -- against all placements there are ---------------------------------------------------------------------------------


@cache
def outcomes(hosts: str, role: Role, fixed: tuple[str, ...], total: int, copies: int, least: int) -> frozenset[Outcome]:
    """What `total` nodes of a kind can come to, over every way to place those that are not fixed."""
    return frozenset(
        outcome(_only(hosts, role, (*fixed, *free), copies, least))
        for free in itertools.combinations_with_replacement(hosts, total - len(fixed))
    )


def _only(hosts: str, role: Role, places: tuple[str, ...], copies: int, least: int) -> Network:
    """A network with nodes of one kind alone."""
    nodes = {f"n{number}": host for number, host in enumerate(places)}
    data = session(hosts, ordering={"kafka": {"replication_factor": copies, "min_insync_replicas": least}})
    if role is Role.PEER:
        data["organizations"] = {"Org1": {"domain": "org1.example.com", "peers": nodes}}
    else:
        data[{Role.ZOOKEEPER: "zookeeper", Role.KAFKA: "kafka", Role.ORDERER: "orderers"}[role]] = nodes
    network = mended_network(data)
    assert network is not None
    return network


def best(kinds: list[frozenset[Outcome]]) -> tuple[int, int]:
    """The fewest hosts that must not fail and, with so many, the fewest losses that kinds can come to together."""
    together: set[Outcome] = {(frozenset(), 0)}
    for kind in kinds:
        together = {(bad | more, losses + others) for bad, losses in together for more, others in kind}
    return min((len(bad), losses) for bad, losses in together)


def _parts(network: Network) -> Iterator[tuple[Role, tuple[str, ...]]]:
    yield Role.KAFKA, tuple(node.host for node in network.kafka)
    yield Role.ZOOKEEPER, tuple(node.host for node in network.zookeeper)
    yield Role.ORDERER, tuple(node.host for node in network.orderers)
    for organization in network.organizations.values():
        yield Role.PEER, tuple(node.host for node in organization.nodes)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_placement_is_better(draw: st.DataObject) -> None:
    hosts = "abcd"[: draw.draw(st.integers(1, 4), "hosts")]
    some = st.lists(st.sampled_from(hosts), max_size=3)
    copies = draw.draw(st.integers(2, 4), "copies")
    least = draw.draw(st.integers(1, copies), "least")
    keep = draw.draw(st.booleans(), "keep")
    data = session(hosts, ordering={"kafka": {"replication_factor": copies, "min_insync_replicas": least}})
    for section in ("zookeeper", "kafka", "orderers"):
        data[section] = {f"{section}{n}": host for n, host in enumerate(draw.draw(some, section))}
    data["organizations"]["Org1"]["peers"] = {f"peer{n}": host for n, host in enumerate(draw.draw(some, "peers"))}
    wish = Wish(draw.draw(st.integers(3, 6), "brokers"), orderers=draw.draw(st.integers(1, 3), "orderers"), keep=keep)
    assert_best(hosts, data, wish, copies, least)


@pytest.mark.parametrize(
    ("hosts", "sections"),
    [
        # a and b must not fail as it is: brokers are better crowded on one of them than spread evenly over both
        ("ab", {"zookeeper": {"zk1": "a", "zk2": "a"}, "orderers": {"o1": "b", "o2": "b"}}),
        ("abc", {"zookeeper": {"zk1": "a", "zk2": "a"}, "kafka": {"k1": "b", "k2": "b"}}),
        ("abc", {"kafka": {"k1": "b", "k2": "b", "k3": "b"}, "orderers": {"o1": "c", "o2": "c"}}),
        ("abcd", {"kafka": {"k1": "a", "k2": "a", "k3": "b", "k4": "b"}}),
    ],
)
@pytest.mark.parametrize("brokers", [4, 5, 6])
def test_hosts_that_must_not_fail_anyway_take_what_is_too_much(hosts: str, sections: Data, brokers: int) -> None:
    ordering = {"kafka": {"replication_factor": 3, "min_insync_replicas": 2}}
    assert_best(hosts, session(hosts, ordering=ordering, **sections), Wish(brokers), 3, 2)


def assert_best(hosts: str, data: Data, wish: Wish, copies: int, least: int) -> None:
    before = mended_network(data)
    assert before is not None

    result = spread(data, wish)

    network = applied(data, result)
    kinds = [
        outcomes(hosts, role, tuple(sorted(fixed)) if wish.keep else (), len(places), copies, least)
        for (role, fixed), (_, places) in zip(_parts(before), _parts(network), strict=True)
    ]
    bad, losses = outcome(network)
    assert (len(bad), losses) == best(kinds)
    if wish.keep:
        assert placed(before).items() <= placed(network).items()
    assert (result.edits, result.explanation) == (spread(data, wish).edits, spread(data, wish).explanation)


@given(st.integers(1, 6), st.integers(1, 12), st.integers(3, 7))
@settings(max_examples=30, deadline=None)
def test_spread_evenly_where_nothing_is_lost(count: int, brokers: int, servers: int) -> None:
    hosts = "abcdef"[:count]
    network = spread(session(hosts), Wish(brokers, servers)).network
    bad, _ = outcome(network)

    if not bad:
        for _, places in _parts(network):
            counts = [places.count(host) for host in hosts]
            assert max(counts) - min(counts) <= 1
