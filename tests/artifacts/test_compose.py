"""Compose files of every release: what containers are told, and what they must never be told."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.artifacts.compose import compose_file, docker_network, service_name
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.releases import RELEASES

Edit = Callable[[dict[str, Any]], None]

SESSION: dict[str, Any] = {
    "fabwiz": 1,
    "name": "lan",
    "fabric": "1.4.12",
    "hosts": {"a": "192.0.2.11", "b": "192.0.2.12", "c": "192.0.2.13"},
    "zookeeper": {"zk1": "a", "zk2": "a", "zk3": "b"},
    "kafka": {"kafka1": "a", "kafka2": "b", "kafka3": "c", "kafka4": "c"},
    "orderers": {"orderer1": "a", "orderer2": "b"},
    "organizations": {
        "Org1": {"domain": "org1.example.com", "peers": {"peer0": {"host": "a", "couchdb": True}, "peer1": "b"}},
        "Org2": {"domain": "org2.example.com", "peers": {"peer0": {"host": "a", "tools": True}}},
    },
    "channels": {"mychannel": {"organizations": ["Org1", "Org2"]}},
}


def network(**changes: Any) -> Network:
    return Network(Session.model_validate(SESSION | changes))


def services(net: Network, host: str) -> dict[str, Any]:
    """A host's services as compose sees them: `$$` is `$` again."""
    found = yaml.safe_load(compose_file(net, host).replace("$$", "$"))["services"]
    assert isinstance(found, dict)
    return found


def every_service(net: Network) -> list[tuple[str, str, dict[str, Any]]]:
    return [(host, name, entry) for host in net.hosts for name, entry in services(net, host).items()]


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    version = request.param
    assert isinstance(version, str)
    return version


def test_no_node_has_an_entry_for_its_own_host(release: str) -> None:
    """The trap of hand-written files: a name that leads to the host's address cannot be listened on."""
    net = network(fabric=release)
    for host, name, entry in every_service(net):
        own = {node.name for node in net.on(host)}
        others = {node.name for node in net.nodes if node.host != host and node.ports}
        if name.startswith("couchdb."):
            assert "extra_hosts" not in entry
        else:
            assert set(entry["extra_hosts"]) == others
            assert not own & set(entry["extra_hosts"])


def test_names_lead_to_the_address_of_their_host() -> None:
    assert services(network(), "a")["zk1"]["extra_hosts"]["kafka3"] == "192.0.2.13"


def test_a_network_on_one_local_host_needs_no_addresses() -> None:
    hosts = {"here": {"transport": "local"}}
    net = network(
        hosts=hosts,
        zookeeper=dict.fromkeys(("zk1", "zk2", "zk3"), "here"),
        kafka=dict.fromkeys(("kafka1", "kafka2", "kafka3", "kafka4"), "here"),
        orderers={"orderer1": "here"},
        organizations={"Org1": {"domain": "org1.example.com", "peers": {"peer0": "here", "peer1": "here"}}},
        channels={},
    )
    entries = services(net, "here")
    assert len(entries) == 10
    assert not any("extra_hosts" in entry for entry in entries.values())


def test_ipv6_addresses_are_written_whole() -> None:
    net = network(hosts={"a": "2001:db8::a", "b": "2001:0db8::b", "c": "192.0.2.13"})
    assert services(net, "a")["kafka1"]["extra_hosts"]["kafka2"] == "2001:db8::b"


def test_dns_names_are_resolved_because_docker_takes_addresses_only() -> None:
    net = network(hosts={"a": "192.0.2.11", "b": "b.example.net", "c": "192.0.2.13"})
    asked = []

    def resolve(name: str) -> str:
        asked.append(name)
        return "198.51.100.7"

    text = yaml.safe_load(compose_file(net, "a", resolve))
    assert text["services"]["kafka1"]["extra_hosts"]["kafka2"] == "198.51.100.7"
    assert asked == ["b.example.net"]


def test_a_name_that_does_not_resolve_is_told() -> None:
    net = network(hosts={"a": "192.0.2.11", "b": "b.example.net", "c": "192.0.2.13"})

    def resolve(name: str) -> str:
        raise OSError("Name or service not known")

    with pytest.raises(ArtifactError, match=r"hosts\.b\.address: b\.example\.net .* IP address"):
        compose_file(net, "a", resolve)


def test_a_missing_address_is_told() -> None:
    net = network(hosts={"a": "192.0.2.11", "b": {"transport": "local"}, "c": "192.0.2.13"})
    with pytest.raises(ArtifactError, match=r"hosts\.b has no address"):
        compose_file(net, "a")


def test_no_key_stands_twice_in_any_mapping(release: str) -> None:
    """The second `environment:` of a hand-written broker file silently drops the first."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return dict(loader.construct_pairs(node))

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    for host in ("a", "b", "c"):
        yaml.load(compose_file(network(fabric=release), host), Strict)


def test_published_ports_are_the_same_inside_and_outside_and_unique(release: str) -> None:
    net = network(fabric=release)
    for host in net.hosts:
        ports = [port for entry in services(net, host).values() for port in entry.get("ports", [])]
        assert len(ports) == len(set(ports))
        assert all(isinstance(port, str) and re.fullmatch(r"(\d+):\1", port) for port in ports)
        assert sorted(ports) == sorted(f"{p}:{p}" for node in net.on(host) for p in node.ports.values())


def test_every_container_is_labelled_restarted_and_its_log_rotated(release: str) -> None:
    net = network(fabric=release, logging={"max_size": "7m", "max_files": 3})
    for _, name, entry in every_service(net):
        node = next(node for node in net.nodes if service_name(node) == name)
        assert entry["container_name"] == entry["hostname"] == node.name
        assert entry["labels"] == {
            "fabwiz.network": "lan",
            "fabwiz.node": node.name,
            "fabwiz.role": node.role.value,
        }
        assert entry["restart"] == "unless-stopped"
        assert entry["logging"]["options"] == {"max-size": "7m", "max-file": "3"}
        assert entry["networks"] == ["fabric"]


def test_all_data_lies_on_labelled_volumes(release: str) -> None:
    net = network(fabric=release)
    wanted = {
        "zk1": {"/data", "/datalog"},
        "kafka1": {"/var/lib/kafka"},
        "orderer1.example.com": {"/var/hyperledger/production/orderer"},
        "peer0.org1.example.com": {"/var/hyperledger/production"},
        "couchdb.peer0.org1.example.com": {"/opt/couchdb/data", "/opt/couchdb/etc/local.d"},
        "cli.peer0.org2.example.com": set(),
    }
    data = yaml.safe_load(compose_file(net, "a"))
    for name, targets in wanted.items():
        mounts = [volume.split(":") for volume in data["services"][name].get("volumes", [])]
        assert {mount[1] for mount in mounts if mount[0] in data["volumes"]} == targets
    for volume in data["volumes"].values():
        assert volume["labels"]["fabwiz.network"] == "lan"
        assert volume["name"].startswith("lan_")
    names = [volume["name"] for volume in data["volumes"].values()]
    assert len(names) == len(set(names))
    assert data["networks"]["fabric"] == {"name": docker_network(net), "labels": {"fabwiz.network": "lan"}}


def test_kafka_keeps_its_log_on_the_volume_and_all_of_it(release: str) -> None:
    broker = services(network(fabric=release), "c")["kafka4"]["environment"]
    assert broker["KAFKA_LOG_DIRS"].startswith("/var/lib/kafka/")
    assert broker["KAFKA_LOG_RETENTION_MS"] == "-1"
    assert broker["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
    assert broker["KAFKA_MIN_INSYNC_REPLICAS"] == "2"
    assert broker["KAFKA_DEFAULT_REPLICATION_FACTOR"] == "3"
    assert broker["KAFKA_BROKER_ID"] == "4"
    assert broker["KAFKA_MESSAGE_MAX_BYTES"] == broker["KAFKA_REPLICA_FETCH_MAX_BYTES"] == str(99 << 20)
    assert broker["KAFKA_SOCKET_REQUEST_MAX_BYTES"] == str(100 << 20)
    assert broker["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://kafka4:9192"
    assert broker["KAFKA_LISTENERS"] == "PLAINTEXT://0.0.0.0:9192"


@pytest.mark.parametrize("tls", [False, True])
def test_the_start_script_of_kafka_would_read_every_setting_whole(release: str, tls: bool) -> None:
    """It splits the environment at white space and edits with `sed s|..|..|`."""
    net = network(fabric=release, ordering={"kafka": {"tls": tls, "heap": "2 GB"}})
    for name in ("kafka3", "kafka4"):
        settings = services(net, "c")[name]["environment"]
        for key, value in settings.items():
            if key.startswith("KAFKA_"):
                assert not re.search(r"[\s|&\\]", value), key
        assert settings["KAFKA_HEAP_OPTS"] == "-Xmx2097152k"
        assert settings["KAFKA_ZOOKEEPER_CONNECT"] == "zk1:2181,zk2:2182,zk3:2181"


def test_kafka_over_tls_speaks_nothing_else_and_its_passwords_are_not_in_the_file(release: str) -> None:
    net = network(fabric=release, ordering={"kafka": {"tls": True}})
    for host in net.hosts:
        assert "PASSWORD" not in compose_file(net, host)
    broker = services(net, "c")["kafka3"]
    settings = broker["environment"]
    assert settings["KAFKA_LISTENERS"] == "SSL://0.0.0.0:9093"
    assert settings["KAFKA_ADVERTISED_LISTENERS"] == "SSL://kafka3:9093"
    assert settings["KAFKA_SECURITY_INTER_BROKER_PROTOCOL"] == "SSL"
    assert settings["KAFKA_SSL_CLIENT_AUTH"] == "required"
    assert settings["KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM"] == "https"
    assert broker["env_file"] == ["./env/kafka3.env"]
    orderer = services(net, "a")["orderer1.example.com"]
    assert orderer["environment"]["ORDERER_KAFKA_TLS_ENABLED"] == "true"
    mounted = {volume.split(":")[1] for volume in orderer["volumes"]}
    for name in ("PRIVATEKEY", "CERTIFICATE", "ROOTCAS"):
        assert str(Path(orderer["environment"][f"ORDERER_KAFKA_TLS_{name}_FILE"]).parent) in mounted


def test_zookeeper_listens_on_every_address_under_its_own_entry() -> None:
    entries = services(network(), "a")
    assert entries["zk2"]["environment"] == {
        "ZOO_MY_ID": "2",
        "ZOO_PORT": "2182",
        "ZOO_SERVERS": "server.1=zk1:2888:3888 server.2=0.0.0.0:2889:3889 server.3=zk3:2888:3888",
        "JMXDISABLE": "true",
    }


def test_java_opens_no_port_for_jmx() -> None:
    """kafka-run-class.sh opens one where KAFKA_JMX_OPTS is empty; any option below com.sun.management does, too."""
    entries = services(network(), "a")
    options = entries["kafka1"]["environment"]["KAFKA_JMX_OPTS"]
    assert options
    assert "com.sun.management" not in options
    assert entries["zk1"]["environment"]["JMXDISABLE"] == "true"


def test_orderers_start_from_the_genesis_block_and_are_patient(release: str) -> None:
    retry = {"short_interval": "1s", "short_total": "30s", "long_interval": "90s", "long_total": "24h"}
    net = network(fabric=release, ordering={"kafka": {"retry": retry, "version": "0.10.2.0"}})
    orderer = services(net, "a")["orderer1.example.com"]
    settings = orderer["environment"]
    assert settings["ORDERER_GENERAL_GENESISMETHOD"] == "file"
    target = settings["ORDERER_GENERAL_GENESISFILE"]
    assert f"./genesis.block:{target}:ro" in orderer["volumes"]
    assert settings["ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR"] == "3"
    assert settings["ORDERER_KAFKA_RETRY_SHORTTOTAL"] == "30s"
    assert settings["ORDERER_KAFKA_RETRY_LONGINTERVAL"] == "1m30s"
    assert settings["ORDERER_KAFKA_RETRY_LONGTOTAL"] == "24h0m0s"
    assert settings["ORDERER_KAFKA_VERSION"] == "0.10.2.0"
    assert settings["ORDERER_GENERAL_LOCALMSPID"] == "OrdererMSP"


def test_log_levels_go_by_the_variables_of_the_release(release: str) -> None:
    entries = services(network(fabric=release, logging={"level": "DEBUG"}), "a")
    new = RELEASES[release].number >= (1, 4, 0)
    for name, old in (
        ("orderer1.example.com", "ORDERER_GENERAL_LOGLEVEL"),
        ("peer0.org1.example.com", "CORE_LOGGING_LEVEL"),
        ("cli.peer0.org2.example.com", "CORE_LOGGING_LEVEL"),
    ):
        environment = entries[name]["environment"]
        assert environment["FABRIC_LOGGING_SPEC" if new else old] == "DEBUG"
        assert (old if new else "FABRIC_LOGGING_SPEC") not in environment


def test_chaincode_finds_its_peer_on_the_named_network(release: str) -> None:
    net = network(fabric=release)
    peer = services(net, "a")["peer0.org2.example.com"]["environment"]
    assert peer["CORE_VM_DOCKER_HOSTCONFIG_NETWORKMODE"] == "fabwiz_lan"
    assert peer["CORE_PEER_LISTENADDRESS"] == "0.0.0.0:8051"
    if RELEASES[release].number < (1, 1, 0):
        # chaincode calls this very address
        assert peer["CORE_PEER_CHAINCODELISTENADDRESS"] == "peer0.org2.example.com:8052"
        assert "CORE_PEER_CHAINCODEADDRESS" not in peer
    else:
        assert peer["CORE_PEER_CHAINCODELISTENADDRESS"] == "0.0.0.0:8052"
        assert peer["CORE_PEER_CHAINCODEADDRESS"] == "peer0.org2.example.com:8052"
    assert ("CORE_PEER_EVENTS_ADDRESS" in peer) == (RELEASES[release].number < (1, 3, 0))
    assert peer["CORE_CHAINCODE_BUILDER"].endswith(f"fabric-ccenv:{RELEASES[release].tag}")


def test_peers_gossip_with_their_own_organization_and_by_their_own_name() -> None:
    entries = services(network(), "a")
    together = entries["peer0.org1.example.com"]["environment"]
    assert together["CORE_PEER_GOSSIP_BOOTSTRAP"] == "peer1.org1.example.com:7051"
    assert together["CORE_PEER_GOSSIP_EXTERNALENDPOINT"] == together["CORE_PEER_ADDRESS"]
    alone = entries["peer0.org2.example.com"]["environment"]
    assert alone["CORE_PEER_GOSSIP_BOOTSTRAP"] == "peer0.org2.example.com:8051"
    assert (alone["CORE_PEER_GOSSIP_USELEADERELECTION"], alone["CORE_PEER_GOSSIP_ORGLEADER"]) == ("true", "false")


def test_couchdb_is_reached_by_its_peer_alone() -> None:
    entries = services(network(), "a")
    database, peer = entries["couchdb.peer0.org1.example.com"], entries["peer0.org1.example.com"]
    assert "ports" not in database
    assert peer["environment"]["CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS"] == f"{database['hostname']}:5984"
    assert peer["depends_on"] == ["couchdb.peer0.org1.example.com"]
    assert "CORE_LEDGER_STATE_STATEDATABASE" not in entries["peer0.org2.example.com"]["environment"]


def test_the_tools_container_sees_no_key_but_its_peers_signing_key() -> None:
    entry = services(network(), "a")["cli.peer0.org2.example.com"]
    assert {volume.split(":")[0] for volume in entry["volumes"]} == {
        "./peer0.org2.example.com/msp",
        "./cli.peer0.org2.example.com/tls",
    }
    assert all(volume.endswith(":ro") for volume in entry["volumes"])


def test_containers_keep_only_the_rights_that_their_images_need(release: str) -> None:
    reads = {"DAC_OVERRIDE"}
    steps_down = reads | {"CHOWN", "SETGID", "SETUID"}
    wanted = {
        "zookeeper": steps_down,
        "kafka": reads,
        "orderer": reads,
        "peer": reads,
        "couchdb": steps_down | {"FOWNER", "KILL"},
        "tools": reads,
    }
    for _, _, entry in every_service(network(fabric=release)):
        assert entry["cap_drop"] == ["ALL"]
        assert set(entry["cap_add"]) == wanted[entry["labels"]["fabwiz.role"]]
        assert entry["security_opt"] == ["no-new-privileges"]
        assert not entry.keys() & {"privileged", "devices", "pid", "ipc", "userns_mode", "network_mode"}


def test_low_ports_take_a_right_of_their_own() -> None:
    net = network(orderers={"orderer1": {"host": "a", "port": 443}, "orderer2": "b"})
    assert "NET_BIND_SERVICE" in services(net, "a")["orderer1.example.com"]["cap_add"]
    assert "NET_BIND_SERVICE" not in services(net, "b")["orderer2.example.com"]["cap_add"]


def test_hardening_can_be_turned_off_for_images_that_need_more() -> None:
    for _, _, entry in every_service(network(hardening=False)):
        assert not entry.keys() & {"cap_drop", "cap_add", "security_opt"}


def test_nothing_but_volumes_and_the_peers_socket_can_be_written(release: str) -> None:
    for _, name, entry in every_service(network(fabric=release, ordering={"kafka": {"tls": True}})):
        bound = [volume for volume in entry.get("volumes", []) if volume[0] in "./"]
        writable = {volume.split(":")[0] for volume in bound if not volume.endswith(":ro")}
        assert writable <= ({"/var/run/docker.sock"} if entry["labels"]["fabwiz.role"] == "peer" else set()), name


def test_without_tls_nothing_of_tls_is_mounted_or_named() -> None:
    for _, _, entry in every_service(network(tls=False)):
        assert not any("/tls" in volume for volume in entry.get("volumes", []))
        for name, value in entry.get("environment", {}).items():
            assert not re.search(r"TLS_(?!ENABLED)", name)
            assert not name.endswith("TLS_ENABLED") or value == "false"


def test_values_are_not_taken_for_variables_or_yaml() -> None:
    level = 'INFO:a=$HOME ${X} "quoted" #: no\\'
    text = compose_file(network(logging={"level": level}), "a")
    assert re.search(r"(?<!\$)\$(?!\$)", text.replace("$$", "")) is None
    environment = services(network(logging={"level": level}), "a")["orderer1.example.com"]["environment"]
    assert environment["FABRIC_LOGGING_SPEC"] == level


def test_only_what_the_session_says_changes_the_bytes() -> None:
    assert compose_file(network(), "a") == compose_file(network(), "a")
    assert compose_file(network(), "a") != compose_file(network(fabric="1.4.11"), "a")


def test_an_unknown_release_is_told() -> None:
    with pytest.raises(ArtifactError, match=r"3\.0\.0"):
        compose_file(network(fabric="3.0.0"), "a")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("tls", [False, True])
def test_docker_compose_takes_the_files(tmp_path: Path, tls: bool) -> None:
    net = network(ordering={"kafka": {"tls": tls}}, logging={"level": "INFO:$a"})
    for host in net.hosts:
        folder = tmp_path / host
        (folder / "env").mkdir(parents=True)
        for node in net.on(host):
            (folder / "env" / f"{node.name}.env").write_text("X=1\n")
        (folder / "docker-compose.yaml").write_text(compose_file(net, host))
        command = ["docker-compose", "-p", "lan", "-f", str(folder / "docker-compose.yaml"), "config"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (answer.returncode, answer.stderr) == (0, "")
        understood = yaml.safe_load(answer.stdout)["services"]
        for name, entry in services(net, host).items():
            wanted = {**entry.get("environment", {}), **({"X": "1"} if "env_file" in entry else {})}
            found = {key: value.replace("$$", "$") for key, value in understood[name].get("environment", {}).items()}
            assert json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def test_service_names_are_distinct() -> None:
    net = network()
    for left, right in itertools.combinations(net.nodes, 2):
        assert service_name(left) != service_name(right)
