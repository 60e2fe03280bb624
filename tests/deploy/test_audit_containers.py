"""Containers, volumes and networks of a host against its compose file."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from fabwiz.artifacts.compose import ComposeFile
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.deploy import audit_containers
from fabwiz.deploy.audit_containers import Compose, read_compose
from fabwiz.deploy.audit_probe import Found, parse
from fabwiz.deploy.audit_report import Deviation, Kind
from fabwiz.session.network import Network

Box = dict[str, Any]
PEER = "peer0.org1.example.com"
REVISIONS = {"zk1": "r", "kafka1": "r", "orderer1.example.com": "r", PEER: "r"}


@pytest.fixture
def compose(network: Network) -> Compose:
    return read_compose(ComposeFile(network, "a").text(REVISIONS), "docker-compose.yaml")


def box(name: str, **changed: Any) -> Box:
    """A container of somebody else, as `docker inspect` tells it."""
    found: Box = {
        "Id": f"{name:0<64}",
        "Name": f"/{name}",
        "Image": "busybox",
        "Cmd": None,
        "Labels": {},
        "Privileged": False,
        "CapAdd": None,
        "CapDrop": None,
        "SecurityOpt": None,
        "ReadonlyRootfs": False,
        "NetworkMode": "default",
        "PidMode": "",
        "IpcMode": "private",
        "UTSMode": "",
        "UsernsMode": "",
        "Devices": [],
        "PortBindings": {},
        "Mounts": [],
        "Networks": {"bridge": {}},
    }
    assert changed.keys() <= found.keys()
    return found | changed


def bind(source: str, target: str, writable: bool = True) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Destination": target, "RW": writable}


def volume(name: str, target: str) -> dict[str, Any]:
    where = f"/var/lib/docker/volumes/{name}/_data"
    return {"Type": "volume", "Name": name, "Source": where, "Destination": target, "RW": True}


def ours(compose: Compose, name: str, folder: str = "/opt/fabwiz/lan4") -> Box:
    """A node's container as Docker makes it of the compose file."""
    service = compose.services[name]
    mounts = []
    for text in service.get("volumes", ()):
        source, target, *options = text.split(":")
        if source in compose.volumes:
            mounts.append(volume(compose.volumes[source], target))
        else:
            path = source if source.startswith("/") else f"{folder}/{source.removeprefix('./')}"
            mounts.append(bind(path, target, "ro" not in options))
    return box(
        name,
        Image=service["image"],
        Cmd=service.get("command"),
        Labels=service["labels"],
        CapAdd=[f"CAP_{one}" for one in service.get("cap_add", ())] or None,
        CapDrop=service.get("cap_drop"),
        SecurityOpt=service.get("security_opt"),
        NetworkMode="fabwiz_lan4",
        PortBindings={
            f"{port.split(':')[1]}/tcp": [{"HostIp": "", "HostPort": port.split(":")[0]}]
            for port in service.get("ports", ())
        },
        Mounts=mounts,
        Networks={"fabwiz_lan4": {}},
    )


def found(*boxes: Box, more: str = "") -> Found:
    """What a host would say, through the script's own format."""
    lines = ["folder /opt/fabwiz/lan4", "docker", *(f"id {one['Id']}" for one in boxes)]
    lines += [f"box {json.dumps(list(one.values()))}" for one in boxes]
    return parse("\n".join([*lines, more]))


def told(network: Network, compose: Compose, seen: Found) -> list[Deviation]:
    return audit_containers.compare(network, network.hosts["a"], compose, REVISIONS, seen)


@pytest.fixture
def mine(compose: Compose) -> dict[str, Box]:
    return {name: ours(compose, name) for name in compose.services}


def test_what_compose_made_of_the_file_is_not_told(network: Network, compose: Compose, mine: dict[str, Box]) -> None:
    more = "\n".join([*(f"volume {name}" for name in compose.volumes.values()), "network fabwiz_lan4"])

    assert set(mine) == set(REVISIONS)
    assert told(network, compose, found(*mine.values(), more=more)) == []


def test_neither_are_neighbours_and_chaincode(network: Network, compose: Compose, mine: dict[str, Box]) -> None:
    others = [
        box("database", Mounts=[bind("/srv/data", "/data"), volume("theirs", "/x")], Privileged=True),
        box("backup", Mounts=[bind("/opt/fabwiz/lan44", "/data")]),
        box("proxy", Mounts=[bind("/var/run/docker.sock", "/var/run/docker.sock")], CapAdd=["NET_ADMIN"]),
        box(f"lan4-{PEER}-mycc-1.0", Networks={"fabwiz_lan4": {}}, NetworkMode="fabwiz_lan4"),
        box("quirky_hopper", Image="hyperledger/fabric-ccenv:1.4.0", Networks={"fabwiz_lan4": {}}),
    ]

    assert told(network, compose, found(*mine.values(), *others)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Image": "evil/peer:1"}, "runs the image evil/peer:1, not hyperledger/fabric-peer:"),
        ({"Cmd": ["sh"]}, "runs sh, not peer node start"),
        ({"Privileged": True}, "is privileged"),
        ({"CapAdd": ["CAP_SYS_ADMIN"]}, "has the capability SYS_ADMIN"),
        ({"CapAdd": ["ALL"]}, "has the capability ALL"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "runs with seccomp:unconfined"),
        ({"PidMode": "host"}, "shares the pid namespace (host)"),
        ({"NetworkMode": "host", "Networks": {"host": {}}}, "shares the network namespace (host)"),
        ({"IpcMode": "container:x"}, "shares the ipc namespace"),
        ({"Devices": [{"PathOnHost": "/dev/sda"}]}, "has the device /dev/sda"),
        ({"PortBindings": {}}, "publishes nothing, not"),
        ({"Networks": {"fabwiz_lan4": {}, "bridge": {}}}, "is on the network bridge"),
        ({"Labels": {"fabwiz.network": "lan4", "fabwiz.revision": "old"}}, "was made from another definition"),
    ],
)
def test_a_container_that_is_not_what_the_file_says(
    change: Box, said: str, network: Network, compose: Compose, mine: dict[str, Box]
) -> None:
    mine[PEER] |= change

    deviations = told(network, compose, found(*mine.values()))

    assert {one.subject for one in deviations} == {PEER}
    assert {one.kind for one in deviations} == {Kind.CONFIG}
    assert any(one.message.startswith(said) for one in deviations), deviations


def test_a_port_that_is_published_besides_is_told(network: Network, compose: Compose, mine: dict[str, Box]) -> None:
    mine["zk1"]["PortBindings"]["22/tcp"] = [{"HostIp": "192.0.2.1", "HostPort": "2222"}]

    (one,) = told(network, compose, found(*mine.values()))

    assert "publishes 192.0.2.1:2222:22/tcp, 2181:2181/tcp" in one.message


def test_mounts_are_compared_one_by_one(network: Network, compose: Compose, mine: dict[str, Box]) -> None:
    mounts = {mount["Destination"]: mount for mount in mine[PEER]["Mounts"]}
    msp, tls, ledger = "/etc/hyperledger/fabric/msp", "/etc/hyperledger/fabric/tls", "/var/hyperledger/production"
    mounts[msp]["RW"] = True
    mounts[tls]["Source"] = "/tmp/tls"
    del mounts[ledger]
    anonymous = volume("0" * 64, "/etc/somewhere")
    mine[PEER]["Mounts"] = [*mounts.values(), bind("/etc", "/host/etc"), anonymous]

    said = {one.message for one in told(network, compose, found(*mine.values()))}

    assert said == {
        f"may write to {msp}",
        f"has /tmp/tls mounted at {tls}, not /opt/fabwiz/lan4/{PEER}/tls",
        f"has nothing mounted at {ledger}",
        "has /etc mounted at /host/etc",
    }


def test_a_folder_behind_a_link_is_the_same_folder(network: Network, compose: Compose) -> None:
    boxes = [ours(compose, name, folder="/data/fabwiz") for name in compose.services]
    seen = found(*boxes)
    seen.folder = "/data/fabwiz"

    assert told(network, compose, seen) == []


@pytest.mark.parametrize(
    ("stranger", "said"),
    [
        (box("x", Labels={"fabwiz.network": "lan4"}), "has the network's label, and the session has no such node here"),
        (box("zk1"), "has a node's name, and is not of this network"),
        (box("x", Networks={"fabwiz_lan4": {}}), "is on the network fabwiz_lan4"),
        (box("x", Mounts=[bind("/opt/fabwiz/lan4/env", "/e")]), "has /opt/fabwiz/lan4/env mounted, and the network's"),
        (box("x", Mounts=[bind("/", "/host")]), "has / mounted, and the network's folder with it"),
        (box("x", Mounts=[volume("lan4_kafka1_log", "/l")]), "has the volume lan4_kafka1_log mounted"),
        (box("x", Mounts=[bind("/var/lib/docker", "/d")]), "has /var/lib/docker mounted, and the volume"),
        (
            box(f"lan4-{PEER}-mycc-1.0", Networks={"fabwiz_lan4": {}}, Mounts=[bind("/srv", "/srv")]),
            "is on the network fabwiz_lan4",
        ),
        (box("lan4-peer9-mycc", Networks={"fabwiz_lan4": {}}), "is on the network fabwiz_lan4"),
    ],
)
def test_a_container_that_nobody_placed_there(
    stranger: Box, said: str, network: Network, compose: Compose, mine: dict[str, Box]
) -> None:
    if stranger["Name"] == "/zk1":
        del mine["zk1"]

    deviations = told(network, compose, found(*mine.values(), deepcopy(stranger)))

    assert {one.kind for one in deviations} == {Kind.CONTAINER}
    assert any(one.message.startswith(said) for one in deviations), deviations


def test_chaincode_with_rights_that_no_peer_gives_is_told(network: Network, compose: Compose) -> None:
    name = f"lan4-{PEER}-mycc-1.0"

    (one,) = told(network, compose, found(box(name, Networks={"fabwiz_lan4": {}}, Privileged=True)))

    assert (one.kind, one.subject, one.message) == (Kind.CONFIG, name, "runs chaincode and is privileged")


def test_volumes_and_networks_that_no_node_has(network: Network, compose: Compose) -> None:
    seen = found(more="volume lan4_zk9_data\nvolume lan4_zk1_data\nnetwork old\nnetwork fabwiz_lan4")

    assert [(one.kind, one.subject) for one in told(network, compose, seen)] == [
        (Kind.NETWORK, "old"),
        (Kind.VOLUME, "lan4_zk9_data"),
    ]


def test_a_container_that_is_listed_and_not_described_is_told(network: Network, compose: Compose) -> None:
    seen = found(box("one"), more="id abcdef0123456789\nbox [1, 2]\nbox {")

    (one,) = told(network, compose, seen)

    assert (one.kind, one.subject) == (Kind.CONTAINER, "abcdef012345")


def test_a_host_without_docker_has_no_containers(network: Network, compose: Compose) -> None:
    assert told(network, compose, parse("nodocker sh: docker: not found")) == []


@pytest.mark.parametrize("text", ["", "[]", "services: {a: 1}", "services: {}", ": :", "services: {a: {image: x}}"])
def test_a_compose_file_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ArtifactError, match=r"hosts/a/docker-compose\.yaml is damaged"):
        read_compose(text, "hosts/a/docker-compose.yaml")
