"""The lab itself: hosts are what they claim to be, and its faults are those that they are named for."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.lab.machine.lab import Lab, LabHost
from tests.lab.site.sites import Site, Sites
from tests.lab.site.workstation import lab_session


@pytest.fixture(scope="module")
def two(site: Sites) -> Iterator[Site]:
    """h1 as usual; h2 with Compose v2 only, sshd on another port, and a small disk for Docker."""
    session = lab_session("four-lan-hosts")
    session["hosts"] = dict(list(session["hosts"].items())[:2])
    with site(session, images="bare", suites={2: "trixie"}, ssh_ports={2: 2222}, disks={2: "400M"}) as two:
        yield two


@pytest.fixture
def hosts(two: Site) -> Sequence[LabHost]:
    return list(two.hosts.values())


def ssh(lab: Lab, host: LabHost, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    options = [f"UserKnownHostsFile={lab.known_hosts}", "BatchMode=yes", "ConnectTimeout=2", "LogLevel=ERROR"]
    argv = ["ssh", "-i", str(lab.key), "-p", str(host.ssh_port), *(part for o in options for part in ("-o", o))]
    return subprocess.run([*argv, f"{user}@{host.address}", command], capture_output=True, text=True, timeout=30)


def connects(host: LabHost, port: int) -> str:
    try:
        socket.create_connection((host.address, port), 1.5).close()
    except OSError as error:
        return "timed out" if isinstance(error, TimeoutError) else str(error.strerror)
    return "connected"


def test_hosts_have_what_they_are_named_for(lab: Lab, hosts: Sequence[LabHost]) -> None:
    first, second = hosts

    assert ssh(lab, first, "docker-compose version --short").stdout.startswith("1.29")
    assert ssh(lab, first, "docker compose version").returncode != 0
    assert ssh(lab, second, "docker compose version --short").stdout.startswith("2.")
    assert ssh(lab, first, "docker ps", "fabric").returncode == 0
    assert ssh(lab, first, "docker ps", "ops").returncode != 0
    assert ssh(lab, first, "sudo -n docker ps", "ops").returncode == 0
    assert ssh(lab, second, "hostname").stdout == "h2\n"


def test_nothing_in_the_lab_leads_out(hosts: Sequence[LabHost]) -> None:
    for host in hosts:
        assert "default" not in host.ok("ip", "route")


def test_a_cut_cable_and_a_frozen_host(lab: Lab, hosts: Sequence[LabHost]) -> None:
    host = hosts[0]
    with host.cut():
        assert connects(host, 22) in ("timed out", "No route to host")
    with host.frozen():
        assert connects(host, 22) == "connected"
        assert ssh(lab, host, "true").returncode != 0
    assert ssh(lab, host, "true").returncode == 0


def test_firewalls_know_sshd_and_published_ports(lab: Lab, hosts: Sequence[LabHost]) -> None:
    host = hosts[0]
    web = (
        "docker",
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        "8080:80",
        "lab/neighbour:1",
        "busybox",
        "httpd",
        "-f",
        "-p",
        "80",
    )
    host.ok(*web)
    try:
        assert (connects(host, 22), connects(host, 8080)) == ("connected", "connected")
        with host.firewall("reject", 22, 8080):
            assert (connects(host, 22), connects(host, 8080)) == ("No route to host", "No route to host")
        with host.firewall("drop", 8080):
            assert (connects(host, 22), connects(host, 8080)) == ("connected", "timed out")
        assert connects(host, 8080) == "connected"
    finally:
        host.ok("docker", "rm", "-f", "web")


def test_a_delay_a_wrong_clock_and_a_full_disk(lab: Lab, hosts: Sequence[LabHost]) -> None:
    first, second = hosts
    with first.delayed(200):
        begun = time.monotonic()
        socket.create_connection((first.address, 22), 5).close()
        assert time.monotonic() - begun > 0.19
    with first.clock_off("+7200s"):
        assert 7100 < int(ssh(lab, first, "date +%s").stdout) - time.time() < 7300
    assert abs(int(ssh(lab, first, "date +%s").stdout) - time.time()) < 60
    with second.full_disk():
        assert "No space left" in second.sh("cp", "/etc/passwd", "/var/lib/docker/volumes/x").stderr
    second.ok("cp", "/etc/passwd", "/var/lib/docker/volumes/x")


def test_power_and_engine_go_and_the_neighbours_come_back(two: Site, hosts: Sequence[LabHost]) -> None:
    assert two.neighbours.disturbed() == []
    hosts[0].crash()
    hosts[1].reboot()
    with hosts[0].without_docker():
        assert hosts[0].sh("docker", "version").code != 0

    assert two.neighbours.disturbed() == []

    hosts[0].ok("docker", "rm", "-f", "neighbour")
    assert two.neighbours.disturbed() != []
