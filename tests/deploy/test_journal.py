"""The journal keeps what was done, whatever happens to the run that writes it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fabwiz.deploy.errors import Locked
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.lock import locked


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def test_records_come_back_in_order_with_time_and_run(journal: Journal) -> None:
    journal.append("run", network="lan4")
    journal.append("step", step="containers", host="a", node=None)

    first, second = journal.records()

    assert (first["kind"], first["network"]) == ("run", "lan4")
    assert second["host"] == "a"
    assert "node" not in second
    assert first["run"] == second["run"]
    assert first["time"].endswith("Z")


def test_an_empty_workspace_has_no_records(journal: Journal) -> None:
    assert list(journal.records()) == []


def test_an_argument_with_another_alphabets_line_end_breaks_no_record(journal: Journal) -> None:
    journal.append("check-sent", call=["invoke", "one\u2028two\x85three"])

    assert [record["call"] for record in journal.records("check-sent")] == [["invoke", "one\u2028two\x85three"]]


def test_a_torn_last_line_costs_only_itself(journal: Journal) -> None:
    journal.append("run", network="lan4")
    with journal.path.open("a") as file:
        file.write('{"kind": "step", "ho')

    journal.append("end", status="done")

    assert [record["kind"] for record in journal.records()] == ["run", "end"]


def test_what_was_written_once_is_never_touched_again(journal: Journal) -> None:
    written = b""
    for torn in ("", '{"kind": "ru', ""):
        journal.append("run", network="lan4")
        with journal.path.open("a") as file:
            file.write(torn)
        now = journal.path.read_bytes()
        assert now.startswith(written)
        assert len(now) > len(written)
        written = now


def test_a_record_is_on_the_disk_when_it_has_been_appended(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, int]] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        sync(descriptor)
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", noted)
    journal.append("run", network="lan4")
    journal.append("end", status="done")

    whole = journal.path.stat().st_size
    first, folder, second = synced
    assert first[0] == second[0] == str(journal.path)
    assert folder[0] == str(journal.path.parent)  # its name must survive a power cut, too
    assert 0 < first[1] < second[1] == whole


def test_a_full_disk_is_told_and_costs_only_the_record(journal: Journal) -> None:
    journal.append("run", network="lan4")
    size = journal.path.stat().st_size
    code = (
        "import resource, signal, sys; from pathlib import Path; from fabwiz.deploy.journal import Journal;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 20}, {size + 20}));"
        "Journal(Path(sys.argv[1])).append('step', status='done')"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(journal.path)], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "File too large" in ended.stderr
    assert str(journal.path) in ended.stderr

    journal.append("end", status="failed")

    assert [record["kind"] for record in journal.records()] == ["run", "end"]


def test_records_from_many_threads_stay_whole(journal: Journal) -> None:
    threads = [threading.Thread(target=lambda n=n: journal.append("step", step=str(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(record["step"] for record in journal.records("step")) == sorted(map(str, range(20)))


def test_only_the_owner_can_read_it(journal: Journal) -> None:
    journal.append("run")

    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_second_run_is_refused_and_told_who_works(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock), pytest.raises(Locked, match=r"process \d+ works on this session"), locked(lock):
        pass


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"):
        pass
    with locked(tmp_path / "lock"):
        pass


def test_the_genesis_block_is_bound_from_the_start_of_the_orderers_until_the_data_is_gone(journal: Journal) -> None:
    journal.append("step", phase="preflight", step="host", status="started")
    assert not journal.ordering_began()

    journal.append("step", phase="orderers", step="containers", status="started")
    assert journal.ordering_began()

    journal.append("data-removed")
    assert not journal.ordering_began()
