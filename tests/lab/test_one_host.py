"""Everything on the machine that fabwiz runs on: `transport: local`, Fabric 1.0, no SSH at all.

That machine is a host of the lab: fabwiz is installed and started there, and finds nothing but that host's engine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fabwiz.session.document import Document
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace
from tests.lab.images import layers
from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import LabHost
from tests.lab.site import audit, brokers
from tests.lab.site.sites import Site, Sites
from tests.lab.site.workstation import Outcome, lab_session

EXAMPLE = "three-orgs-one-host"
SESSION_FILE = "/root/threeorgs.yaml"


@dataclass(frozen=True, slots=True)
class Machine:
    """A host that is its own workstation."""

    host: LabHost
    network: Network

    @property
    def workspace(self) -> Workspace:
        """Seen from outside, on its disk."""
        return Workspace(lab_folder() / "hosts" / self.host.name / "up" / SESSION_FILE.lstrip("/"))

    def fabwiz(self, command: str, *arguments: str) -> Outcome:
        begun = time.monotonic()
        program = ["env", "HOME=/root", f"PYTHONPATH=/{layers.PROGRAM}", "python3", "-m", "fabwiz"]
        ran = self.host.sh(*program, command, SESSION_FILE, "--json", *arguments, timeout=600)
        return Outcome(ran.code, ran.stdout, ran.stderr, time.monotonic() - begun)

    def succeeds(self, command: str, *arguments: str) -> Outcome:
        outcome = self.fabwiz(command, *arguments)
        assert outcome.code == 0, outcome.story
        return outcome


@pytest.fixture(scope="module")
def lan(site: Sites) -> Iterator[Site]:
    """One host; the session of the station is not used."""
    session = lab_session(EXAMPLE)
    with site(session) as lan:
        yield lan


@pytest.fixture(scope="module")
def machine(site: Sites, lan: Site) -> Machine:
    (host,) = lan.hosts.values()
    for archive in site.program:
        host.unpack(archive)
    data = {key: value for key, value in lab_session(EXAMPLE).items() if key != "ssh"}
    text = yaml.safe_dump(data | {"images": {"source": "present"}}, sort_keys=False)
    host.ok("tee", SESSION_FILE, input=text.encode())
    network = Document.from_text(text, Path(SESSION_FILE)).network
    assert network
    assert all(one.is_local for one in network.hosts.values())
    return Machine(host, network)


@pytest.fixture(scope="module")
def deployment(machine: Machine) -> Outcome:
    return machine.succeeds("replay")


def test_from_nothing_to_the_chaincodes_answers_on_three_channels(machine: Machine, deployment: Outcome) -> None:
    answers = [step["message"] for step in deployment.steps("done", "check") if step["step"] == "answers"]
    assert len(answers) == len(machine.network.channels) == 3
    assert all("query a = 101" in said for said in answers)
    print("seconds by phase:", deployment.phases)


def test_again_with_nothing_to_change(machine: Machine, deployment: Outcome) -> None:
    before = machine.host.ok("docker", "ps", "-q", "--no-trunc")

    again = machine.succeeds("replay")

    assert again.summary["status"] == "skipped", again.story
    assert machine.host.ok("docker", "ps", "-q", "--no-trunc") == before


def test_every_channel_is_a_topic_with_replicas(machine: Machine, deployment: Outcome) -> None:
    hosts = dict.fromkeys(machine.network.hosts, machine.host)
    topics = brokers.topics(hosts, machine.network)
    assert set(topics) == {machine.network.session.system_channel, *machine.network.session.channels}
    for name, topic in topics.items():
        assert len(topic.replicas) == machine.network.session.ordering.kafka.replication_factor
        assert brokers.messages(hosts, machine.network, topic.leader, name) > len(machine.network.orderers)


def test_what_it_put_in_place_is_what_the_manifest_says(lan: Site, machine: Machine, deployment: Outcome) -> None:
    (name,) = machine.network.hosts
    remote_dir = machine.network.hosts[name].remote_dir
    assert audit.placed(machine.host, remote_dir) == (audit.promised(machine.workspace, name), [])
    assert lan.neighbours.disturbed() == []


def test_status_and_taking_it_away(lan: Site, machine: Machine, deployment: Outcome) -> None:
    """The last test of this module."""
    rows = [json.loads(line) for line in machine.succeeds("status").stdout.splitlines()]
    assert {row["state"] for row in rows if "node" in row} == {"running"}

    machine.succeeds("down", "--data")

    assert audit.labelled(machine.host, machine.network.name) == []
    assert lan.neighbours.disturbed() == []
