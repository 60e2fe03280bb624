"""Roles: nodes placed, moved, renamed, removed and spread by keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from textual.widgets import Input

from fabwiz.session.model import Session
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


def bare(path: Path) -> Session:
    """Take all nodes and organizations from a session file; gives what it said."""
    data = yaml.safe_load(path.read_text())
    whole = Session.model_validate(data)
    parts: dict[str, Any] = {key: {} for key in ("zookeeper", "kafka", "orderers", "organizations")}
    left = {key: value for key, value in data.items() if key not in ("channels", "chaincodes", "consortiums")}
    path.write_text(yaml.safe_dump({**left, **parts}, sort_keys=False))
    return whole


async def to_roles(driven: Driven) -> None:
    await driven.until(lambda: len(driven.app.screen_stack) > 2)
    await driven.wizard.go_to("roles")
    await driven.pilot.pause()


def test_four_hosts_are_filled_by_single_keys(example: Example) -> None:
    path = example("four-lan-hosts")
    wanted = bare(path)

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("z", "k", "o", "p")
        await driven.press("enter")  # Org1 is proposed
        await driven.press("down", "z", "k", "o", "p", "down", "z", "k", "o")
        await driven.press("down", "k")
        await driven.settle()

    drive(path, script)
    saved = yaml.safe_load(path.read_text())
    assert saved["zookeeper"] == {"zk1": "a", "zk2": "b", "zk3": "c"}
    assert saved["kafka"] == {"kafka1": "a", "kafka2": "b", "kafka3": "c", "kafka4": "d"}
    assert saved["orderers"] == {"orderer1": "a", "orderer2": "b", "orderer3": "c"}
    session = Session.model_validate(saved)
    assert session.zookeeper == wanted.zookeeper
    assert session.organizations["Org1"].domain == "org1.example.com"
    assert session.organizations["Org1"].peers == wanted.organizations["Org1"].peers


def test_names_of_ones_own_go_on(example: Example) -> None:
    path = example("three-orgs-one-host")
    wanted = bare(path)

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("space", "r")
        await driven.answer("zookeeper0")
        await driven.press("plus", "plus", "right", *["space"] * 4, "right", "space", "r")
        await driven.answer("orderer0")
        await driven.press("plus", "plus")
        await driven.settle()

    drive(path, script)
    session = Session.model_validate(yaml.safe_load(path.read_text()))
    assert (session.zookeeper, session.kafka, session.orderers) == (wanted.zookeeper, wanted.kafka, wanted.orderers)


def test_a_node_is_moved_and_that_is_taken_back(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("right", "down", "m")
        assert "Moving kafka2" in driven.text()
        await driven.press("escape", "down", "enter")
        assert driven.wizard.draft.get(("kafka", "kafka2")) == "b"
        await driven.press("up", "m", "up", "enter")
        assert driven.wizard.draft.get(("kafka", "kafka2")) == "a"
        await driven.until(lambda: "a !" in driven.text())
        assert "2 of 4 Kafka brokers" in driven.text()
        await driven.press("m")  # two stand there: it asks
        await driven.press("down", "enter", "down", "down", "enter")
        assert driven.wizard.draft.get(("kafka", "kafka2")) == "c"
        await driven.press("f7", "f7")
        await driven.settle()

    before = path.read_text()
    drive(path, script)
    assert path.read_text() == before


def test_ids_and_ports_are_given_by_themselves_or_said(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("right", "e")
        assert "port  9092 (by itself)" in driven.text()
        await driven.press("p", "enter")
        await driven.answer("19092")
        await driven.press("left", "e", "e", "enter")  # the election port
        await driven.answer("13888")
        await driven.settle()
        await driven.press("right", "e")
        assert "port  19092" in driven.text()
        await driven.press("p", "enter")
        await driven.answer("")
        await driven.settle()

    drive(path, script)
    saved = Session.model_validate(yaml.safe_load(path.read_text()))
    assert (saved.kafka["kafka1"].port, saved.zookeeper["zk1"].election_port) == (None, 13888)


def test_a_renamed_peer_stays_an_anchor_and_a_removed_one_does_not(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("right", "right", "right", "r")
        await driven.answer("gate")
        await driven.settle()
        organization = driven.saved().organizations["Org1"]
        assert (list(organization.peers), organization.anchors) == (["gate", "peer1"], ["gate"])
        await driven.press("d")
        await driven.settle()
        organization = driven.saved().organizations["Org1"]
        assert (list(organization.peers), organization.anchors) == (["peer1"], [])

    drive(path, script)


def test_a_peer_asks_for_its_organization_where_there_are_several(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("p", "down", "enter")
        await driven.press("backspace", "d")  # the ZooKeeper server, then nothing is left to remove
        await driven.settle()

    drive(path, script)
    data = yaml.safe_load(path.read_text())
    assert data["organizations"]["Org2"]["peers"] == {"peer0": "c", "peer1": "d", "peer2": "a"}
    assert list(data["zookeeper"]) == ["zk2", "zk3"]


def test_spreading_explains_itself_and_is_one_change(example: Example) -> None:
    path = example("four-lan-hosts")
    bare(path)
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("s")
        await driven.until(lambda: "any one host can fail" in driven.text())
        await driven.press("tab", "0", "backspace")  # what is typed goes on behind the number
        await driven.until(lambda: driven.app.screen.query_one("#spread-brokers", Input).value == "4")
        await driven.answer("5")  # brokers
        await driven.settle()
        assert len(driven.saved().kafka) == 5
        assert len(driven.saved().zookeeper) == 3
        assert len({node.host for node in driven.saved().kafka.values()}) == 4
        await driven.press("f7")
        await driven.settle()
        assert path.read_text() == before
        await driven.press("s", "escape")
        await driven.press("s")
        await driven.answer("99")
        assert "Spread for me" in driven.text()  # it is too many: the dialog stays
        await driven.press("escape")
        await driven.settle()

    drive(path, script)
    assert path.read_text() == before


def test_a_node_on_a_host_that_is_not_listed_can_be_moved_to_one_that_is(example: Example) -> None:
    path = example("four-lan-hosts")
    path.write_text(path.read_text().replace("kafka4: d", "kafka4: dd"))

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        assert "no such host" in driven.text()
        await driven.press("right", "ctrl+end", "m", "up", "enter")
        await driven.settle()

    drive(path, script)
    assert "kafka4: d}" in path.read_text()


def test_five_hundred_hosts_are_drawn_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    hosts = {f"h{number:03}": f"203.0.113.{number % 250 + 1}" for number in range(500)}
    peers = {f"peer{number}": host for number, host in enumerate(hosts)}
    data = {
        "fabwiz": 1,
        "name": "big",
        "fabric": "1.4.12",
        "hosts": hosts,
        "zookeeper": {f"zk{number}": f"h{number:03}" for number in range(3)},
        "kafka": {f"kafka{number}": f"h{number:03}" for number in range(4)},
        "orderers": {f"orderer{number}": f"h{number:03}" for number in range(3)},
        "organizations": {"Org1": {"domain": "org1.example.com", "peers": peers}},
    }
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    taken: list[float] = []

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        step = driven.wizard.current
        for _ in range(5):
            await driven.press("k")
            began = time.process_time()
            step.show()
            taken.append(time.process_time() - began)
        await driven.press("ctrl+end")
        assert "h499" in driven.text()
        assert "h498" in driven.text()

    drive(path, script)
    assert min(taken) < 0.03


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (120, 40)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.press("right", "end", "down", "m", "escape", "s", "escape", "r", "escape", "p", "escape", "home")
        await driven.pilot.resize_terminal(20, 5)
        await driven.press("down", "pagedown", "pageup")
        await driven.pilot.click("#matrix", offset=(1, 1))

    drive(example("thirteen-hosts"), script, size)


def test_a_click_goes_to_a_cell(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_roles(driven)
        await driven.pilot.click("#matrix", offset=(17, 3))
        await driven.press("d")
        await driven.settle()

    drive(path, script)
    assert "kafka3" not in yaml.safe_load(path.read_text())["kafka"]
