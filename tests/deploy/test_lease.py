"""The lease on a host: one holder, whatever happens at once, whichever shell keeps it, whatever its clock says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from fabwiz.deploy.lease import LASTS, Holder, Lease, Taken, held_by
from fabwiz.deploy.lease_scripts import FOLDER
from fabwiz.remote.connection import CommandFailed, Connection, Result

Of = Callable[[str], Lease]
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}


# functions, for busybox does not look for what it has itself
_CLOCKS = """
date() { echo "$NOW"; }
cut() { echo "$UP"; }
cat() { case $1 in /proc/*) echo "$BOOT" ;; *) command cat "$@" ;; esac; }
"""


class There:
    """A host's shell, with a boot id, an uptime and a clock that a test sets."""

    def __init__(self, folder: Path, shell: Sequence[str]) -> None:
        program = shutil.which(shell[0])
        assert program
        self.shell = [program, *shell[1:]]
        self.boot, self.up, self.clock = "11111111-aaaa", 50_000, 1_800_000_000
        self.path = os.environ["PATH"]
        if shell[0] == "busybox":  # its own commands, and nothing else
            self.path = str(folder / "bin")
            (folder / "bin").mkdir()
            for name in subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split():
                (folder / "bin" / name).symlink_to(program)

    def run(self, argv: Sequence[str], **_: Any) -> Result:
        assert argv[:2] == ["sh", "-c"]
        ended = subprocess.run(
            [*self.shell, "-c", _CLOCKS + argv[2], *argv[3:]],
            capture_output=True,
            text=True,
            env={"PATH": self.path, "BOOT": self.boot, "UP": str(self.up), "NOW": str(self.clock)},
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        return Result("a", tuple(argv), ended.returncode, ended.stdout, ended.stderr)

    def later(self, seconds: int) -> None:
        self.up += seconds
        self.clock += seconds

    def reboot(self, clock: int, up: int = 1) -> None:
        self.boot, self.up, self.clock = self.boot + "x", up, clock


@pytest.fixture(params=SHELLS)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> There:
    shell = SHELLS[request.param]
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    return There(tmp_path, shell)


@pytest.fixture
def dash(tmp_path: Path) -> There:
    return There(tmp_path, ["sh"])


@pytest.fixture
def lease(tmp_path: Path) -> Of:
    """Of a run; always the same one."""
    known: dict[str, Lease] = {}

    def of(run: str) -> Lease:
        about = {"who": f"{run[0]}@desk", "command": "fabwiz replay", "pid": 4711}
        return known.setdefault(run, Lease("a", str(tmp_path / "opt/fabwiz/lan4"), run, about))

    return of


def at(there: There) -> Connection:
    return cast("Connection", there)


ALICE, BOB, CAROL = "aaaaaaaa", "bbbbbbbb", "cccccccc"


def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "opt"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_second_run_is_told_who_has_it_since_when_and_until_when(there: There, lease: Of) -> None:
    assert lease(ALICE).take(at(there)) == Taken()
    there.later(30)

    holder = lease(BOB).take(at(there))

    assert isinstance(holder, Holder)
    assert (holder.who, holder.command, holder.pid, holder.run) == ("a@desk", "fabwiz replay", 4711, "aaaaaaaa")
    assert (holder.since, holder.age, holder.until) == (1_800_000_000, 30, 1_800_000_090)
    said = str(held_by("lan4", [holder]))
    assert "a@desk (`fabwiz replay`, run aaaaaaaa, process 4711) since 2027-01-15 08:00:00 UTC" in said
    assert "ends in 60 s, at 2027-01-15 08:01:30 UTC by the host's clock" in said
    assert "--take-over" in said


def test_given_back_it_is_the_next_ones_and_nothing_stays(there: There, lease: Of, tmp_path: Path) -> None:
    lease(ALICE).take(at(there))
    lease(ALICE).release(at(there))
    assert not (tmp_path / "opt").exists()

    assert lease(BOB).take(at(there)) == Taken()


def test_a_folder_that_was_there_before_stays_and_so_does_what_came_meanwhile(
    there: There, lease: Of, tmp_path: Path
) -> None:
    (tmp_path / "opt/fabwiz").mkdir(parents=True)
    lease(ALICE).take(at(there))
    lease(ALICE).release(at(there))
    assert list((tmp_path / "opt/fabwiz").iterdir()) == []

    lease(ALICE).take(at(there))
    (tmp_path / "opt/fabwiz/lan4/manifest.json").touch()
    lease(ALICE).release(at(there))

    assert files(tmp_path) == ["fabwiz/lan4/manifest.json"]


def test_tidying_takes_folders_along_that_were_there_before(there: There, lease: Of, tmp_path: Path) -> None:
    (tmp_path / "opt/fabwiz/lan4").mkdir(parents=True)
    lease(ALICE).take(at(there))

    lease(ALICE).release(at(there), tidy=True)

    assert not (tmp_path / "opt/fabwiz/lan4").exists()


def test_it_ends_by_itself_unless_it_is_renewed(there: There, lease: Of) -> None:
    lease(ALICE).take(at(there))
    there.later(int(LASTS) - 1)
    assert lease(ALICE).renew(at(there)) == Taken()
    there.later(int(LASTS) - 1)
    assert isinstance(lease(BOB).take(at(there)), Holder)
    there.later(1)

    taken = lease(BOB).take(at(there))

    assert isinstance(taken, Taken)
    assert taken.before
    assert taken.before.who == "a@desk"
    lost = lease(ALICE).renew(at(there))
    assert isinstance(lost, Holder)
    assert lost.who == "b@desk"


def test_one_that_has_ended_is_renewed_if_nobody_took_it(there: There, lease: Of) -> None:
    lease(ALICE).take(at(there))
    there.later(3600)

    assert lease(ALICE).renew(at(there)) == Taken()
    assert isinstance(lease(BOB).take(at(there)), Holder)


@pytest.mark.parametrize("jump", [-100_000, 100_000])
def test_a_clock_that_is_set_changes_nothing(there: There, lease: Of, jump: int) -> None:
    lease(ALICE).take(at(there))
    there.clock += jump
    there.up += 60

    holder = lease(BOB).take(at(there))

    assert isinstance(holder, Holder)
    assert holder.age == 60
    there.up += 30
    assert isinstance(lease(BOB).take(at(there)), Taken)


def test_a_reboot_alone_does_not_void_it(dash: There, lease: Of) -> None:
    lease(ALICE).take(at(dash))
    dash.reboot(dash.clock + 40, up=10)

    holder = lease(BOB).take(at(dash))

    assert isinstance(holder, Holder)
    assert holder.age == 40
    assert lease(ALICE).renew(at(dash)) == Taken()


def test_a_reboot_into_the_past_ends_it(dash: There, lease: Of) -> None:
    lease(ALICE).take(at(dash))
    dash.reboot(315_532_800)

    assert isinstance(lease(BOB).take(at(dash)), Taken)


def test_after_a_reboot_the_time_since_then_counts_where_the_clock_lags(dash: There, lease: Of) -> None:
    lease(ALICE).take(at(dash))
    dash.reboot(dash.clock + 1, up=int(LASTS))

    assert isinstance(lease(BOB).take(at(dash)), Taken)


def test_it_is_taken_over_from_the_one_that_was_named_and_from_no_other(there: There, lease: Of) -> None:
    lease(ALICE).take(at(there))
    alice = lease(BOB).take(at(there))
    assert isinstance(alice, Holder)

    assert isinstance(lease(BOB).take(at(there), alice), Taken)
    bob = lease(CAROL).take(at(there), alice)

    assert isinstance(bob, Holder)
    assert bob.who == "b@desk"
    lost = lease(ALICE).renew(at(there))
    assert isinstance(lost, Holder)
    assert lost.who == "b@desk"
    lease(ALICE).release(at(there))  # not hers any more
    assert lease(BOB).renew(at(there)) == Taken()


def test_one_that_somebody_removed_by_hand_is_nobodys(there: There, lease: Of, tmp_path: Path) -> None:
    lease(ALICE).take(at(there))
    shutil.rmtree(tmp_path / "opt/fabwiz/lan4")

    assert lease(ALICE).renew(at(there)) is None


def test_what_a_script_that_was_cut_off_has_left_is_in_nobodys_way(there: There, lease: Of, tmp_path: Path) -> None:
    folder = tmp_path / "opt/fabwiz/lan4"
    (folder / f"{FOLDER}.{BOB}-1").mkdir(parents=True)  # before it was put in place
    (folder / f"{FOLDER}.{BOB}-1/held.{BOB}-1").touch()
    (folder / FOLDER / f"{FOLDER}.{BOB}-1").mkdir(parents=True)  # put into another's
    for name in ("about", "beat", ".beat", "made"):  # given back halfway
        (folder / FOLDER / f"{name}.{BOB}-1").write_text("1")

    assert lease(ALICE).take(at(there)) == Taken()

    there_now = [re.sub("-.{8}$", "", name.removeprefix(f"fabwiz/lan4/{FOLDER}/")) for name in files(tmp_path)]
    assert there_now == [f"{name}.{ALICE}" for name in ("about", "beat", "held")]


@pytest.mark.parametrize("beat", ["", "garbage", "x y z", "11111111-aaaa -5 12", "$(reboot) `reboot` 1"])
def test_a_renewal_that_cannot_be_read_has_ended(there: There, lease: Of, tmp_path: Path, beat: str) -> None:
    lease(ALICE).take(at(there))
    (kept,) = (tmp_path / f"opt/fabwiz/lan4/{FOLDER}").glob("beat.*")
    kept.write_text(beat)

    assert isinstance(lease(BOB).take(at(there)), Taken)


def test_what_a_host_says_of_a_holder_is_shown_without_tricks(dash: There, lease: Of, tmp_path: Path) -> None:
    lease(ALICE).take(at(dash))
    (kept,) = (tmp_path / "opt/fabwiz/lan4" / FOLDER).glob("about.*")
    kept.write_text('99999999999999999999999\n{"who": "eve\\u001b[2J\\n", "pid": "x"}\n')

    holder = lease(BOB).take(at(dash))

    assert isinstance(holder, Holder)
    assert (holder.who, holder.pid, holder.since) == ("eve[2J", None, None)
    assert str(holder) == "eve[2J (`fabwiz`, run aaaaaaaa)"


def test_a_folder_that_cannot_be_written_is_an_error(dash: There, tmp_path: Path) -> None:
    (tmp_path / "opt").touch()

    with pytest.raises(CommandFailed, match="keeping the lease"):
        Lease("a", str(tmp_path / "opt/fabwiz"), ALICE, {}).take(at(dash))


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    gate = threading.Barrier(len(jobs))

    def go(job: Callable[[], Any]) -> Any:
        gate.wait(60)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(go, jobs))


@pytest.fixture
def tokens() -> Iterator[str]:
    return (f"{number:08x}" for number in range(1, 1000))


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_at_once_one_gets_it(there: There, lease: Of, tokens: Iterator[str], stale: bool) -> None:
    for _ in range(5):
        if stale:
            lease(next(tokens)).take(at(there))
            there.later(int(LASTS))
        leases = [lease(next(tokens)) for _ in range(6)]

        outcomes = at_once([partial(one.take, at(there)) for one in leases])

        assert sum(isinstance(outcome, Taken) for outcome in outcomes) == 1
        assert len({outcome.run for outcome in outcomes if isinstance(outcome, Holder)}) == 1
        (winner,) = (one for one in leases if one.renew(at(there)) == Taken())
        winner.release(at(there))


def test_taking_over_while_it_is_renewed_and_given_back_leaves_one_holder_or_none(
    there: There, lease: Of, tokens: Iterator[str], tmp_path: Path
) -> None:
    for giving_back in (False, True) * 4:
        old, new = lease(next(tokens)), lease(next(tokens))
        old.take(at(there))
        holder = new.take(at(there))
        assert isinstance(holder, Holder)

        last = partial(old.release if giving_back else old.renew, at(there))
        at_once([partial(new.take, at(there), holder), last])

        assert new.renew(at(there)) == Taken()
        assert isinstance(old.renew(at(there)), Holder)
        new.release(at(there))
        assert not (tmp_path / "opt/fabwiz/lan4" / FOLDER).exists()
