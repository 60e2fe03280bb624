"""A run that is killed with SIGKILL, again and again, is taken up each time and ends as an undisturbed one does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.end_state import check_end_state, keys, records
from tests.deploy.sites import Site, changed, errors, session_of, site_for
from tests.outcomes import Outcomes

ROOT = Path(__file__).parents[2]

MOMENTS = [
    "generate.2+0.05",
    "distribute.3+0.1",
    "zookeeper.2+0.2",
    "kafka.3+0.2",
    "orderers.2+0.1",
    "channels.2+0.15",
    "anchors.2+0.1",
    "chaincode.9+0.1",
    "check-sent.1+0",  # in the journal, and on its way to nobody
    "check-sent-again.1+0.1",  # sent, and perhaps in no block yet
]


def killed_at(site: Site, moment: str) -> None:
    ended = mortal_run(site, moment)
    assert ended.returncode == -signal.SIGKILL, f"{moment} never came: {ended.stdout}"


def mortal_run(site: Site, moment: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    session = site.session_file.with_suffix(".json")
    session.write_text(site.hosts.session.model_dump_json(exclude_unset=True))
    arguments = [str(session), str(site.session_file), str(site.hosts.known_hosts), moment]
    return subprocess.run(
        [sys.executable, "-m", "tests.deploy.mortal_run", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
    )


@pytest.mark.timeout(240)
def test_a_run_that_is_killed_in_every_phase_ends_as_an_undisturbed_one(tmp_path: Path, outcomes: Outcomes) -> None:
    session = changed(session_of("four-lan-hosts"), ("ordering",), {"batch_timeout": "500ms"})
    with site_for(session, tmp_path) as site:
        made: dict[Path, bytes] = {}
        for moment in MOMENTS:
            killed_at(site, moment)
            now = keys(site)
            assert {path: now[path] for path in made} == made
            made = now
            assert records(site)

        last = site.replay()

        assert errors(last) == []
        assert keys(site) == made
        check_end_state(site)
        did = f"went on when run again; the last run changed {last.changed} of {last.changed + last.unchanged} steps"
        outcomes.note(
            "`kill -9` at chosen moments of phases, and of a check that has been sent",
            did,
            None,
            f"{len(made)} keys as they were",
            len(MOMENTS),
        )
