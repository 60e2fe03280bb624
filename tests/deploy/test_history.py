"""The audit of runs: who, when, on which host keys, what changed, how it ended; without secrets; of old ones, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fabwiz.cli import main
from fabwiz.deploy.history import BROKEN_OFF, RunRecord, history
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.phase import Phase
from tests.deploy.disturbed import pair
from tests.deploy.sites import Site, errors, site_for


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two runs until the bundles are sent; the second had nothing to do."""
    with site_for(pair(), tmp_path_factory.mktemp("site")) as site:
        for _ in range(2):
            assert errors(site.replay(until=Phase.DISTRIBUTE)) == []
        yield site


def runs(site: Site) -> list[RunRecord]:
    return history(Journal(site.workspace.journal).records())


def test_a_run_says_who_when_with_what_and_how_it_ended(site: Site) -> None:
    first, second = runs(site)

    assert (first.number, second.number) == (1, 2)
    assert first.who
    assert "@" in first.who
    assert first.version
    assert (first.command, first.until, first.network) == ("replay", "distribute", "pair")
    assert first.ended
    assert first.began < first.ended <= second.began
    assert (first.outcome, second.outcome) == ("done", "skipped")


def test_the_keys_of_the_hosts_are_those_that_ssh_keygen_would_print(site: Site) -> None:
    from fabwiz.remote.hostkeys import fingerprint

    known = [line.split() for line in site.hosts.known_hosts.read_text().splitlines()]
    wanted = {name: f"{kind} {fingerprint(key)}" for (_, kind, key), name in zip(known, "ab", strict=True)}
    for run in runs(site):
        assert {host.host: host.key for host in run.hosts} == wanted
        assert {host.host: host.address for host in run.hosts} == {name: site.hosts.address(name) for name in "ab"}


def test_what_changed_stands_by_phase_and_host(site: Site) -> None:
    first, second = runs(site)

    told = {(change.phase, change.host) for change in first.changes}
    assert told == {("generate", None), ("distribute", "a"), ("distribute", "b")}
    assert all("files" in change.message for change in first.changes)
    assert second.changes == second.failures == second.unfinished == []
    assert [(lease.host, lease.message) for lease in first.leases] == [("a", "taken"), ("b", "taken")]


def test_the_command_lists_shows_and_exports(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", str(site.session_file)]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 3
    assert "replay --until distribute" in listed[1]

    assert main(["history", str(site.session_file), "--run", "1"]) == 0
    shown = capsys.readouterr().out
    assert "SHA256:" in shown
    assert "distribute  a  bundle" in shown

    assert main(["history", str(site.session_file), "--json"]) == 0
    exported = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [run["number"] for run in exported] == [1, 2]
    assert exported[0]["hosts"][0]["key"].startswith("ssh-ed25519 SHA256:")

    assert main(["history", str(site.session_file), "--json", "--run", "-1"]) == 0
    (last,) = capsys.readouterr().out.splitlines()
    assert json.loads(last)["number"] == 2


@pytest.mark.parametrize("number", ["0", "3", "-3"])
def test_a_run_that_is_not_there_is_said(site: Site, number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", str(site.session_file), "--run", number]) == 2
    assert f"there is no run {number}; there are 1 to 2" in capsys.readouterr().err


def test_a_session_that_was_not_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.yaml").touch()
    assert main(["history", str(tmp_path / "new.yaml")]) == 0
    assert "not run yet" in capsys.readouterr().out

    assert main(["history", str(tmp_path / "no.yaml")]) == 2
    assert "no such file, and no workspace no.fabwiz beside it; check the name" in capsys.readouterr().err

    assert main(["history", str(tmp_path / "new.yaml"), "--run", "1"]) == 2
    assert "new.yaml: --run 1: there is no run 1; it was not run yet: `fabwiz replay`" in capsys.readouterr().err

    assert main(["history", str(tmp_path)]) == 2
    assert "is a folder; give the session file in it, such as" in capsys.readouterr().err

    with pytest.raises(SystemExit, match="2"):
        main(["history", str(tmp_path / "new.yaml"), "--run", "last"])
    assert "last is no number; `fabwiz history SESSION` lists the runs" in capsys.readouterr().err

    (tmp_path / "new.fabwiz/journal.jsonl").mkdir(parents=True)
    assert main(["history", str(tmp_path / "new.yaml")]) == 1
    assert "new.fabwiz/journal.jsonl: Is a directory; fabwiz needs a file there" in capsys.readouterr().err


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def test_a_run_that_was_killed_is_broken_off_where_it_was(journal: Journal) -> None:
    journal.append("run", network="pair", command="replay", who="alice@desk", version="0.1.0")
    where = {"phase": "kafka", "step": "containers", "host": "a"}
    journal.append("step", **where, status="started")
    journal.append("step", **where, status="done", changed=True, message="started kafka1")
    journal.append("step", **where | {"host": "b"}, status="started")
    with journal.path.open("a") as file:
        file.write('{"kind": "step", "status": "do')

    (run,) = history(journal.records())

    assert (run.outcome, run.ended) == (BROKEN_OFF, None)
    assert [(change.host, change.message) for change in run.changes] == [("a", "started kafka1")]
    assert [(step.phase, step.host) for step in run.unfinished] == [("kafka", "b")]


def test_failures_transactions_and_data_that_went_are_told(journal: Journal) -> None:
    journal.append("run", network="pair", command="down", who="alice@desk", version="0.1.0", data=True)
    journal.append("step", phase="down", step="down", host="a", status="failed", message="no power")
    journal.append("passed-over", phase="check", step="calls", message="no answer")
    journal.append("check-sent", check="mycc", tx="ab12", envelope="c2VjcmV0")
    journal.append("data-removed")
    journal.append("end", status="failed", message="stopped")

    (run,) = history(journal.records())

    assert run.until_or_data == "down --data"
    assert [failure.message for failure in run.failures] == ["no power", "passed over: no answer"]
    assert [change.message for change in run.changes] == ["transaction ab12 sent", "all data was taken away"]
    assert (run.outcome, run.message) == ("failed", "stopped")


def test_commands_that_mended_a_host_are_told(journal: Journal) -> None:
    journal.append("run", network="pair", command="fix", who="alice@desk", version="0.1.0")
    journal.append("fix", host="a", command="systemctl enable docker.service")
    journal.append("fix", host="a", command="systemctl start docker.service", message="exit code 1")

    (run,) = history(journal.records())

    assert [(change.phase, change.host, change.message) for change in run.changes] == [
        ("fix", "a", "`systemctl enable docker.service`")
    ]
    assert [failure.message for failure in run.failures] == ["`systemctl start docker.service`: exit code 1"]


def test_nothing_but_the_named_fields_leaves_the_journal(journal: Journal) -> None:
    journal.append("run", network="pair", password="hunter2", who="alice@desk")
    journal.append("step", phase="kafka", status="done", secret="hunter2", envelope="hunter2", message="\x1b[31mred")
    journal.append("host", host="a", key="ssh-ed25519 SHA256:x", private="hunter2")
    journal.append("end", status="done", token="hunter2")

    exported = json.dumps([run.as_dict() for run in history(journal.records())])

    assert "hunter2" not in exported
    assert "\\u001b" not in exported


def test_journals_of_earlier_versions_are_read(journal: Journal) -> None:
    lines: list[dict[str, object]] = [
        {"kind": "run", "network": "lan4", "until": "kafka"},
        {"kind": "step", "phase": "preflight", "step": "host", "host": "a", "status": "done", "message": "Docker 26"},
        {"kind": "step", "phase": "kafka", "step": "containers", "host": "a", "status": "done", "message": "started"},
        {"kind": "step", "phase": "kafka", "step": "containers", "host": "b", "status": "skipped"},
        {"kind": "end", "status": "done", "changed": 1, "unchanged": 2},
    ]
    shared = {"time": "2026-01-31T12:00:00.000Z", "run": "0123abcd"}
    strange = ["[]", "17", '"text"', '{"kind": 5}', "{"]
    journal.path.write_text("\n".join([*(json.dumps(shared | line) for line in lines), *strange]) + "\n")

    run = history(journal.records())[0]

    assert (run.who, run.version, run.outcome, run.until_or_data) == (None, None, "done", "replay --until kafka")
    assert [(change.host, change.message) for change in run.changes] == [("a", "started")]
