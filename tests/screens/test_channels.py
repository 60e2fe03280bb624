"""Channels and their members, by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fabwiz.session.model import Session
from tests.screens.conftest import Driven, drive

Example = Callable[[str], Path]


def without_channels(path: Path) -> Session:
    """Take the channels from a session file; gives what it said."""
    data = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**data, "channels": {}, "chaincodes": {}}, sort_keys=False))
    return Session.model_validate(data)


async def to_channels(driven: Driven) -> None:
    await driven.until(lambda: len(driven.app.screen_stack) > 2)
    await driven.wizard.go_to("channels")
    await driven.pilot.pause()


@pytest.mark.parametrize("name", ["four-lan-hosts", "thirteen-hosts"])
def test_a_first_channel_is_of_all_organizations(example: Example, name: str) -> None:
    path = example(name)
    wanted = without_channels(path)

    async def script(driven: Driven) -> None:
        await to_channels(driven)
        assert "No channel yet" in driven.text()
        await driven.press("a", "enter")
        await driven.settle()
        assert driven.saved().channels == wanted.channels
        await driven.until(lambda: "peer0.org1.example.com" in driven.text())

    drive(path, script)


def test_a_channel_for_each_consortium(example: Example) -> None:
    path = example("three-orgs-one-host")
    wanted = without_channels(path)

    async def script(driven: Driven) -> None:
        await to_channels(driven)
        await driven.press("a")
        await driven.answer("channel1")
        for number in (2, 3):
            await driven.press("a", "enter", "end", "enter", *["down"] * (number - 1), "enter")
            await driven.press("home", "space", *["right"] * (number - 1), "space")
        await driven.settle()

    drive(path, script)
    assert Session.model_validate(yaml.safe_load(path.read_text())).channels == wanted.channels


def test_what_runs_on_a_channel_follows_its_name(example: Example) -> None:
    path = example("four-lan-hosts")
    before = path.read_text()

    async def script(driven: Driven) -> None:
        await to_channels(driven)
        await driven.press("r")
        await driven.answer("trade")
        await driven.settle()
        assert list(driven.saved().channels) == ["trade"]
        assert driven.saved().chaincodes["mycc"].channels == ["trade"]
        await driven.press("space", "right", "space")
        await driven.until(lambda: "No peer joins it." in driven.text())
        assert driven.wizard.draft.get(("channels", "trade", "organizations")) == []
        await driven.press("d", "f7", "f7", "f7", "f7")
        await driven.settle()

    drive(path, script)
    assert path.read_text() == before


def test_an_organization_that_is_not_there_can_be_taken_out(example: Example) -> None:
    path = example("four-lan-hosts")
    path.write_text(path.read_text().replace("organizations: [Org1, Org2]", "organizations: [Org1, Org2, Gone]"))

    async def script(driven: Driven) -> None:
        await driven.until(lambda: len(driven.app.screen_stack) > 2)
        await driven.wizard.reveal(("channels", "mychannel", "organizations", 2))
        await driven.pilot.pause()
        await driven.press("space")
        await driven.settle()
        assert driven.saved().channels["mychannel"].organizations == ["Org1", "Org2"]

    drive(path, script)


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40)])
def test_no_size_crashes(example: Example, size: tuple[int, int]) -> None:
    async def script(driven: Driven) -> None:
        await to_channels(driven)
        await driven.press("end", "space", "escape", "d", "d", "r", "space", "a", "escape", "f7")
        await driven.pilot.resize_terminal(20, 5)
        await driven.press("down", "space", "escape")

    drive(example("thirteen-hosts"), script, size)
