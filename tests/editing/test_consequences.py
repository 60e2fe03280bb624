"""What the network can lose: the one line, as wide as there is room, and a sentence for each host."""

from __future__ import annotations

from typing import Any

import pytest

from fabwiz.editing.consequences import lacking, line, sentences
from fabwiz.editing.mended import mended_network
from fabwiz.session import examples
from fabwiz.session.document import Document
from fabwiz.session.network import Network

ORGANIZATION = {"domain": "org1.example.com", "peers": {"peer0": "a", "peer1": "b"}}


def network(**sections: Any) -> Network:
    """Four hosts that bear any loss, but for what is said otherwise."""
    data = {
        "fabwiz": 1,
        "name": "lab",
        "fabric": "1.4.12",
        "hosts": {host: f"198.51.100.{number}" for number, host in enumerate("abcd", 11)},
        "zookeeper": {"zk1": "a", "zk2": "b", "zk3": "c"},
        "kafka": {"kafka1": "a", "kafka2": "b", "kafka3": "c", "kafka4": "d"},
        "orderers": {"orderer1": "a", "orderer2": "b"},
        "organizations": {"Org1": ORGANIZATION},
        **sections,
    }
    made = mended_network(data)
    assert made is not None
    return made


def test_nothing_to_fear() -> None:
    assert line(network()) == "can lose any 1 host"


def test_one_host_that_must_not_fail() -> None:
    one = network(zookeeper={"zk1": "c", "zk2": "b", "zk3": "c"})

    assert line(one) == "can lose any 1 host, but not c: it carries 2 of 3 ZooKeeper servers"
    assert line(one, 60) == "can lose any 1 host, but not c: 2 of 3 ZooKeeper servers"
    assert line(one, 40) == "can lose any 1 host, but not c"


def test_hosts_that_must_not_fail() -> None:
    some = network(zookeeper={"zk1": "c", "zk2": "b", "zk3": "c"}, orderers={"orderer1": "a"})

    assert line(some, 120) == "can lose any 1 host, but not a (the only orderer) or c (2 of 3 ZooKeeper servers)"
    assert line(some, 70) == "can lose any 1 host, but not a (the only orderer) or 1 more"
    assert line(some, 50) == "can lose any 1 host, but not a or c"


def test_everything_on_one_host() -> None:
    alone = network(
        hosts={"a": "198.51.100.11"},
        zookeeper={"zk1": "a"},
        kafka={f"kafka{n}": "a" for n in range(4)},
        orderers={"orderer1": "a"},
        organizations={"Org1": {"domain": "org1.example.com", "peers": {"peer0": "a"}}},
    )

    assert line(alone) == "cannot lose a: everything runs there"


def test_no_host_can_be_lost() -> None:
    four = {"replication_factor": 4, "min_insync_replicas": 2}
    fragile = network(ordering={"kafka": four})

    assert line(fragile) == "cannot lose any of its 4 hosts: a carries 1 of 4 Kafka brokers"
    assert line(fragile, 40) == "cannot lose any of its 4 hosts"


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"hosts": {}}, "no hosts yet"),
        ({"zookeeper": {}, "kafka": {}, "orderers": {}, "organizations": {}}, "nothing is placed yet"),
        ({"orderers": {}}, "cannot work yet: no orderer"),
        ({"orderers": {}, "organizations": {}}, "cannot work yet: no orderer and no peer"),
        ({"kafka": {"kafka1": "a", "kafka2": "b"}}, "cannot work yet: 2 Kafka brokers for 3 copies of a channel"),
        (
            {"ordering": {"kafka": {"replication_factor": 2, "min_insync_replicas": 3}}},
            "cannot work yet: 2 copies of a channel where writing needs 3",
        ),
    ],
)
def test_networks_that_are_not_whole(sections: dict[str, Any], says: str) -> None:
    assert line(network(**sections)) == says


def test_no_network_at_all() -> None:
    assert line(None) == "no hosts yet"


def test_the_examples() -> None:
    lines = {name: line(_example(name), 120) for name in ("four-lan-hosts", "thirteen-hosts", "three-orgs-one-host")}

    assert lines == {
        "four-lan-hosts": "can lose any 1 host",
        "thirteen-hosts": "can lose any 1 host, but not peer0org1: it carries the only peer of Org1",
        "three-orgs-one-host": "cannot lose here: everything runs there",
    }


def _example(name: str) -> Network:
    made = Document.from_text(examples.text(name)).network
    assert made is not None
    return made


WIDE = "组织" * 12
CROWDED = network(
    hosts={f"{'host' * 12}-{number}": f"198.51.100.{number}" for number in range(1, 41)},
    organizations={
        f"{WIDE}{number}": {"domain": f"o{number}.example.com", "peers": {"peer0": f"{'host' * 12}-{number}"}}
        for number in range(1, 31)
    },
    zookeeper={f"zk{n}": f"{'host' * 12}-40" for n in range(3)},
)


@pytest.mark.parametrize("width", [10, 20, 40, 41, 60, 79, 80, 100, 120])
@pytest.mark.parametrize(
    "shown", [network(), network(orderers={"orderer1": "a"}), network(kafka={}, orderers={}), CROWDED]
)
def test_the_line_fits_and_never_says_nothing(shown: Network, width: int) -> None:
    text = line(shown, width)

    assert text
    assert sum(1 + (ord(char) > 0x2E80) for char in text) <= width
    assert text.isprintable()
    if width >= 40:
        assert not text.endswith("...")


def test_a_wider_line_tells_no_less() -> None:
    some = network(zookeeper={"zk1": "c", "zk2": "b", "zk3": "c"}, orderers={"orderer1": "a"})
    lengths = [len(line(some, width)) for width in range(40, 121)]

    assert lengths == sorted(lengths)


def test_hostile_names_steer_no_terminal() -> None:
    odd = network(hosts={"a\x1b[2J": "198.51.100.1"}, zookeeper={"zk1": "a\x1b[2J"})

    assert "\x1b" not in line(odd, 120)
    assert all("\x1b" not in one.text for one in sentences(odd))


def test_sentences_for_each_host() -> None:
    told = sentences(
        network(
            hosts={host: f"198.51.100.{number}" for number, host in enumerate("abcde", 11)},
            zookeeper={"zk1": "c", "zk2": "b", "zk3": "c"},
            orderers={"orderer1": "a"},
        )
    )

    assert [(one.host, one.harmless) for one in told] == [(h, h in "bde") for h in "abcde"]
    assert [one.text for one in told] == [
        "Without a the network loses 1 of 1 orderers: none is left. Moving the only orderer does not help: add more.",
        B_CAN_FAIL,
        "Without c the network loses 2 of 3 ZooKeeper servers: no majority is left.",
        "d can fail: 3 of 4 Kafka brokers go on, and that is enough.",
        "e runs nothing: losing it takes nothing away.",
    ]


B_CAN_FAIL = (
    "b can fail: 2 of 3 ZooKeeper servers, 3 of 4 Kafka brokers and 1 of 2 peers of Org1 go on, and that is enough."
)


def test_what_is_lacking_is_no_promise() -> None:
    broken = network(orderers={})

    assert lacking(broken) == ("no orderer",)
    assert not any("enough" in one.text for one in sentences(broken))
