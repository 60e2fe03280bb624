"""Mending several hosts at once: who is let in where, what is left alone. Rehearsal hosts with tools of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fabwiz.deploy.fix import Done, Fixer
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from tests.deploy.shut_ports import taking_nobody_in
from tests.deploy.sites import Site, session_of, site_for

pytestmark = pytest.mark.timeout(180)

_HARMLESS = ("systemctl", "service", "rc-service", "iptables", "ip6tables", "nft", "ufw", "firewall-cmd", "timedatectl")


def has(site: Site, host: str, name: str, script: str) -> None:
    path = site.hosts.folder(host) / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Four hosts on which root's commands do nothing, and host a with ufw."""
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        for host in "abcd":
            for name in _HARMLESS:
                has(site, host, name, "exit 1")
            has(site, host, "id", "case $1 in -u) echo 0 ;; *) echo operator ;; esac")
        calls = site.hosts.folder("a") / "calls"
        has(site, "a", "ufw", f"case $1 in status) echo 'Status: active' ;; *) echo \"$*\" >>'{calls}' ;; esac")
        yield site


def test_exactly_the_hosts_that_need_a_port_are_let_in_at_it(site: Site) -> None:
    addresses = {name: str(spec.address) for name, spec in site.hosts.session.hosts.items()}
    options = RemoteOptions(known_hosts=site.hosts.known_hosts, user_known_hosts=None, default_keys=False)
    calls = site.hosts.folder("a") / "calls"
    done: list[Done] = []

    with site.run() as run, Fixer(run, options, HeadlessAsker(), list("abcd")) as fixer:
        assert [state.problems for state in fixer.look()] == [()] * 4, "all is right"
        with (
            taking_nobody_in(addresses["a"], 2888),
            taking_nobody_in(addresses["a"], 9092),
            taking_nobody_in(addresses["c"], 9092),
        ):
            before = {state.host: state for state in fixer.look()}
            assert not calls.exists()
            assert fixer.apply(before.values(), done.append)
        after = fixer.settle(before.values())

    # ZooKeeper's own port is needed by its other servers alone, the broker's by brokers and orderers everywhere
    (problem,) = before["a"].problems
    assert problem.text == "b, c, d cannot reach it at TCP 2888, 9092"
    assert calls.read_text().splitlines() == [
        f"allow proto tcp from {addresses['b']} to any port 2888,9092",
        f"allow proto tcp from {addresses['c']} to any port 2888,9092",
        f"allow proto tcp from {addresses['d']} to any port 9092",
    ]
    assert [one.said for one in done] == [""] * 3

    # where no firewall is, nothing is done; and where all is right
    (told,) = before["c"].problems
    assert (told.text, told.commands) == ("a, b, d cannot reach it at TCP 9092", ())
    assert told.remedy.startswith("it has no firewall itself")
    assert before["b"].problems == before["d"].problems == ()
    assert [state.problems for state in after] == [()] * 4

    journal = site.workspace.journal.read_text()
    assert journal.count('"kind": "fix"') == 3


def test_a_host_that_does_not_answer_costs_only_itself_and_others_are_left_out_on_request(site: Site) -> None:
    options = RemoteOptions(known_hosts=site.hosts.known_hosts, user_known_hosts=None, default_keys=False)
    site.hosts.crash("d")

    with site.run() as run, Fixer(run, options, HeadlessAsker(), ["b", "d"]) as fixer:
        states = fixer.look()

    assert [state.host for state in states] == ["b", "d"]
    assert states[0].error is None
    assert states[1].error


def test_without_roots_rights_the_remedy_is_told_and_nothing_done(site: Site) -> None:
    has(site, "a", "id", "case $1 in -u) echo 1000 ;; *) echo operator ;; esac")
    has(site, "a", "sudo", "exit 1")
    address = str(site.hosts.session.hosts["a"].address)
    options = RemoteOptions(known_hosts=site.hosts.known_hosts, user_known_hosts=None, default_keys=False)

    with site.run() as run, Fixer(run, options, HeadlessAsker(), ["a"]) as fixer, taking_nobody_in(address, 2888):
        (state,) = fixer.look()

    assert state.commands == []
    (problem,) = state.problems
    assert "as root, which is not to be had here (sudo wants the password of" in problem.remedy
    assert "`ufw allow proto tcp from 127." in problem.remedy
    assert not (site.hosts.folder("a") / "calls").exists()
