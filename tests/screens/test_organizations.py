"""Organizations, their peers and anchors, and consortiums, by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from textual.widgets import Collapsible, Input

from fabwiz.session.findings import Edit
from fabwiz.session.model import Session
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


def without_organizations(path: Path) -> Session:
    """Take what is to be made by keys from a session file; gives what it said."""
    data = yaml.safe_load(path.read_text())
    left: dict[str, Any] = {key: value for key, value in data.items() if key not in ("consortiums", "channels")}
    left |= {"organizations": {}, "chaincodes": {}}
    path.write_text(yaml.safe_dump(left, sort_keys=False))
    return Session.model_validate(data)


async def to_organizations(driven: Driven) -> None:
    await driven.until(lambda: len(driven.app.screen_stack) > 2)
    await driven.wizard.go_to("organizations")
    await driven.pilot.pause()


def test_the_organizations_of_thirteen_hosts_come_from_keys_alone(example: Example) -> None:
    path = example("thirteen-hosts")
    wanted = without_organizations(path)

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        for _ in range(5):
            await driven.press("a", "enter")  # Org1 to Org5 are proposed
        await driven.tab_to("peer-list")
        await driven.press("a", "f", "enter", "r")
        await driven.answer("foo27")
        await driven.press("right", "right", "space")
        await driven.press("a", "b", "enter", "r")
        await driven.answer("bar")
        for _ in range(4):
            await driven.press("shift+tab")
        await driven.press("ctrl+home")
        await driven.tab_to("peer-list")
        await driven.press("a", "p", "enter", "home", "right", "right", "enter")
        await driven.settle()

    drive(path, script, (120, 40))
    saved = Session.model_validate(yaml.safe_load(path.read_text()))
    assert saved.organizations == wanted.organizations


def test_three_organizations_with_a_consortium_each_come_from_keys_alone(example: Example) -> None:
    path = example("three-orgs-one-host")
    wanted = without_organizations(path)

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        for number in range(3):
            await driven.press("a", "enter")
            await driven.tab_to("peer-list")
            await driven.press("a", "enter", "a", "enter")
            await driven.press("home", "right", "right", "up", "space")
            assert driven.wizard.draft.get(("organizations", f"Org{number + 1}", "anchors")) == ["peer0"]
            for _ in range(4):
                await driven.press("shift+tab")
        await driven.tab_to("consortium-list")
        for number in range(3):
            await driven.press("a", "enter", "home", *["right"] * number, "space")
        await driven.settle()

    drive(path, script)
    saved = Session.model_validate(yaml.safe_load(path.read_text()))
    assert saved.organizations == wanted.organizations
    assert saved.consortiums == wanted.consortiums


def test_all_that_refers_to_an_organization_follows_its_name_and_that_is_taken_back_at_once(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.press("r")
        await driven.answer("Sales")
        await driven.settle()
        saved = driven.saved()
        assert list(saved.organizations) == ["Sales", "Org2"]
        assert saved.channels["mychannel"].organizations == ["Sales", "Org2"]
        assert saved.chaincodes["mycc"].policy == "AND ('SalesMSP.peer','Org2MSP.peer')"
        assert "SalesMSP" in driven.text()
        await driven.press("f7")
        await driven.settle()
        assert path.read_text() == before
        await driven.press("r")
        await driven.answer("Org2")  # it is taken
        await driven.settle()

    drive(path, script)
    assert path.read_text() == before


def test_fields_are_about_the_chosen_one(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.press("down", "enter")
        assert isinstance(driven.app.focused, Input)
        assert driven.app.focused.value == "org2.example.com"
        await driven.press("end")
        await driven.type(".example.org")
        await driven.press("tab")
        await driven.type("TwoMSP")
        await driven.press("tab")
        await driven.type("3")
        await driven.press("tab", "tab")
        assert driven.app.focused.parent is driven.wizard.query_one(Collapsible)
        await driven.press("enter", "tab")
        await driven.type("DE")
        await driven.settle()
        await driven.press("f6")

    drive(path, script)
    two = yaml.safe_load(path.read_text())["organizations"]["Org2"]
    assert two["domain"] == "org2.example.com.example.org"
    assert (two["msp_id"], two["users"], two["subject"]) == ("TwoMSP", 3, {"country": "DE"})


def test_a_peer_gets_a_port_couchdb_tools_and_another_host(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.tab_to("peer-list")
        await driven.press("right", "space")
        await driven.answer("17051")
        await driven.press("end", "space")
        await driven.answer("17052")
        await driven.press("left", "space", "left", "space", "home", "space", "d", "enter")
        await driven.press("down", "d")
        await driven.settle()

    drive(path, script)
    one = yaml.safe_load(path.read_text())["organizations"]["Org1"]
    assert one["peers"] == {
        "peer0": {"host": "d", "port": 17051, "chaincode_port": 17052, "tools": True, "couchdb": True}
    }


def test_ports_that_a_release_does_not_have_are_not_asked_for(example: Example) -> None:
    path = example("thirteen-hosts")

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.tab_to("peer-list")
        assert driven.wizard.draft.get(("fabric",)) == "1.1.0"
        await driven.until(lambda: "7053" in driven.text())
        await driven.press("end", "space")
        await driven.answer("17053")
        await driven.press("home")
        driven.wizard.change("a later release", [Edit(("fabric",), "1.4.12")])
        assert "Events" in driven.text()  # it is said, and can be taken away
        driven.wizard.change("no events port", [Edit(("organizations", "Org1", "peers", "peer0", "events_port"))])
        await driven.until(lambda: "Events" not in driven.text())

    drive(path, script, (120, 40))


def test_a_consortium_is_written_down_when_it_is_changed(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.tab_to("consortium-list")
        await driven.press("right", "space")
        await driven.settle()
        assert driven.saved().consortiums == {"SampleConsortium": ["Org1"]}
        await driven.press("space", "r")
        await driven.answer("Trade")
        await driven.settle()
        assert driven.saved().consortiums == {"Trade": ["Org1", "Org2"]}
        await driven.press("d")
        await driven.settle()
        assert driven.saved().consortiums is None

    drive(path, script)


def test_findings_lead_to_the_peer(example: Example) -> None:
    path = example("four-lan-hosts")
    path.write_text(path.read_text().replace("peer1: d", "peer1: nowhere"))

    async def script(driven: Driven) -> None:
        await driven.until(lambda: len(driven.app.screen_stack) > 2)
        await driven.wizard.reveal(("organizations", "Org2", "peers", "peer1", "host"))
        await driven.pilot.pause()
        await driven.press("home", "space", "d", "enter")
        await driven.settle()

    drive(path, script)
    assert yaml.safe_load(path.read_text())["organizations"]["Org2"]["peers"]["peer1"] == "d"


def test_a_finding_about_the_subject_unfolds_it(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.wizard.reveal(("organizations", "Org2", "subject", "locality"))
        await driven.pilot.pause()
        await driven.until(lambda: isinstance(driven.app.focused, Input))
        await driven.type("Bonn")
        await driven.press("shift+tab")
        await driven.type("NRW")
        await driven.settle()
        subject = driven.saved().organizations["Org2"].subject
        assert (subject.locality, subject.province) == ("Bonn", "NRW")

    drive(path, script)


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await to_organizations(driven)
        await driven.press("d", "d", "d", "a", "escape", "r", "tab", "tab", "f7", "f7")
        await driven.pilot.resize_terminal(20, 5)
        for _ in range(8):
            await driven.press("tab", "space", "escape")

    drive(example("four-lan-hosts"), script, size)
