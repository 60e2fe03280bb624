"""`fabwiz report` on hosts that run: what they show is in the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fabwiz.cli import main
from fabwiz.deploy.events import Emitter
from fabwiz.deploy.facts import answers
from fabwiz.deploy.journal import Journal
from fabwiz.deploy.replay import replay
from fabwiz.session.data import dump
from tests.deploy.sites import open_run, session_of, site_for


def test_it_writes_what_hosts_and_peers_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        site.session_file.write_text(dump(site.hosts.session))
        with open_run(site.hosts.session, site.session_file, Emitter(), known_hosts=site.hosts.known_hosts) as run:
            assert not replay(run).failures

        code = main(["report", str(site.session_file), "--json", "--known-hosts", str(site.hosts.known_hosts)])

    said = json.loads(capsys.readouterr().out)
    assert code == 0
    report = Path(said["report"]).read_text()
    assert "blocks on every peer" in report
    assert report.count("| Up ") == 14
    assert "query a = 90" in report
    assert Path(said["picture"]).read_text().startswith("<svg")


def test_answers_are_those_of_the_last_run_that_asked(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        journal = Journal(tmp_path / "journal.jsonl")
        journal.append("step", phase="check", step="agreement", status="done", message="agree")
        if number < 3:
            journal.append("step", phase="check", step="answers", status="started", message="begin")
            journal.append("step", phase="check", step="answers", status="done", message=f"answer {number}")

    assert answers(Journal(tmp_path / "journal.jsonl")) == ("answer 2",)
    assert answers(Journal(tmp_path / "other.jsonl")) == ()
