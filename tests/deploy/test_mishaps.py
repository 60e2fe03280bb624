"""What happens to a workstation: it hangs up, sleeps, loses its network, its disk is full or read-only.

Each ends in a clear message, or the run goes on; taken up again, it ends as if nothing had happened.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fabwiz.deploy.journal import Journal
from tests.deploy.disturbed import pair, whole_run
from tests.deploy.end_state import check_end_state, keys, nothing_torn
from tests.deploy.sites import Site, site_for
from tests.outcomes import Outcomes

pytestmark = pytest.mark.timeout(600)


def same_end(site: Site, had: dict[Path, bytes]) -> str:
    """Nothing is left to do, and no key was made anew; in words."""
    with whole_run(site) as run:
        assert run.finish() == 0, run.story
        assert run.summary.startswith("pair: nothing to change")
    assert had.items() <= keys(site).items()
    check_end_state(site)
    return f"run again: all there, {len(had)} keys as they were"


def test_hanging_up_a_network_that_is_gone_and_sleep(tmp_path: Path, outcomes: Outcomes) -> None:
    with site_for(pair(), tmp_path) as site:
        with whole_run(site) as run:
            assert run.until("distribute"), run.story
            begun = time.monotonic()
            run.process.send_signal(signal.SIGHUP)
            assert run.finish() == 130, run.story
            hung_up = (run.summary, time.monotonic() - begun)
            assert "pair: stopped; run again to go on from here" in run.summary
            assert "stopping after the steps that run now" in run.errors
        had = keys(site)
        assert had

        with whole_run(site) as run:
            assert run.until("images"), run.story
            site.hosts.freeze("b")
            try:
                begun = time.monotonic()
                assert run.finish() == 1, run.story
            finally:
                site.hosts.thaw("b")
            lost = (run.failed, time.monotonic() - begun)
            assert lost[1] < 100
            assert "failed on b" in run.summary
            assert "goes on from there" in run.summary
        nothing_torn(site)

        with whole_run(site) as run:
            assert run.until("zookeeper"), run.story
            run.process.send_signal(signal.SIGSTOP)
            time.sleep(3)
            run.process.send_signal(signal.SIGCONT)
            assert run.finish() == 0, run.story
            slept = run.summary
        end = same_end(site, had)
    outcomes.note("SIGHUP in distribute", *hung_up, end)
    outcomes.note("a host falls silent in images (SIGSTOP)", *lost, end)
    outcomes.note("workstation stopped for 3 s in zookeeper (SIGSTOP, SIGCONT)", slept, None, end)


def test_a_file_that_cannot_grow_ends_a_run_with_its_name(tmp_path: Path, outcomes: Outcomes) -> None:
    """What is left of a full disk where nobody may mount: a limit for the size of files."""
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("prlimit is not installed")
    with site_for(pair(), tmp_path) as site:
        with whole_run(site, before=[prlimit, "--fsize=4000"]) as run:
            assert run.finish() == 1, run.story
            assert "File too large" in run.story
            assert str(site.workspace.root) in run.story
            assert "Traceback" not in run.story
            told = saying("File too large", run.story)
        nothing_torn(site)
        had = keys(site)
        with whole_run(site) as run:
            assert run.finish() == 0, run.story
        outcomes.note("no file may have more than 4000 bytes", told, None, same_end(site, had))


def saying(words: str, story: str) -> str:
    """The last message that has these words."""
    for line in reversed(story.splitlines()):
        if words in line:
            return str(json.loads(line)["message"] if line.startswith("{") else line)
    raise AssertionError(story)


class Disk:
    """A small disk of its own, in a mount namespace that a process holds, seen from here through /proc."""

    def __init__(self, folder: Path, size: str) -> None:
        script = f'mount -t tmpfs -o size={size},mode=700 tmpfs "$1" && echo ready && exec sleep 1000'
        self._holder = subprocess.Popen(
            ["unshare", "-Urm", "sh", "-c", script, "disk", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._holder.stdout
        self.is_there = self._holder.stdout.readline() == "ready\n"
        self._folder = folder
        self.path = Path(f"/proc/{self._holder.pid}/root{folder}")

    def remount(self, options: str) -> None:
        enter = ["nsenter", "-t", str(self._holder.pid), "-U", "-m", "--preserve-credentials"]
        subprocess.run([*enter, "mount", "-o", f"remount,{options}", str(self._folder)], check=True)

    def end(self) -> None:
        self._holder.kill()
        self._holder.wait()
        assert self._holder.stdout
        self._holder.stdout.close()


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Disk]:
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("unshare is not installed")
    folder.mkdir()
    there = Disk(folder, size)
    try:
        if not there.is_there:
            pytest.skip("this user may not mount anything, not even in a namespace")
        yield there
    finally:
        there.end()


def run_to(site: Site, code: int) -> str:
    """Run to the end; what was said."""
    with whole_run(site) as run:
        assert run.finish() == code, run.story
        assert "Traceback" not in run.story
        return run.story


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_full_and_a_read_only_disk(tmp_path: Path, outcomes: Outcomes) -> None:
    with disk(tmp_path / "disk", "120k") as small, site_for(pair(), tmp_path) as site:
        outside = site.session_file.with_suffix(".json")
        outside.write_text(site.hosts.session.model_dump_json(exclude_unset=True))
        site.session_file = small.path / "session.yaml"
        shutil.copy(outside, small.path)

        told = run_to(site, 1)  # keys do not fit
        full = saying("No space left on device", told)
        assert str(small.path) in told
        nothing_torn(site)
        had = keys(site)

        small.remount("ro,size=120k")
        told = run_to(site, 1)
        read_only = saying("Read-only file system", told)
        assert "put that file where you may write" in told

        small.remount("rw,size=20m")
        with whole_run(site) as run:  # full while it works on the hosts
            assert run.until("kafka"), run.story
            fill(small.path / "ballast")
            assert run.finish() == 1, run.story
            later = saying("No space left on device", run.story)
            assert "make room and run again" in run.story
        (small.path / "ballast").unlink()
        nothing_torn(site)

        run_to(site, 0)
        end = same_end(site, had)
        assert [record["kind"] for record in Journal(site.workspace.journal).records()][-1] == "end"
        assert site.workspace.root.stat().st_mode & 0o777 == 0o700
    outcomes.note("workspace's disk full from the start", full, None, end)
    outcomes.note("workspace's disk read-only", read_only, None, end)
    outcomes.note("workspace's disk full in kafka", later, None, end)
