"""A run on the session's own hosts from the wizard: other operators, a check that fails and is passed over, the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from fabwiz.deploy.lease import Lease
from fabwiz.deploy.session_run import Ending, Mode, SessionRun, State
from fabwiz.remote.options import HeadlessAsker, RemoteOptions, default_known_hosts
from fabwiz.remote.pool import Pool
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.rules import registry
from fabwiz.session.data import dump
from fabwiz.session.network import Network
from screens.steps.run import RunStep
from screens.widgets.dialogs import Choose
from tests.deploy.sites import session_of
from tests.screens.conftest import Driven, drive

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """Hosts on loopback addresses, which no rule would let pass, for somebody with an empty home."""
    monkeypatch.delitem(registry.RULES, "host-loopback")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return Rehearsal(session_of("four-lan-hosts"), tmp_path / "hosts")


def bob_works_on(hosts: Rehearsal, name: str) -> None:
    """Another operator takes the lease on a host, as his run does when it begins."""
    options = RemoteOptions(known_hosts=hosts.known_hosts, user_known_hosts=None, default_keys=False)
    pool = Pool(Network(hosts.session), options, HeadlessAsker())
    try:
        folder = hosts.session.hosts[name].remote_dir
        assert folder
        about = {"who": "bob@desk", "command": "fabwiz replay"}
        Lease(name, folder, "bbbbbbbb", about).take(pool.connection(name))
    finally:
        pool.close()


async def run_on_own_hosts(driven: Driven) -> SessionRun:
    """By keys: to the step, to its last button."""
    await driven.until(lambda: driven.app.focused is not None)
    await driven.wizard.go_to("run")
    step = driven.wizard.query_one(RunStep)
    step.query_one("#run-rehearsal").focus()
    await driven.press("tab", "tab", "enter")
    run = step.session_run
    assert run, driven.text()
    assert run.mode is Mode.RUN
    return run


def test_hosts_are_taken_over_a_failed_check_is_passed_over_and_time_stands_still(
    hosts: Rehearsal, tmp_path: Path
) -> None:
    path = tmp_path / "lan4.yaml"

    async def script(driven: Driven) -> None:
        bob_works_on(hosts, "b")
        for answer, then in (("enter", State.ENDED), ("tab", State.RUNNING)):
            run = await run_on_own_hosts(driven)
            await driven.shown(Choose)
            shown = " ".join(driven.text().split())
            assert "The hosts are taken" in shown
            assert "bob@desk" in shown
            assert "on host b" in shown
            await driven.press(answer, *(["enter"] if answer == "tab" else []))
            await driven.until(lambda run=run, then=then: run.state is then)  # type: ignore[misc]
            if then is State.ENDED:
                assert run.ended
                assert run.ended.ending is Ending.LOCKED, run.ended.message

        await driven.until(lambda: run.state is State.WAITING, 150)
        await driven.rest()
        assert run.may_pass_over, driven.text()
        assert "check: 1 failed" in driven.text()
        await driven.press("f", "x")
        await driven.until(lambda: run.ended is not None, 60)
        assert run.ended
        assert run.ended.ending is Ending.DONE, run.ended.message

        await driven.rest()
        matrix = driven.wizard.query_one(RunStep)._matrix
        taken = matrix.seconds()
        await driven.pilot.pause(0.3)
        driven.wizard.judge_again()
        assert matrix.seconds() == taken
        await driven.press("f4")
        assert "14 of 14 containers run" in driven.text()
        assert "rehearsal" not in driven.text()

    with hosts:
        path.write_text(dump(hosts.session).replace('"90"', '"91"'))
        assert '"91"' in path.read_text()
        mine = default_known_hosts()
        mine.parent.mkdir(parents=True)
        mine.write_text(hosts.known_hosts.read_text())
        drive(path, script)
