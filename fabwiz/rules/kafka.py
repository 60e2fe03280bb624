"""The Kafka brokers: how many, their ids, their names, and those that the genesis block names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fabwiz.rules.references import rename_node
from fabwiz.rules.registry import ERROR, GUIDE, OWN, Problem, fix, rule, setting, without
from fabwiz.rules.suggest import label, more_nodes, near
from fabwiz.session.network import Network

BROKER_NAME = re.compile(r"[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]")
"""What a Fabric orderer takes as a broker's host name (common/channelconfig/orderer.go, brokerEntrySeemsValid)."""

_MAX_ID = 2**31 - 1


@rule(
    "kafka-count",
    ERROR,
    "there are at least 4 Kafka brokers",
    "With 4 brokers and 3 copies of every channel one broker may fail and everything goes on: channels can be written, "
    "read and created. With fewer, the loss of one already stops something.",
    GUIDE,
    waivable=True,
)
def count(network: Network) -> Iterator[Problem]:
    """Fewer than 4 brokers."""
    brokers = len(network.kafka)
    if brokers >= 4:
        return
    copies = network.session.ordering.kafka.replication_factor
    edits = more_nodes(network, "kafka", network.kafka, 4 - brokers, "kafka")
    names = ", ".join(str(edit.path[1]) for edit in edits)
    without_one = (
        f", and with replication_factor {copies} no channel can be created while one of them is down"
        if brokers and copies >= brokers
        else ""
    )
    yield Problem(
        ("kafka",),
        f"{brokers} Kafka broker{'' if brokers == 1 else 's'}: at least 4 are needed to bear the loss of one"
        f"{without_one}",
        fix(f"add {names}", *edits) if edits else None,
    )


@rule(
    "kafka-broker-id",
    ERROR,
    "broker ids are unique and not negative",
    "A broker registers its id in ZooKeeper; the second with the same id stops at once. A negative id makes Kafka "
    "choose one of its own, and a broker with another id after a restart has lost its copies.",
    OWN,
)
def ids(network: Network) -> Iterator[Problem]:
    """Ids that are taken or out of range."""
    used = {node.id for node in network.kafka}
    free = (number for number in range(1, len(used) + len(network.kafka) + 2) if number not in used)
    seen: dict[int, str] = {}
    for node in network.kafka:
        path = (*node.path, "id")
        if not 0 <= node.id <= _MAX_ID:
            says = f"{node.key} has the broker id {node.id}; ids are 0 to {_MAX_ID}"
        elif node.id in seen:
            says = f"{node.key} and {seen[node.id]} both have the broker id {node.id}; give each its own"
        else:
            seen[node.id] = node.key
            continue
        number = next(free)
        yield Problem(path, says, fix(f"give {node.key} the id {number}", setting(number, *path)))


@rule(
    "kafka-broker-name",
    ERROR,
    "broker names are host names that an orderer takes",
    "The orderer reads the brokers' addresses from the genesis block and refuses names with an underscore, or IPv6 "
    "literals, only when it starts: the genesis block has to be made anew then.",
    "Fabric: common/channelconfig/orderer.go, brokerEntrySeemsValid",
)
def names(network: Network) -> Iterator[Problem]:
    """Names that the orderer's pattern does not match."""
    taken = {node.name for node in network.nodes}
    for node in network.kafka:
        if BROKER_NAME.fullmatch(node.name):
            continue
        better = label(node.name, taken, "kafka")
        taken.add(better)
        yield Problem(
            node.path,
            f"an orderer takes no broker called {node.name!r}: only letters, digits, dots and hyphens, with a letter "
            "or digit at both ends",
            fix(f"rename it to {better}", *rename_node(network, node, better)),
        )


@rule(
    "kafka-seed-brokers",
    ERROR,
    "the genesis block names at least two brokers",
    "An orderer that starts asks the brokers of the genesis block for all others. If it knows only one and that one is "
    "down, the orderer cannot start although the cluster works.",
    GUIDE,
)
def seeds(network: Network) -> Iterator[Problem]:
    """Fewer than two seed brokers, or some that are none of the session's."""
    path = ("ordering", "kafka", "seed_brokers")
    given = network.session.ordering.kafka.seed_brokers
    brokers = [node.key for node in network.kafka]
    all_of_them = fix("name all brokers", without(*path)) if len(brokers) > 1 else None
    if given is None:
        if len(brokers) < 2:
            yield Problem(("kafka",), f"the genesis block would name {len(brokers)} broker(s); it needs at least two")
        return
    unknown = [position for position, name in enumerate(given) if name not in brokers]
    for position in unknown:
        name = given[position]
        yield Problem((*path, position), f"{name} is no broker of this session{near(name, brokers)}", all_of_them)
    known = {name for name in given if name in brokers}
    if len(known) < 2 and not unknown:
        yield Problem(
            path,
            f"seed_brokers names {len(known)} broker(s): with one down no orderer could start; name two or more",
            all_of_them,
        )
