"""Chaincodes, policies and checks, by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from textual.widgets import Input

from fabwiz.session.model import Session
from screens.widgets.field import field_id
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


def without_chaincodes(path: Path) -> Session:
    """Take the chaincodes from a session file; gives what it said."""
    data = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**data, "chaincodes": {}}, sort_keys=False))
    return Session.model_validate(data)


async def to_chaincodes(driven: Driven) -> None:
    await driven.until(lambda: len(driven.app.screen_stack) > 2)
    await driven.wizard.go_to("chaincodes")
    await driven.pilot.pause()


def field(setting: str) -> str:
    return field_id(("chaincodes", "", setting))


@pytest.mark.parametrize(
    ("name", "init", "checks"),
    [
        (
            "four-lan-hosts",
            "init a 100 b 200",
            [("query a", "100"), ("invoke a b 10", ""), ("query a", "90")],
        ),
        (
            "three-orgs-one-host",
            "init a 100 b 200",
            [("query a", "100"), ("invoke b a 1", ""), ("query a", "101")],
        ),
        ("thirteen-hosts", "init A 10 B 20", [("query A", "10")]),
    ],
)
def test_the_chaincodes_of_the_examples_come_from_keys_alone(
    example: Example, name: str, init: str, checks: list[tuple[str, str]]
) -> None:
    path = example(name)
    wanted = without_chaincodes(path)
    policy = wanted.chaincodes["mycc"].policy

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        assert "No chaincode yet" in driven.text()
        await driven.press("a", "enter")
        if policy:
            await driven.tab_to(field("policy"))
            await driven.type(policy)
        await driven.tab_to(field("init"))
        await driven.type(init)
        await driven.tab_to("check-list")
        for call, answer in checks:
            await driven.press("a")
            await driven.answer(call)
            if answer:
                await driven.press("home", "right", "right", "space")
                await driven.answer(answer)
        await driven.settle()

    drive(path, script)
    assert Session.model_validate(yaml.safe_load(path.read_text())).chaincodes == wanted.chaincodes


def test_a_policy_is_built_from_a_list(example: Example) -> None:
    path = example("thirteen-hosts")

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.tab_to("policy-build")
        await driven.press("enter")
        assert "signatures of a peer of Org1" in driven.text()
        await driven.press("enter", "down", "enter")  # any one
        await driven.press("tab", "enter", "down", "enter")  # a member
        await driven.press("tab", "down", "space", "down", "space", "down", "space")
        assert "Org1MSP.member','Org5MSP.member'" in driven.text()
        await driven.press("tab", "enter")
        await driven.settle()
        assert driven.saved().chaincodes["mycc"].policy == "OR ('Org1MSP.member','Org5MSP.member')"
        await driven.tab_to("policy-build")
        await driven.press("enter", "enter", "end", "enter", "tab")  # a number
        await driven.press("ctrl+u")
        await driven.type("9")
        assert "cannot sign" in driven.text()
        await driven.press("ctrl+u")
        await driven.type("3")
        await driven.press("enter")
        await driven.settle()
        assert str(driven.saved().chaincodes["mycc"].policy).startswith("OutOf(3, 'Org1MSP.peer'")
        await driven.press("f7", "f7")
        await driven.settle()

    before = path.read_text()
    drive(path, script, (120, 40))
    assert path.read_text() == before


def test_a_policy_is_checked_as_it_is_typed_and_said_in_words(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.tab_to(field("policy"))
        await driven.press("end", "backspace")
        assert "not a policy" in driven.text()
        await driven.type(")")
        assert "the signatures of a peer of Org1" in driven.text()
        focused = driven.app.focused
        assert isinstance(focused, Input)
        assert focused.value == "AND ('Org1MSP.peer','Org2MSP.peer')"

    drive(path, script)


def test_the_path_says_where_the_source_was_found(example: Example) -> None:
    path = example("four-lan-hosts")
    (path.parent / "own").mkdir()

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.until(lambda: "among the samples" in driven.text())
        await driven.tab_to(field("path"))
        await driven.press("ctrl+u", "ctrl+k")
        await driven.type("own")
        await driven.until(lambda: "Found beside the session file" in driven.text())
        await driven.type("er")
        await driven.until(lambda: "Not found" in driven.text())

    drive(path, script)


def test_checks_are_changed_cell_by_cell(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.tab_to("check-list")
        await driven.press("d", "space", "right", "space")
        await driven.answer('query "two words"')
        await driven.press("end", "space", "down", "down", "enter", "left", "space", "down", "enter")
        await driven.settle()

    drive(path, script)
    assert yaml.safe_load(path.read_text())["chaincodes"]["mycc"]["check"] == [
        {"query": ["query", "two words"], "organization": "Org2", "channel": "mychannel"},
        {"query": ["query", "a"], "expect": "90"},
    ]


def test_checks_change_places(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.tab_to("check-list")
        await driven.press("<", ">", ">", ">", "<")  # the cursor goes along; beyond the ends nothing happens
        await driven.settle()
        await driven.press("f7", "f8")
        await driven.settle()

    drive(path, script)
    checks = yaml.safe_load(path.read_text())["chaincodes"]["mycc"]["check"]
    assert [next(iter(check)) for check in checks] == ["invoke", "query", "query"]
    assert [check.get("expect") for check in checks] == [None, "100", "90"]


def test_private_data_and_channels(example: Example) -> None:
    path = example("four-lan-hosts")

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.wizard.reveal(("chaincodes", "mycc", "collections"))
        await driven.pilot.pause()
        await driven.press("a")
        await driven.answer("secret")
        await driven.press("end", "space", "home", "right", "right", "space")
        await driven.answer("3")
        await driven.press("r")
        await driven.answer("deals")
        await driven.wizard.reveal(("chaincodes", "mycc", "channels"))
        await driven.pilot.pause()
        await driven.press("space")
        await driven.settle()

    drive(path, script)
    chaincode = yaml.safe_load(path.read_text())["chaincodes"]["mycc"]
    assert chaincode["channels"] == []
    policy = "OR ('Org1MSP.member','Org2MSP.member')"
    assert chaincode["collections"] == {"deals": {"policy": policy, "max_peers": 3, "member_only_read": True}}


def test_a_chaincode_is_renamed_and_removed(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.press("r")
        await driven.answer("trade")
        await driven.settle()
        assert list(driven.saved().chaincodes) == ["trade"]
        await driven.press("d")
        await driven.settle()
        assert driven.saved().chaincodes == {}
        await driven.press("f7", "f7")
        await driven.settle()

    drive(path, script)
    assert path.read_text() == before


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await to_chaincodes(driven)
        await driven.press("end", "space", "d", "d", "a", "escape", "f7", "f7")
        await driven.pilot.resize_terminal(20, 5)
        for _ in range(12):
            await driven.press("tab", "enter", "escape")

    drive(example("three-orgs-one-host"), script, size)
