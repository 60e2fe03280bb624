"""Trying out hosts from the step Hosts, on rehearsal hosts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fabwiz.deploy.host_report import Stage
from fabwiz.remote.options import default_known_hosts
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.data import dump
from screens.steps.hosts import Hosts
from screens.widgets.answering import ReviewKeys
from screens.widgets.dialogs import Ask
from tests.deploy.sites import session_of
from tests.screens.conftest import Driven, drive


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own known_hosts and keys are looked at."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


def step(driven: Driven) -> Hosts:
    return driven.wizard.query_one(Hosts)


async def to_hosts(driven: Driven) -> None:
    await driven.wizard.go_to("hosts")
    await driven.pilot.pause()


def test_all_hosts_are_tried_and_new_keys_reviewed_together(tmp_path: Path) -> None:
    with Rehearsal(session_of("four-lan-hosts"), tmp_path / "rehearsal") as hosts:
        path = tmp_path / "ours.yaml"
        path.write_text(dump(hosts.session))
        known = hosts.known_hosts.read_text().splitlines(keepends=True)
        mine = default_known_hosts()
        mine.parent.mkdir(parents=True)
        mine.write_text("".join(known[:3]))  # d was never seen
        hosts.crash("c")

        async def script(driven: Driven) -> None:
            await to_hosts(driven)
            await driven.press("T")
            await driven.shown(ReviewKeys)
            shown = driven.text()
            assert "1 new host" in shown
            assert hosts.address("d") in shown
            assert "SHA256:" in shown
            # a and b are reported while somebody still reads
            await driven.until(lambda: step(driven).reports["b"].stage is Stage.DONE, 60)
            await driven.press("r")
            await driven.until(lambda: not step(driven).is_testing, 60)
            await driven.pilot.pause(0.2)
            reports = step(driven).reports
            assert {name: report.fit for name, report in reports.items()} == {
                "a": True,
                "b": True,
                "c": False,
                "d": False,
            }
            assert "no login" in driven.text()
            assert "key unknown" in driven.text()
            assert "Docker 18.09.9-rehearsal" in " ".join(driven.text().split())

            await driven.press("down", "down", "down", "t")
            await driven.shown(ReviewKeys)
            await driven.press("a")
            await driven.until(lambda: not step(driven).is_testing, 60)
            assert step(driven).reports["d"].fit

            await driven.press("w")
            shown = driven.text()
            assert "Ports that hosts need of one another" in shown
            assert "Every port that a host needs of another one answers" in " ".join(shown.split())
            await driven.press("down", "down", "down", "home")
            assert "d: all 4 ports that it needs of a answer" in driven.text()
            await driven.press("escape")

        drive(path, script)
        assert len(mine.read_text().splitlines()) == 4
        assert path.read_text() == dump(hosts.session)


def test_a_secret_is_asked_for_and_a_test_can_be_ended(tmp_path: Path) -> None:
    with Rehearsal(session_of("three-orgs-one-host"), tmp_path / "rehearsal") as hosts:
        name = next(iter(hosts.session.hosts))
        host = hosts.session.hosts[name]
        asking = host.ssh.model_copy(update={"key": None, "password": "ask", "agent": False})
        session = hosts.session.model_copy(update={"hosts": {name: host.model_copy(update={"ssh": asking})}})
        path = tmp_path / "ours.yaml"
        path.write_text(dump(session))
        mine = default_known_hosts()
        mine.parent.mkdir(parents=True)
        mine.write_text(hosts.known_hosts.read_text())

        async def script(driven: Driven) -> None:
            await to_hosts(driven)
            await driven.press("t")
            await driven.shown(Ask)
            assert "Password of" in driven.text()
            await driven.type("hunter2")
            assert "hunter2" not in driven.text()
            await driven.press("enter")
            # refused: it is asked for again, until somebody has enough
            await driven.until(lambda: isinstance(driven.app.screen, Ask) and "refused" in driven.text(), 60)
            await driven.press("escape")
            await driven.until(lambda: not step(driven).is_testing, 60)
            assert not step(driven).reports[name].reached

            hosts.freeze(name)
            await driven.press("t")
            await driven.until(lambda: step(driven).is_testing)
            await asyncio.sleep(0.2)
            await driven.press("escape")
            hosts.thaw(name)
            await driven.until(lambda: not step(driven).is_testing, 60)

        drive(path, script)
        assert "hunter2" not in path.read_text()
