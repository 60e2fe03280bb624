"""Which image each name stands for: real ZooKeeper, real Kafka, and stand-ins for what Fabric publishes.

Entrypoints, commands, paths, ports and users are those of Fabric's images. Stand-ins carry the label
`fabwiz.standin=true`, and say in their first log line what they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fabwiz.images import names
from fabwiz.session.network import Network
from tests.lab.images import layers
from tests.lab.images.archive import Image, Layer, names_in, write_archive
from tests.lab.images.store import digest, lab_folder

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ZOO = {
    "ZOO_USER": "zookeeper",
    "ZOO_CONF_DIR": "/conf",
    "ZOO_DATA_DIR": "/data",
    "ZOO_DATA_LOG_DIR": "/datalog",
    "ZOO_PORT": "2181",
    "ZOO_TICK_TIME": "2000",
    "ZOO_INIT_LIMIT": "5",
    "ZOO_SYNC_LIMIT": "2",
    "ZOO_AUTOPURGE_SNAPRETAINCOUNT": "3",
    "ZOO_AUTOPURGE_PURGEINTERVAL": "1",
}
_COMMANDS = {"orderer": ["orderer"], "peer": ["peer", "node", "start"], "couchdb": ["couchdb"], "tools": ["cli"]}
_PORTS = {"orderer": (7050,), "couchdb": (5984,)}


def archives(network: Network) -> dict[str, Path]:
    """An archive for every image that the hosts of a network need, by name. Made where it is not there yet."""
    assert network.release
    wanted = {name for host in network.hosts for name in names.images_of_host(network, host)}
    return {name: archive(name, network.release.version) for name in sorted(wanted)}


def archive(name: str, release: str) -> Path:
    """The archive of one image, such as hyperledger/fabric-kafka:0.4.22. `release` is that of Fabric."""
    repository, _, tag = name.rpartition(":")
    image = recipe(name, repository.rpartition("/fabric-")[2], release)
    folder = lab_folder() / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{repository.rpartition('/')[2]}_{tag}-{digest([image.document, name])}.tar"
    if not out.exists():
        for old in folder.glob(f"{out.name.rpartition('-')[0]}-*.tar"):
            old.unlink()
        write_archive(out, image)
    return out


def recipe(name: str, role: str, release: str) -> Image:
    """How an image of a role is made. Its name is a label too, so that no two names share an id."""
    labels = {"fabwiz.image": name}
    if role == "zookeeper":
        return Image(name, (_java(), _scripts("zookeeper")), {**_zookeeper(), "Labels": labels})
    if role == "kafka":
        return Image(name, (_java(), layers.kafka_jars(), _scripts("kafka")), {**_kafka(), "Labels": labels})
    labels["fabwiz.standin"] = "true"
    if role in _COMMANDS:
        config = {**_standin(role, release), "Labels": labels}
        return Image(name, (_python(), layers.wheels(), layers.fabwiz()), config)
    # what only builds or carries chaincode: the stand-in of the peer asks Docker whether it is there
    return Image(name, (layers.busybox(),), {"Env": [_PATH], "Cmd": ["sh"], "Labels": labels})


def neighbour() -> Path:
    """The image of the containers that are not fabwiz's."""
    return archive("lab/neighbour:1", "")


def _java() -> Layer:
    # libzookeeper-java, not zookeeper: that one wants a whole desktop's JRE
    user = 'chroot "$1" useradd --system --uid 1000 --user-group zookeeper'
    folders = 'mkdir -p "$1/conf" "$1/data" "$1/datalog"'
    return layers.debian("java", "openjdk-17-jre-headless", "libzookeeper-java", hooks=(user, folders))


def _python() -> Layer:
    return layers.debian("python", "python3")


def _scripts(role: str) -> Layer:
    folder = layers.HERE / role
    found = []
    for path in folder.iterdir():
        if path.name == "entrypoint.sh":
            target = "docker-entrypoint.sh"
        elif role == "zookeeper":
            target = f"usr/local/bin/{path.name}"
        else:
            target = f"opt/kafka/{'bin' if path.suffix == '.sh' else 'config'}/{path.name}"
        if path.suffix in (".sh", ".properties"):
            found.append((target, path.read_bytes(), 0o755 if path.suffix == ".sh" else 0o644))
    return layers.files(f"{role}-scripts", found)


def _zookeeper() -> dict[str, Any]:
    return {
        "Env": [_PATH, *(f"{key}={value}" for key, value in _ZOO.items())],
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["zkServer.sh", "start-foreground"],
        "Volumes": {"/data": {}, "/datalog": {}},
        "ExposedPorts": {"2181/tcp": {}, "2888/tcp": {}, "3888/tcp": {}},
    }


def _kafka() -> dict[str, Any]:
    return {
        "Env": [_PATH],
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["/opt/kafka/bin/kafka-server-start.sh"],
        "ExposedPorts": {"9092/tcp": {}, "9093/tcp": {}},
    }


def _standin(role: str, release: str) -> dict[str, Any]:
    return {
        "Env": [_PATH, "FABRIC_CFG_PATH=/etc/hyperledger/fabric", f"FABWIZ_STANDIN_RELEASE={release}"],
        "Cmd": _COMMANDS[role],
        "ExposedPorts": {f"{port}/tcp": {} for port in _PORTS.get(role, ())},
    }


def given(folder: Path) -> dict[str, Path]:
    """The archives of a folder that `docker save` filled, by image name."""
    return {name: path for path in sorted(folder.glob("*.tar")) for name in names_in(path)}
