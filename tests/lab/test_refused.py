"""What the preflight refuses, naming host, port and cause, before anything is changed; then all of it is mended.

The deployment that follows goes over slow lines and loses an engine on its way.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine.lab import on_each
from tests.lab.site import audit
from tests.lab.site.mishaps import Disturbed, begun
from tests.lab.site.sessions import small
from tests.lab.site.sites import Site, Sites
from tests.lab.site.workstation import Outcome
from tests.outcomes import Outcomes

PORTS = {2181: "zk", 2888: "zk", 3888: "zk", 9092: "kafka", 7050: "orderer", 7051: "peer"}
DELAY_MS = 50
ENGINE_AWAY = 20.0


@pytest.fixture(scope="module")
def lan(site: Sites) -> Iterator[Site]:
    with site(small(3)) as lan:
        yield lan


def refused(lan: Site, outcomes: Outcomes, fault: str, **ssh: Any) -> dict[str, str]:
    """A preflight that must fail, with `ssh` in the session: by host, message and remedy of its failed steps."""
    good = lan.station.data
    lan.station.write(logging_in(good, ssh))
    try:
        outcome = lan.station.fabwiz("replay", timeout=90)
    finally:
        lan.station.write(good)
    assert outcome.code == 3, outcome.story
    assert "Traceback" not in outcome.stderr
    assert outcome.summary["message"].endswith("nothing was changed"), outcome.story
    assert set(outcome.phases) == {"preflight"}
    for name, host in lan.hosts.items():
        assert host.sh("test", "-e", lan.network.hosts[name].remote_dir).code != 0 or deployed(lan), name
    said = {step["host"]: f"{step['message']} / {step.get('remedy', '')}" for step in outcome.steps("failed")}
    outcomes.note(fault, f"refused: {next(iter(said.values()))}", outcome.seconds, "nothing was changed")
    return said


def logging_in(data: dict[str, Any], ssh: dict[str, Any]) -> dict[str, Any]:
    """A session that logs in otherwise; None: the setting is left out."""
    return data | {"ssh": {key: value for key, value in (data["ssh"] | ssh).items() if value is not None}}


def deployed(lan: Site) -> bool:
    return (lan.station.workspace.root / "artifacts" / "hosts").exists()


@pytest.mark.parametrize(("what", "words"), [("reject", "no way"), ("drop", "does not answer")])
def test_firewalls_between_hosts(lan: Site, outcomes: Outcomes, what: Any, words: str) -> None:
    """On every kind of port, on two hosts at once."""
    with lan.hosts["a"].firewall(what, *PORTS), lan.hosts["c"].firewall(what, 9092, 3888):
        said = refused(lan, outcomes, f"firewall ({what.upper()}) on every port in use")

    assert set(said) == {"a", "b", "c"}
    closed_for = {"b": (2181, 2888, 3888, 9092), "c": (2181, 2888, 3888, 9092, 7050, 7051)}
    for host, ports in closed_for.items():
        assert "a (198.18.0.11)" in said[host]
        assert words in said[host]
        for port in ports:
            assert f"{port} ({PORTS[port]}" in said[host], f"{port}: {said[host]}"
        assert f"let {host} in on a, TCP {', '.join(map(str, sorted(ports)))}" in said[host]
    assert "7050" not in said["b"], "b has no node that needs an orderer"
    assert "c (198.18.0.13)" in said["a"]


@pytest.mark.parametrize(("what", "words"), [("reject", "No route to host"), ("drop", "does not answer within 3 s")])
def test_firewalls_at_sshd(lan: Site, outcomes: Outcomes, what: Any, words: str) -> None:
    with lan.hosts["b"].firewall(what, 22):
        said = refused(lan, outcomes, f"firewall ({what.upper()}) at sshd")
    assert set(said) == {"b"}
    assert "198.18.0.12:22" in said["b"]
    assert words in said["b"]


def test_a_clock_two_hours_off(lan: Site, outcomes: Outcomes) -> None:
    with lan.hosts["b"].clock_off("+7200s"):
        said = refused(lan, outcomes, "a clock two hours off")
    assert set(said) == {"b"}
    assert "its clock is 7" in said["b"]
    assert "ahead of this workstation's" in said["b"]


def test_a_wrong_key(lan: Site, outcomes: Outcomes, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    said = refused(lan, outcomes, "a wrong key", key=str(other))
    assert set(said) == {"a", "b", "c"}
    assert all("login as root failed" in text and "authorized_keys" in text for text in said.values())


def test_a_wrong_password(lan: Site, outcomes: Outcomes) -> None:
    on_each(list(lan.hosts.values()), lambda host: host.ok("chpasswd", input=b"fabric:right-one\n"))
    login = {"user": "fabric", "key": None, "password": "ask"}
    lan.station.environment["FABWIZ_SSH_PASSWORD"] = "wrong-one"
    try:
        said = refused(lan, outcomes, "a wrong password", **login)
        assert set(said) == {"a", "b", "c"}
        assert all("login as fabric failed" in text and "the password" in text for text in said.values())
        assert not any("wrong-one" in text for text in said.values())

        lan.station.environment["FABWIZ_SSH_PASSWORD"] = "right-one"
        data = lan.station.data
        lan.station.write(logging_in(data, login))
        lan.station.succeeds("replay", "--until", "preflight")
        lan.station.write(data)
    finally:
        lan.station.environment.clear()


def test_a_changed_host_key(lan: Site, outcomes: Outcomes) -> None:
    good = lan.station.known_hosts.read_text()
    lines = [line.split(" ") for line in good.splitlines()]
    keys = [line[2] for line in lines]
    swapped = [[line[0], line[1], key] for line, key in zip(lines, keys[1:] + keys[:1], strict=True)]
    lan.station.known_hosts.write_text("".join(" ".join(line) + "\n" for line in swapped[:1] + lines[1:]))
    try:
        said = refused(lan, outcomes, "a changed host key")
    finally:
        lan.station.known_hosts.write_text(good)
    assert set(said) == {"a"}
    assert "the key of 198.18.0.11 has changed" in said["a"]
    assert "SHA256:" in said["a"]


def test_a_docker_network_over_other_hosts_addresses(lan: Site, outcomes: Outcomes) -> None:
    a, b, c = (lan.hosts[name] for name in "abc")
    a.ok("docker", "network", "create", "--subnet", f"{b.address}/30", "greedy")
    try:
        said = refused(lan, outcomes, "a Docker network over other hosts' addresses")
    finally:
        a.ok("docker", "network", "rm", "greedy")
    assert set(said) == {"a"}
    assert (
        f"its Docker network greedy ({b.address}/30) covers the address of b ({b.address}), c ({c.address})"
        in said["a"]
    )


def test_fix_mends_what_is_safe(lan: Site, outcomes: Outcomes) -> None:
    """A firewall on one host, in INPUT and for what Docker forwards, and an engine that stands still on another."""
    a, b = lan.hosts["a"], lan.hosts["b"]
    ran: list[list[str]] = []
    try:
        with a.firewall("reject", *PORTS):
            b.ok("service", "docker", "stop")
            refused(lan, outcomes, "a firewall and a stopped engine, before `fix`")
            unasked = lan.station.fabwiz("fix")
            assert unasked.code == 2, unasked.story
            assert b.sh("docker", "version").code != 0
            begun_at = time.monotonic()
            fixed = lan.station.succeeds("fix", "--yes")
            outcomes.note("`fabwiz fix --yes` on both", "mended", time.monotonic() - begun_at, "the preflight passes")
            ran = [event["command"] for event in fixed.events if "command" in event]
            assert {event["status"] for event in fixed.events if "status" in event} == {"done"}
            lan.station.succeeds("replay", "--until", "preflight")
            assert "198.18.0.12/32 -p tcp -m tcp --dport 2888 -j ACCEPT" in a.ok("iptables", "-S", "INPUT")
            assert "198.18.0.12/32 -p tcp -m conntrack --ctorigdstport 2888 -j RETURN" in a.ok(
                "iptables", "-S", "DOCKER-USER"
            )
    finally:
        for command in ran:
            if command[0] == "iptables":
                a.ok(*("-D" if word == "-I" else word for word in command))
        b.sh("service", "docker", "start")
        b.rebooted.append("dockerd")


def test_an_engine_that_is_killed_over_slow_lines(lan: Site, outcomes: Outcomes) -> None:
    """The first deployment, from nothing: every packet to a host waits, and one engine ends."""
    with ExitStack() as slow:
        for host in lan.hosts.values():
            slow.enter_context(host.delayed(DELAY_MS))
        run, outcome = without_engine(lan)
        assert outcome.code in (0, 1), outcome.story
        if outcome.code:
            failed = outcome.steps("failed")
            assert {step["phase"] for step in failed} <= {"zookeeper", "kafka"}, outcome.story
            told = f"stopped in {failed[0]['phase']}: {failed[0]['message']}"
            assert any(step.get("host") == "c" or "kafka3" in step["message"] for step in failed), failed
        else:
            told = "waited until it was back"
        outcomes.note("dockerd killed while Kafka starts", told, run.noticed, "taken up by the next replay")

        begun_at = time.monotonic()
        done = lan.station.succeeds("replay")
        outcomes.note(
            f"{DELAY_MS} ms delay to every host", f"deployed in {time.monotonic() - begun_at:.0f} s", None, "whole"
        )
        assert not done.steps("failed")
    again = lan.station.succeeds("replay")
    assert again.summary["status"] == "skipped", again.story
    for name, host in lan.hosts.items():
        remote_dir = lan.network.hosts[name].remote_dir
        assert audit.placed(host, remote_dir) == (audit.promised(lan.station.workspace, name), [])
    assert lan.neighbours.disturbed() == []


def without_engine(lan: Site) -> tuple[Disturbed, Outcome]:
    def kill() -> None:
        with lan.hosts["c"].without_docker():
            run.wait(ENGINE_AWAY)

    run = Disturbed(lan.station, at=begun("kafka"), then=kill)
    return run, run.outcome()


def test_an_engine_that_is_away_is_told_by_the_preflight(lan: Site, outcomes: Outcomes) -> None:
    with lan.hosts["b"].without_docker():
        said = refused(lan, outcomes, "dockerd away before a run")
    assert set(said) == {"b"}
    assert "no Docker engine answers" in said["b"]
    lan.station.succeeds("replay")


def test_many_at_once_at_sshds_defaults(lan: Site, outcomes: Outcomes) -> None:
    """More connections at once than MaxStartups lets begin; the logs of all containers in few sessions."""
    lan.station.succeeds("replay")
    for host in lan.hosts.values():
        settings = host.ok("sshd", "-T").splitlines()
        assert {"maxstartups 10:30:100", "maxsessions 10"} <= set(settings)
    options = ["--known-hosts", str(lan.station.known_hosts), "--json"]
    runs = [lan.station.start("status", *options) for _ in range(14)]
    ended = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0] * len(runs), [
        (run.returncode, *said) for run, said in zip(runs, ended, strict=True) if run.returncode
    ]
    outcomes.note("14 operators at once, MaxStartups 10:30:100", "tried again where sshd hung up", None, "all answered")

    for node in lan.network.nodes:
        log = lan.station.workspace.logs / f"{node.name}.log"
        assert log.stat().st_size > 0, f"no log of {node.name} came"
