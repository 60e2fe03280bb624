"""From an empty start, by keys alone, to sessions that mean the same as the examples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Paste

from fabwiz.session.load import load
from fabwiz.session.model import Session
from screens.widgets.field import field_id
from tests.screens.conftest import Driven, drive

pytestmark = pytest.mark.timeout(300)

Example = Callable[[str], Path]


def meant(path: Path) -> Session:
    """What a session file says, defaults written out; of organizations in a channel the order means nothing."""
    session = load(path).session
    assert session
    for channel in session.channels.values():
        channel.organizations.sort()
    return session


async def next_step(driven: Driven, key: str) -> None:
    await driven.press("f4")
    await driven.until(lambda: key == driven.wizard.current.KEY)


async def begin(driven: Driven, release: str) -> None:
    """A new session under the path that the test wants; its name is the file's. Then the release."""
    await driven.until(lambda: "New session" in driven.text())
    await driven.press("n")
    await driven.answer(str(driven.path))
    await driven.until(lambda: len(driven.app.screen_stack) > 2 and driven.wizard.focused is not None)
    await driven.tab_to(field_id(("fabric",)))
    await driven.press("enter")
    await driven.type(release)
    await driven.press("enter")
    assert driven.wizard.draft.get(("fabric",)) == release
    await next_step(driven, "hosts")


async def log_in_as_root(driven: Driven) -> None:
    await driven.press("g")
    await driven.type("root")
    await driven.tab_to(field_id(("ssh", "key")))
    await driven.type("~/.ssh/id_ed25519")
    await driven.tab_to("hosts-table")


async def type_hosts(driven: Driven, hosts: dict[str, str]) -> None:
    for name, address in hosts.items():
        await driven.press("a")
        await driven.type(name)
        await driven.press("tab")
        await driven.type(address)
        await driven.press("enter")


async def chaincode(driven: Driven, policy: str | None, init: str, checks: list[tuple[str, str]]) -> None:
    await driven.press("a", "enter")
    if policy:
        await driven.tab_to(field_id(("chaincodes", "", "policy")))
        await driven.type(policy)
    await driven.tab_to(field_id(("chaincodes", "", "init")))
    await driven.type(init)
    await driven.tab_to("check-list")
    for call, answer in checks:
        await driven.press("a")
        await driven.answer(call)
        if answer:
            await driven.press("home", "right", "right", "space")
            await driven.answer(answer)


def test_four_lan_hosts(example: Example, tmp_path: Path) -> None:
    wanted, path = meant(example("four-lan-hosts")), tmp_path / "lan4.yaml"

    async def script(driven: Driven) -> None:
        await begin(driven, "1.4.0")
        await log_in_as_root(driven)
        await type_hosts(driven, {name: f"203.0.113.{11 + at}" for at, name in enumerate("abcd")})
        await next_step(driven, "roles")
        await driven.press("z", "k", "o", "p", "enter")  # the first organization is proposed: Org1
        await driven.press("down", "z", "k", "o", "p", "down", "z", "k", "o", "down", "k")
        await next_step(driven, "organizations")
        await driven.press("a", "enter")
        await driven.tab_to("peer-list")
        await driven.press("a", "c", "enter", "a", "d", "enter", "up", "right", "right", "space")
        await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "up")
        await driven.tab_to("peer-list")
        await driven.press("up", "space")
        await next_step(driven, "channels")
        await driven.press("a", "enter")
        await next_step(driven, "chaincodes")
        checks = [("query a", "100"), ("invoke a b 10", ""), ("query a", "90")]
        await chaincode(driven, "AND ('Org1MSP.peer','Org2MSP.peer')", "init a 100 b 200", checks)
        await driven.settle()
        assert not [finding for finding in driven.wizard.draft.settled.findings if finding.blocks]

    drive(path, script, begin=False)
    assert meant(path).model_dump() == wanted.model_dump()


def test_three_organizations_on_one_host(example: Example, tmp_path: Path) -> None:
    wanted, path = meant(example("three-orgs-one-host")), tmp_path / "threeorgs.yaml"

    async def script(driven: Driven) -> None:
        await begin(driven, "1.0.0")
        await driven.press("a")
        await driven.type("here")
        await driven.press("enter", "l")
        await next_step(driven, "roles")
        await driven.press("z", "r")
        await driven.answer("zookeeper0")
        await driven.press("z", "z", "k", "k", "k", "k", "o", "right", "right", "r")
        await driven.answer("orderer0")
        await driven.press("o", "o")
        await next_step(driven, "organizations")
        for _ in range(3):
            await driven.press("a", "enter")
            await driven.tab_to("peer-list")
            await driven.press("a", "enter", "a", "enter", "home", "right", "right", "up", "space")
            await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab")
        await driven.tab_to("consortium-list")
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

    drive(path, script, begin=False)
    assert meant(path).model_dump() == wanted.model_dump()


HOSTS = [*(f"zookeeper{number}" for number in (1, 2, 3)), *(f"kafka{number}" for number in (1, 2, 3, 4))]
HOSTS += [*(f"orderer{number}" for number in range(3)), "peer0org1", "foo27org5", "barorg5"]


def test_thirteen_hosts(example: Example, tmp_path: Path) -> None:
    wanted, path = meant(example("thirteen-hosts")), tmp_path / "cluster13.yaml"

    async def script(driven: Driven) -> None:
        await begin(driven, "1.1.0")
        await log_in_as_root(driven)
        await type_hosts(driven, {name: f"203.0.113.{11 + at}" for at, name in enumerate(HOSTS)})
        await next_step(driven, "roles")
        await driven.press("z", "r")
        await driven.answer("zookeeper1")
        await driven.press(*["down", "z"] * 2, *["down", "k"] * 4, "down", "o", "right", "right", "r")
        await driven.answer("orderer0")
        await driven.press(*["down", "o"] * 2, "down", "p", "enter")
        await next_step(driven, "organizations")
        await driven.tab_to("peer-list")
        await driven.press("right", "right", "space")
        await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab")
        for _ in range(4):
            await driven.press("a", "enter")
        await driven.tab_to("peer-list")
        await driven.press("a", "enter", "r")  # a host that carries nothing is proposed
        await driven.answer("foo27")
        await driven.press("home", "right", "right", "space", "a", "enter", "r")
        await driven.answer("bar")
        await thirteens_channel(driven)

    drive(path, script, begin=False)
    assert meant(path).model_dump() == wanted.model_dump()


async def thirteens_channel(driven: Driven) -> None:
    await next_step(driven, "channels")
    await driven.press("a", "enter")
    await next_step(driven, "chaincodes")
    policy = "OR ('Org1MSP.member','Org5MSP.member')"
    await chaincode(driven, policy, "init A 10 B 20", [("query A", "10")])
    await driven.settle()


def test_thirteen_hosts_from_a_pasted_table(example: Example, tmp_path: Path) -> None:
    wanted, path = meant(example("thirteen-hosts")), tmp_path / "cluster13.yaml"
    table = "Name,IP Address\n" + "".join(f"{name},203.0.113.{11 + at}\n" for at, name in enumerate(HOSTS))

    async def script(driven: Driven) -> None:
        await begin(driven, "1.1.0")
        await log_in_as_root(driven)
        driven.app.post_message(Paste(table))
        await driven.until(lambda: "Adds 13 hosts and places 12 nodes" in driven.text())
        await driven.press("enter")
        await driven.until(lambda: len(driven.wizard.draft.data["hosts"]) == 13)
        await next_step(driven, "roles")
        await next_step(driven, "organizations")
        await driven.press("end", "down")  # Org1 and Org5 are there
        await driven.tab_to("peer-list")
        await driven.press("a", "enter", "r")
        await driven.answer("bar")
        await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab")
        for name in ("Org2", "Org3", "Org4"):
            await driven.press("a")
            await driven.answer(name)
        await thirteens_channel(driven)

    drive(path, script, begin=False)
    assert meant(path).model_dump() == wanted.model_dump()
