"""With hosts given, the shared sessions come from keys alone, and mean the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fabwiz.session.model import Session
from screens.widgets.field import field_id
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]

_MADE_HERE = ("zookeeper", "kafka", "orderers", "organizations", "consortiums", "channels", "chaincodes")


def only_hosts(path: Path) -> Session:
    """Take all that these steps make from a session file; gives what it said."""
    data = yaml.safe_load(path.read_text())
    left = {key: value for key, value in data.items() if key not in _MADE_HERE}
    path.write_text(yaml.safe_dump({**left, **{key: {} for key in _MADE_HERE[:4]}}, sort_keys=False))
    return Session.model_validate(data)


async def to(driven: Driven, key: str) -> None:
    """Tab to a widget, or to the field of a setting."""
    for _ in range(16):
        focused = driven.app.focused
        if focused and key in [one.id for one in focused.ancestors_with_self]:
            return
        await driven.press("tab")
    pytest.fail(f"Tab does not lead to {key}")


async def next_step(driven: Driven, key: str) -> None:
    await driven.press("f4")
    await driven.until(lambda: key == driven.wizard.current.KEY)


async def begin(driven: Driven) -> None:
    await driven.until(lambda: len(driven.app.screen_stack) > 2)
    while driven.wizard.current.KEY != "roles":
        await driven.press("f4")


async def chaincode(driven: Driven, policy: str | None, init: str, checks: list[tuple[str, str]]) -> None:
    await driven.press("a", "enter")
    if policy:
        await to(driven, field_id(("chaincodes", "", "policy")))
        await driven.type(policy)
    await to(driven, field_id(("chaincodes", "", "init")))
    await driven.type(init)
    await to(driven, "check-list")
    for call, answer in checks:
        await driven.press("a")
        await driven.answer(call)
        if answer:
            await driven.press("home", "right", "right", "space")
            await driven.answer(answer)


def test_four_lan_hosts(example: Example) -> None:
    path = example("four-lan-hosts")
    wanted = only_hosts(path)

    async def script(driven: Driven) -> None:
        await begin(driven)
        await driven.press("z", "k", "o", "p", "enter")  # the first organization is proposed: Org1
        await driven.press("down", "z", "k", "o", "p", "down", "z", "k", "o", "down", "k")
        await next_step(driven, "organizations")
        await driven.press("a", "enter")
        await to(driven, "peer-list")
        await driven.press("a", "c", "enter", "a", "d", "enter", "up", "right", "right", "space")
        await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "up")
        await to(driven, "peer-list")
        await driven.press("up", "space")
        await next_step(driven, "channels")
        await driven.press("a", "enter")
        await next_step(driven, "chaincodes")
        checks = [("query a", "100"), ("invoke a b 10", ""), ("query a", "90")]
        await chaincode(driven, "AND ('Org1MSP.peer','Org2MSP.peer')", "init a 100 b 200", checks)
        await driven.settle()

    drive(path, script)
    assert Session.model_validate(yaml.safe_load(path.read_text())) == wanted


def test_three_organizations_on_one_host(example: Example) -> None:
    path = example("three-orgs-one-host")
    wanted = only_hosts(path)

    async def script(driven: Driven) -> None:
        await begin(driven)
        await driven.press("z", "r")
        await driven.answer("zookeeper0")
        await driven.press("z", "z", "k", "k", "k", "k", "o", "right", "right", "r")
        await driven.answer("orderer0")
        await driven.press("o", "o")
        await next_step(driven, "organizations")
        for _ in range(3):
            await driven.press("a", "enter")
            await to(driven, "peer-list")
            await driven.press("a", "enter", "a", "enter", "home", "right", "right", "up", "space")
            await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab")
        await to(driven, "consortium-list")
        for number in range(3):
            await driven.press("a", "enter", "home", *["right"] * number, "space")
        await next_step(driven, "channels")
        await driven.press("a")
        await driven.answer("channel1")
        for number in (1, 2):
            await driven.press("a", "enter", "end", "enter", *["down"] * number, "enter")
            await driven.press("home", "space", *["right"] * number, "space")
        await next_step(driven, "chaincodes")
        checks = [("query a", "100"), ("invoke b a 1", ""), ("query a", "101")]
        await chaincode(driven, None, "init a 100 b 200", checks)
        await driven.settle()

    drive(path, script)
    assert Session.model_validate(yaml.safe_load(path.read_text())) == wanted
