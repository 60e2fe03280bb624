"""Four hosts as operators have them, all in one deployment, with Kafka over TLS.

a: a user in the group docker, without sudo. b: Compose v2 only, sudo without a password, sshd on another port.
c: behind a as a jump host, sudo with a password. d: root, and a disk of its own, which a test fills. None has an image:
fabwiz sends them.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from fabwiz.artifacts import kafka_tls, layout
from fabwiz.images import names
from fabwiz.session.network import Node, Role
from tests.lab.machine.lab import LabHost
from tests.lab.site import audit, brokers, handshakes
from tests.lab.site.mishaps import Disturbed, Moment
from tests.lab.site.sites import Site, Sites
from tests.lab.site.workstation import Outcome, lab_session
from tests.outcomes import Outcomes

PASSWORD = "a-password-of-ops"
TLS_PORT = 9093
NEIGHBOUR = "lab/neighbour:1"


def session() -> dict[str, Any]:
    data = lab_session("four-lan-hosts", ordering={"kafka": {"tls": True}})
    a, b, c, d = data["hosts"].values()
    data["hosts"] = {
        "a": {"address": a, "ssh": {"user": "fabric", "sudo": "never"}, "remote_dir": "/home/fabric/lan4"},
        "b": {"address": b, "ssh": {"user": "ops", "sudo": "passwordless", "port": 2222}},
        "c": {"address": c, "ssh": {"user": "ops", "sudo": "ask", "jump": "a"}},
        "d": d,
    }
    return data


@pytest.fixture(scope="module")
def lan(site: Sites) -> Iterator[Site]:
    with site(session(), images="bare", suites={2: "trixie"}, ssh_ports={2: 2222}, disks={4: "16G"}) as lan:
        behind = lan.hosts["c"]
        behind.ok("sh", "-c", "echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/lab")
        behind.ok("chpasswd", input=f"ops:{PASSWORD}\n".encode())
        only_from = ["-s", lan.hosts["a"].address, "-j", "REJECT"]
        behind.ok("iptables", "-I", "INPUT", "-i", "eth0", "-p", "tcp", "--dport", "22", "!", *only_from)
        lan.station.environment["FABWIZ_SUDO_PASSWORD"] = PASSWORD
        yield lan


@pytest.fixture(scope="module")
def strays(lan: Site) -> dict[str, list[str]]:
    """What the lab itself has changed."""
    return {name: audit.strays(host, lan.network.hosts[name].remote_dir) for name, host in lan.hosts.items()}


@pytest.fixture(scope="module")
def deployment(lan: Site, strays: dict[str, list[str]]) -> Outcome:
    """The run that gets through."""
    return lan.station.succeeds("replay")


def arrived(host: str, least: int) -> Moment:
    """So many bytes of an image have arrived there."""

    def is_it(event: dict[str, Any]) -> bool:
        return event["event"] == "log" and event.get("host") == host and (event.get("bytes") or 0) >= least

    return is_it


def part(host: LabHost, remote_dir: str) -> tuple[str, int]:
    """Name and size of the image file that is on its way."""
    path = host.ok("sh", "-c", f"ls {remote_dir}/.images/*.part").strip()
    return path, int(host.ok("stat", "-c", "%s", path))


def said(outcome: Outcome, host: str, phase: str = "images") -> list[str]:
    return [str(e.get("message")) for e in outcome.events if (e.get("host"), e.get("phase")) == (host, phase)]


def test_nothing_is_sent_to_a_host_without_room(lan: Site, strays: dict[str, list[str]], outcomes: Outcomes) -> None:
    """The others get their images meanwhile."""
    host = lan.hosts["d"]
    free = int(host.ok("df", "--output=avail", "-B1", "/var/lib/docker").split()[-1])
    host.ok("fallocate", "-l", str(free - (400 << 20)), "/var/lib/docker/.fill")
    try:
        begun = time.monotonic()
        outcome = lan.station.fabwiz("replay", "--until", "images")
        took = time.monotonic() - begun
    finally:
        host.ok("rm", "/var/lib/docker/.fill")

    assert outcome.code == 1, outcome.story
    (failed,) = outcome.steps("failed", "images")
    assert failed["host"] == "d"
    assert failed["message"].startswith("no room for 4 images that it is to be sent: /var/lib/docker has 4"), failed
    assert "make room" in failed["remedy"]
    assert not [line for line in said(outcome, "d") if "sending" in line]
    assert audit.images(host) == {NEIGHBOUR}
    outcomes.note("a disk without room for images", failed["message"][:90], None, "nothing was sent there")
    print(f"images for three hosts at once: {took:.0f} s", said(outcome, "a")[-1])


def test_a_transfer_goes_on_where_it_was_after_a_kill_and_after_a_cut_cable(lan: Site, outcomes: Outcomes) -> None:
    host, remote_dir = lan.hosts["d"], lan.network.hosts["d"].remote_dir

    run = Disturbed(
        lan.station, "--until", "images", at=arrived("d", 1), then=lambda: run.process.send_signal(signal.SIGKILL)
    )
    assert run.outcome().code == -signal.SIGKILL
    path, after_kill = part(host, remote_dir)
    assert after_kill > 0

    def cut() -> None:
        with host.cut():
            run.wait(100)

    run = Disturbed(lan.station, "--until", "images", at=arrived("d", after_kill + 1), then=cut)
    outcome = run.outcome()
    assert outcome.code, outcome.story
    assert {step["host"] for step in outcome.steps("failed")} == {"d"}
    assert part(host, remote_dir)[0] == path
    after_cut = part(host, remote_dir)[1]
    assert after_cut > after_kill
    told = outcome.steps("failed")[0]["message"]
    # what it hears when it comes back for the rest depends on how long ago its neighbour's address was asked for
    assert any(words in told for words in ("the connection is lost", "does not answer", "No route to host")), told
    outcomes.note("cable cut while an image is sent", told[:90], run.noticed, "resumed")

    sizes: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if (seen := host.sh("stat", "-c", "%s", path)).code == 0:
                sizes.append(int(seen.stdout))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = lan.station.succeeds("replay", "--until", "images")
    finally:
        over.set()
        watcher.join()
    assert sizes
    assert min(sizes) >= after_cut, "what had arrived was sent again"
    whole = next(event["total"] for event in done.events if event.get("host") == "d" and event.get("total"))
    resumed = f"{after_kill >> 20} and {after_cut >> 20} of {whole >> 20} MB"
    outcomes.note("fabwiz killed while an image is sent", f"went on behind {resumed}", None, "sent once")


def test_from_bare_hosts_to_the_chaincodes_answers(deployment: Outcome) -> None:
    assert deployment.steps("done", "check"), deployment.story
    print("seconds by phase:", deployment.phases)


def test_each_host_has_the_images_of_its_roles_and_no_others(lan: Site, deployment: Outcome) -> None:
    for name, host in lan.hosts.items():
        # peers that are real build an image for the chaincode: network, peer, chaincode, version, hash
        there = {image for image in audit.images(host) if not image.startswith(f"{lan.network.name}-peer")}
        assert there - {NEIGHBOUR} == set(names.images_of_host(lan.network, name)), name


def test_again_nothing_is_sent_and_nothing_changes(lan: Site, deployment: Outcome) -> None:
    again = lan.station.succeeds("replay")

    assert again.summary["status"] == "skipped", again.story
    assert not [line for name in lan.hosts for line in said(again, name) if "sending" in line]


def test_files_have_the_modes_of_the_manifest_and_the_owner_that_the_session_means(
    lan: Site, deployment: Outcome, strays: dict[str, list[str]]
) -> None:
    for name, host in lan.hosts.items():
        remote_dir = lan.network.hosts[name].remote_dir
        assert audit.placed(host, remote_dir) == (audit.promised(lan.station.workspace, name), []), name
        assert audit.owners(host, remote_dir) == {"fabric" if name == "a" else "root"}, name
        assert audit.strays(host, remote_dir) == strays[name]
        assert set(audit.private_keys(host)) == audit.keys_of_nodes(lan.network, lan.station.workspace, name)


def test_each_compose_and_each_way_in_was_used(lan: Site, deployment: Outcome) -> None:
    label = ("docker", "inspect", "--format", '{{index .Config.Labels "com.docker.compose.version"}}')
    versions = {name: host.ok(*label, lan.network.on(name)[0].name) for name, host in lan.hosts.items()}
    assert versions["b"].startswith("2."), versions
    assert all(versions[name].startswith("1.29") for name in "acd"), versions
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((lan.hosts["c"].address, 22), 5)


# Kafka over TLS


def store(lan: Site, node: Node) -> Path:
    return kafka_tls.folder_of(lan.station.workspace, node)


def test_brokers_take_clients_with_a_certificate_of_their_ca_and_no_others(lan: Site, deployment: Outcome) -> None:
    orderer = lan.network.orderers[0]
    own = store(lan, orderer)
    # an orderer's certificate of the Fabric network is one of another CA
    tls = next(lan.station.workspace.crypto_config.glob(f"ordererOrganizations/*/orderers/{orderer.name}/tls"))
    for broker in lan.network.kafka:
        door = (lan.host_of(broker.name).address, TLS_PORT, broker.name, own / "ca.crt")

        assert handshakes.with_tls(*door, own / "client.crt", own / "client.key") == "answered"

        assert handshakes.with_tls(*door) != "answered"
        assert handshakes.with_tls(*door, tls / "server.crt", tls / "server.key") != "answered"
        assert handshakes.without_tls(*door[:2]) != "answered"


def test_each_broker_shows_a_certificate_for_its_own_name(lan: Site, deployment: Outcome) -> None:
    own = store(lan, lan.network.orderers[0])
    first, second, *_ = lan.network.kafka
    address = lan.host_of(first.name).address

    error = handshakes.with_tls(address, TLS_PORT, second.name, own / "ca.crt", own / "client.crt", own / "client.key")

    assert "Hostname mismatch" in error


def test_no_plain_listener_is_open(lan: Site, deployment: Outcome) -> None:
    for name, host in lan.hosts.items():
        nodes = lan.network.on(name)
        expected = {port for node in nodes for port in node.ports.values()} | {host.ssh_port}
        found = handshakes.open_ports(host.address)
        assert TLS_PORT in found
        assert found <= expected, name
        for node in nodes:
            if node.role is Role.KAFKA:
                assert brokers.sockets(host, node.name)[0] == {TLS_PORT}
            elif node.role is Role.ZOOKEEPER:
                assert brokers.sockets(host, node.name)[0] <= set(node.ports.values())


def test_brokers_talk_to_each_other_through_tls(lan: Site, deployment: Outcome) -> None:
    """They have no other listener, and are connected to others': replicas are in sync."""
    assert any(TLS_PORT in brokers.sockets(lan.host_of(one.name), one.name)[1] for one in lan.network.kafka)
    topics = brokers.topics(lan.hosts, lan.network)
    assert set(topics) == {lan.network.session.system_channel, *lan.network.session.channels}
    for name, topic in topics.items():
        assert len(topic.replicas) == 3
        assert set(topic.in_sync) == set(topic.replicas), name


def test_brokers_refuse_one_that_shows_the_name_of_another(lan: Site, deployment: Outcome) -> None:
    """kafka4 comes with the key and certificate of kafka3, which are of the right CA."""
    other, broker = (next(node for node in lan.network.kafka if node.name == name) for name in ("kafka3", "kafka4"))
    passwords = [(store(lan, node) / kafka_tls.PASSWORD).read_bytes().strip() for node in (other, broker)]
    taken = pkcs12.load_pkcs12((store(lan, other) / "keystore.p12").read_bytes(), passwords[0])
    assert isinstance(taken.key, ec.EllipticCurvePrivateKey)
    assert taken.cert
    own = [one.certificate for one in taken.additional_certs]
    wrong = pkcs12.serialize_key_and_certificates(
        b"kafka4", taken.key, taken.cert.certificate, own, BestAvailableEncryption(passwords[1])
    )
    host = lan.host_of(broker.name)
    path = f"{lan.network.hosts[broker.host].remote_dir}/{layout.kafka_tls(broker)}/keystore.p12"
    host.ok("tee", path, input=wrong)
    host.ok("docker", "restart", "--time", "0", broker.name)

    def refused() -> bool:
        logs = (lan.host_of(f"kafka{n}").ok("sh", "-c", f"docker logs --since 3m kafka{n} 2>&1") for n in (1, 2, 3))
        return any("kafka4" in line and "SSL handshake failed" in line for log in logs for line in log.splitlines())

    end = time.monotonic() + 60
    while not refused():
        assert time.monotonic() < end, "no broker minds that kafka4 shows the certificate of kafka3"
        time.sleep(1)

    lan.station.succeeds("replay", "--until", "distribute")
    assert audit.placed(host, lan.network.hosts[broker.host].remote_dir)[0] == audit.promised(
        lan.station.workspace, broker.host
    )


def test_taking_it_away_leaves_nothing_and_the_neighbours_alone(lan: Site, deployment: Outcome) -> None:
    """The last test of this module."""
    lan.station.succeeds("down", "--data")

    for name, host in lan.hosts.items():
        assert audit.labelled(host, lan.network.name) == []
        assert host.sh("test", "-e", lan.network.hosts[name].remote_dir).code != 0
        assert audit.private_keys(host) == {}
    assert lan.neighbours.disturbed() == []
