"""Two operators on the same hosts: one goes on, the other is told; what is taken over ends before its next act."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.cli import main
from fabwiz.deploy import lease, leases
from fabwiz.deploy.errors import Leased
from fabwiz.deploy.events import Emitter, Event
from fabwiz.deploy.executor import Outcome, execute
from fabwiz.deploy.lease import Holder, Lease, Taken
from fabwiz.deploy.lease_scripts import FOLDER
from fabwiz.deploy.phase import DOWN, PhaseSpec
from fabwiz.deploy.replay import changing, prepare
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Step
from fabwiz.remote.connection import Connection
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from tests.outcomes import Outcomes

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def wait() -> Wait:
    def until(condition: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.02)

    return until


class Place:
    """Two hosts, which are folders of this machine, and operators with workspaces of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        hosts = {name: {"transport": "local", "remote_dir": str(self.remote(name))} for name in "ab"}
        self.data: dict[str, Any] = {
            "fabwiz": 1,
            "name": "pair",
            "fabric": "1.4.12",
            "domain": "example.com",
            "ssh": {"sudo": "never"},
            "hosts": hosts,
            "zookeeper": {"zk1": "a"},
            "kafka": {"kafka1": "b"},
            "orderers": {"orderer1": "a"},
            "organizations": {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "b"}}},
        }
        self.events: list[Event] = []

    def remote(self, host: str) -> Path:
        return self.folder / "hosts" / host / "pair"

    def session_file(self, operator: str) -> Path:
        path = self.folder / operator / "pair.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(self.data, sort_keys=False))
        return path

    @contextmanager
    def run(self, operator: str) -> Iterator[Run]:
        network = Network(Session.model_validate(self.data))
        options = RemoteOptions(known_hosts=self.folder / "known_hosts", user_known_hosts=None, default_keys=False)
        pool = Pool(network, options, HeadlessAsker())
        run = prepare(network, self.session_file(operator), pool, Emitter(self.events.append))
        try:
            yield run
        finally:
            run.close()

    def work(self, operator: str, *steps: Step, take_over: bool = False, needed: bool = True) -> Outcome:
        spec = PhaseSpec(DOWN, "work", "", lambda network: [[step] for step in steps])
        with self.run(operator) as run, changing(run, "replay", lambda holders: take_over, needed=needed):
            return execute(run, [spec])

    def files(self) -> list[str]:
        hosts = self.folder / "hosts"
        return sorted(str(path.relative_to(hosts)) for path in hosts.rglob("*")) if hosts.exists() else []

    def holders(self) -> list[str]:
        return [name for name in "ab" if list((self.remote(name) / FOLDER).glob("held.*"))]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class Do(Step):
    """Does something once."""

    name = title = "do"

    def __init__(self, job: Callable[[Run], object], host: str | None = "a") -> None:
        self._job = job
        self.host = host
        self.done = False

    def look(self, run: Run) -> str | None:
        return "done" if self.done else None

    def act(self, run: Run) -> str:
        self._job(run)
        self.done = True
        return "done"


def left(place: Place) -> str:
    """The end state, in words."""
    return f"on the hosts: {', '.join(place.files()) or 'nothing left'}"


def messages(outcome: Outcome) -> list[str]:
    return [failure.error.message for failure in outcome.failures]


def test_a_run_holds_all_its_hosts_while_it_works_and_leaves_no_trace_there(place: Place) -> None:
    seen: list[list[str]] = []

    outcome = place.work("alice", Do(lambda run: seen.append(place.holders())))

    assert messages(outcome) == []
    assert seen == [["a", "b"]]
    assert place.files() == []


def test_the_second_operator_is_told_who_works_there_and_changes_nothing(place: Place) -> None:
    other = Do(lambda run: None)

    def meanwhile(run: Run) -> None:
        with pytest.raises(Leased, match=r"pair is being worked on: .+@.+ \(`fabwiz replay`, run .{8}, process \d+\)"):
            place.work("bob", other)

    outcome = place.work("alice", Do(meanwhile))

    assert messages(outcome) == []
    assert not other.done
    assert messages(place.work("bob", other)) == []


def test_the_command_says_so_and_ends_with_exit_code_4(place: Place, outcomes: Outcomes) -> None:
    ended: list[subprocess.CompletedProcess[str]] = []
    seconds: list[float] = []

    def meanwhile(run: Run) -> None:
        argv = [sys.executable, "-m", "fabwiz", "down", str(place.session_file("bob"))]
        begun = time.monotonic()
        ended.append(subprocess.run(argv, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100))
        seconds.append(time.monotonic() - begun)

    place.work("alice", Do(meanwhile))

    assert ended[0].returncode == 4
    said = ended[0].stderr
    assert "pair is being worked on" in said
    assert "by the host's clock" in said
    assert "--take-over" in said
    did = f"exit code {ended[0].returncode}: {said[said.index('pair is being') :].splitlines()[0]}"
    outcomes.note("another operator's run works on the hosts", did, seconds[0], left(place))


def test_who_is_refused_on_one_host_gives_the_others_back(place: Place) -> None:
    theirs = Lease("b", str(place.remote("b")), "bbbbbbbb", {"who": "bob@desk"})
    with place.run("carol") as run:
        assert isinstance(theirs.take(run.connection("b")), Taken)

    with pytest.raises(Leased, match="bob@desk"):
        place.work("alice", Do(lambda run: None))

    assert place.holders() == ["b"]


def test_a_lease_is_taken_over_on_request_and_the_other_run_ends_before_its_next_act(
    place: Place, monkeypatch: pytest.MonkeyPatch, wait: Wait, outcomes: Outcomes
) -> None:
    monkeypatch.setattr(leases, "EVERY", 0.05)
    first, last = Do(lambda run: None), Do(lambda run: None, "b")

    def lose(run: Run) -> None:
        place.work("bob", first, take_over=True)
        wait(lambda: run.stopped)

    with pytest.raises(
        Leased, match=r"has taken the lease on host . over; this run stopped before its next act"
    ) as told:
        place.work("alice", Do(lose), last)

    assert first.done
    assert not last.done
    outcomes.note("the lease is taken over while a run works", str(told.value), None, left(place))
    assert any("the lease is taken over from" in str(event.message) for event in place.events)


def test_a_run_that_waits_for_evidence_ends_when_it_is_taken_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "EVERY", 0.05)

    def wait_for_ever(run: Run) -> None:
        place.work("bob", Do(lambda run: None), take_over=True)
        run.wait(lambda: Seen(False, "nothing"), 60, "for ever")

    with pytest.raises(Leased, match="has taken the lease"):
        place.work("alice", Do(wait_for_ever))


def test_before_an_act_after_a_long_time_the_lease_is_renewed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = 0.0
    clock = leases._clock
    monkeypatch.setattr(leases, "_clock", lambda: clock() + slept)
    renewed: list[str] = []
    renew = Lease.renew

    def noted(self: Lease, connection: Connection) -> Taken | Holder | None:
        renewed.append(self.host)
        return renew(self, connection)

    monkeypatch.setattr(Lease, "renew", noted)

    def sleep(run: Run) -> None:
        nonlocal slept
        slept += 3600

    place.work("alice", Do(lambda run: None), Do(sleep), Do(lambda run: None, "b"), Do(lambda run: None, None))

    assert renewed == ["b", "a"]


def test_the_run_that_is_taken_up_after_a_kill_need_not_wait_for_the_lease(place: Place, outcomes: Outcomes) -> None:
    def die(run: Run) -> None:
        shutil.copytree(place.folder / "hosts", place.folder / "left")

    place.work("alice", Do(die))
    shutil.copytree(place.folder / "left", place.folder / "hosts", dirs_exist_ok=True)
    assert place.holders() == ["a", "b"]

    with pytest.raises(Leased) as told:
        place.work("bob", Do(lambda run: None))
    again = Do(lambda run: None)
    place.work("alice", again)
    outcomes.note("another operator's run was killed, its leases are left", str(told.value), None, left(place))

    assert again.done
    assert not [event for event in place.events if "taken over" in str(event.message)]
    assert place.files() == []


def test_a_host_that_was_not_there_at_first_gets_its_lease_before_the_first_act(place: Place) -> None:
    seen: list[list[str]] = []
    with place.run("alice") as run, changing(run, "replay"):
        run.leases.acquire(["a"])
        assert place.holders() == ["a"]
        Do(lambda run: seen.append(place.holders()), "b").execute(run)

    assert seen == [["a", "b"]]
    assert place.holders() == []


def test_a_run_whose_lease_is_gone_does_not_act_on_what_it_saw_before(
    place: Place, monkeypatch: pytest.MonkeyPatch, outcomes: Outcomes
) -> None:
    monkeypatch.setattr(leases, "EVERY", -1.0)  # before each act
    last = Do(lambda run: None, "b")

    with pytest.raises(Leased, match="the lease on host b is gone") as told:
        place.work("alice", Do(lambda run: shutil.rmtree(place.remote("b"))), last)

    assert not last.done
    outcomes.note("somebody removes `remote_dir` with the lease", str(told.value), None, left(place))


def test_where_no_lease_can_be_written_nothing_is_done(place: Place, outcomes: Outcomes) -> None:
    place.remote("b").parent.mkdir(parents=True)
    place.remote("b").touch()
    step = Do(lambda run: None, "b")

    outcome = place.work("alice", step)

    assert "keeping the lease" in messages(outcome)[0]
    assert not step.done
    outcomes.note("no lease can be written on a host", messages(outcome)[0], None, left(place))


def test_but_a_full_disk_does_not_keep_a_network_from_being_taken_away(place: Place) -> None:
    place.remote("b").parent.mkdir(parents=True)
    place.remote("b").touch()
    step = Do(lambda run: None, "b")

    outcome = place.work("alice", step, Do(lambda run: None, "b"), needed=False)

    assert messages(outcome) == []
    assert step.done
    told = [str(event.message) for event in place.events if "going on without a lease" in str(event.message)]
    assert len(told) == 1


def test_a_dry_run_takes_none(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "take", lambda *_: pytest.fail("a lease was taken"))

    assert main(["replay", "--dry-run", str(place.session_file("alice"))]) in (2, 3)


# -- a workstation that sleeps -----------------------------------------------------------------------------------------


@contextmanager
def sleeper(place: Place) -> Iterator[subprocess.Popen[str]]:
    """A run of two acts that waits for a file `wake` between them, on leases of two seconds."""
    arguments = [str(place.session_file("alice")), str(place.folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.deploy.sleepy_run", *arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("taken", [False, True])
def test_a_workstation_that_wakes_up_looks_at_its_leases_before_it_acts(
    place: Place, monkeypatch: pytest.MonkeyPatch, wait: Wait, outcomes: Outcomes, taken: bool
) -> None:
    monkeypatch.setattr(lease, "LASTS", 2.0)
    with sleeper(place) as process:
        wait((place.folder / "first").exists)
        os.kill(process.pid, signal.SIGSTOP)
        wait(lambda: beats_are_old(place, 3))
        if taken:
            place.work("bob", Do(lambda run: None))  # nobody has it any more: no --take-over
        (place.folder / "wake").touch()
        woken = time.monotonic()
        os.kill(process.pid, signal.SIGCONT)
        said, _ = process.communicate(timeout=60)
        seconds = time.monotonic() - woken

    assert (place.folder / "second").exists() is not taken
    assert process.returncode == (4 if taken else 0), said
    assert ("another run has had it meanwhile" in said) is taken
    fault = "workstation asleep for longer than its leases" + (", others had them meanwhile" if taken else "")
    did = f"exit code {process.returncode}" + (f": {said.strip()}" if taken else ", with the acts that were left")
    outcomes.note(fault, did, seconds if taken else None, left(place))


def beats_are_old(place: Place, seconds: float) -> bool:
    beats = [path.stat().st_mtime for name in "ab" for path in (place.remote(name) / FOLDER).glob("beat.*")]
    return max(beats) < time.time() - seconds


# -- what the engine is asked ------------------------------------------------------------------------------------------


def test_the_journal_keeps_who_had_it(place: Place) -> None:
    with place.run("carol") as run:
        Lease("b", str(place.remote("b")), "bbbbbbbb", {"who": "bob@desk"}).take(run.connection("b"))

    place.work("alice", Do(lambda run: None), take_over=True)

    lines = place.session_file("alice").with_suffix(".fabwiz").joinpath("journal.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    told = [(r["host"], r["status"], r.get("message", "")[:8]) for r in records if r["kind"] == "lease"]
    assert told == [("a", "taken", ""), ("b", "taken over", "bob@desk")]


def test_a_decision_is_asked_with_all_who_hold_leases(place: Place) -> None:
    asked: list[list[str]] = []

    def decide(holders: Any) -> bool:
        asked.append([f"{holder.who} on {holder.host}" for holder in holders if isinstance(holder, Holder)])
        return False

    with place.run("carol") as run:
        Lease("b", str(place.remote("b")), "bbbbbbbb", {"who": "bob@desk"}).take(run.connection("b"))
    with place.run("alice") as run, pytest.raises(Leased), changing(run, "replay", decide):
        run.open_hosts()

    assert asked == [["bob@desk on b"]]
