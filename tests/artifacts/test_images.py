"""Image names by release, registry and override, and what a host must have."""

from typing import Any

import pytest

from fabwiz.artifacts.errors import ArtifactError
from fabwiz.artifacts.images import chaincode_images, image, images_of_host
from fabwiz.session.model import Session
from fabwiz.session.network import Network, Role
from fabwiz.session.releases import RELEASES


def network(fabric: str, language: str = "golang", **images: Any) -> Network:
    return Network(
        Session.model_validate(
            {
                "fabwiz": 1,
                "name": "lan",
                "fabric": fabric,
                "hosts": {"a": "192.0.2.11", "b": "192.0.2.12", "c": "192.0.2.13"},
                "zookeeper": {"zk1": "a"},
                "kafka": {"kafka1": "a"},
                "orderers": {"orderer1": "a"},
                "organizations": {
                    "Org1": {"domain": "org1.example.com", "peers": {"peer0": {"host": "b", "couchdb": True}}},
                    "Org2": {"domain": "org2.example.com", "peers": {"peer0": {"host": "c", "tools": True}}},
                },
                "channels": {"mychannel": {"organizations": ["Org1"]}},
                "chaincodes": {
                    "mycc": {"version": "1.0", "path": "x", "language": language, "channels": ["mychannel"]}
                },
                "images": images,
            }
        )
    )


@pytest.mark.parametrize(
    ("fabric", "role", "name"),
    [
        ("1.0.3", Role.PEER, "hyperledger/fabric-peer:x86_64-1.0.3"),
        ("1.0.3", Role.KAFKA, "hyperledger/fabric-kafka:x86_64-1.0.3"),
        ("1.1.1", Role.ZOOKEEPER, "hyperledger/fabric-zookeeper:x86_64-0.4.6"),
        ("1.1.1", Role.TOOLS, "hyperledger/fabric-tools:x86_64-1.1.1"),
        ("1.2.0", Role.COUCHDB, "hyperledger/fabric-couchdb:0.4.10"),
        ("1.4.0", Role.ORDERER, "hyperledger/fabric-orderer:1.4.0"),
        ("1.4.12", Role.KAFKA, "hyperledger/fabric-kafka:0.4.22"),
    ],
)
def test_names_follow_the_release(fabric: str, role: Role, name: str) -> None:
    assert image(network(fabric), role) == name


def test_registry_namespace_and_tags_change_every_image() -> None:
    net = network(
        "1.4.0", registry="mirror.example.com:5000/", namespace="ours", tag="1.4.0-x", third_party_tag="0.4.14-x"
    )
    prefix = "mirror.example.com:5000/ours/fabric-"
    for role in Role:
        third = role in (Role.ZOOKEEPER, Role.KAFKA, Role.COUCHDB)
        assert image(net, role) == f"{prefix}{role}:{'0.4.14-x' if third else '1.4.0-x'}"
    assert chaincode_images(net).builder == f"{prefix}ccenv:1.4.0-x"
    assert all(name.startswith(prefix) for name in chaincode_images(net).runtimes.values())


def test_a_whole_name_overrides_everything() -> None:
    overrides = {"peer": "example.com/peer@sha256:12", "builder": "b:1", "runtime": "r:1"}
    net = network("1.4.0", registry="mirror.example.com", overrides=overrides)
    assert image(net, Role.PEER) == "example.com/peer@sha256:12"
    assert images_of_host(net, "b")[:3] == [
        "example.com/peer@sha256:12",
        "mirror.example.com/hyperledger/fabric-couchdb:0.4.14",
        "b:1",
    ]
    assert images_of_host(net, "b")[3:] == ["r:1"]


@pytest.mark.parametrize("fabric", RELEASES)
def test_no_image_is_one_that_moves_or_is_gone(fabric: str) -> None:
    images = chaincode_images(network(fabric))
    for name in (images.builder, *images.runtimes.values()):
        assert not name.endswith(":latest")
    assert images.builder == f"hyperledger/fabric-ccenv:{RELEASES[fabric].tag}"


@pytest.mark.parametrize(
    ("fabric", "language", "wanted"),
    [
        ("1.0.1", "golang", ["ccenv:x86_64-1.0.1", "baseos:x86_64-0.3.1"]),
        ("1.0.2", "golang", ["ccenv:x86_64-1.0.2", "baseos:x86_64-0.3.2"]),
        ("1.1.0", "node", ["ccenv:x86_64-1.1.0", "baseimage:x86_64-0.4.6"]),
        ("1.2.1", "java", ["javaenv:x86_64-1.1.0"]),
        ("1.3.0", "java", ["javaenv:1.3.0"]),
        ("1.4.12", "java", ["javaenv:1.4"]),
        ("1.4.12", "golang", ["ccenv:1.4.12", "baseos:0.4.22"]),
    ],
)
def test_peers_with_chaincode_have_what_builds_and_runs_it(fabric: str, language: str, wanted: list[str]) -> None:
    have = images_of_host(network(fabric, language), "b")
    assert have[2:] == [f"hyperledger/fabric-{name}" for name in wanted]


def test_peers_without_chaincode_do_not() -> None:
    assert images_of_host(network("1.4.12"), "c") == [
        "hyperledger/fabric-peer:1.4.12",
        "hyperledger/fabric-tools:1.4.12",
    ]


def test_an_unknown_release_is_told() -> None:
    with pytest.raises(ArtifactError, match=r"2\.5\.0"):
        images_of_host(network("2.5.0"), "a")
