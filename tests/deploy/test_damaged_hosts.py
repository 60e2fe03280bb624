"""Files that somebody damaged on a host: what the container says of it ends the step at once; a replay mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from tests.deploy.sites import errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(180)


def lose_msp(folder: Path) -> None:
    shutil.rmtree(folder / "orderer1.example.com/msp/signcerts")


def spoil_genesis_block(folder: Path) -> None:
    (folder / "genesis.block").write_bytes(b"no block at all")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose_msp, "msp folder is missing"),
        (spoil_genesis_block, "genesis block"),
    ],
)
def test_the_step_ends_at_once_with_the_cause_and_a_replay_mends_it(
    damage: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    session = session_of("four-lan-hosts")
    with site_for(session, tmp_path) as site:
        assert errors(site.replay(until=Phase.KAFKA)) == []
        damage(site.hosts.folder("a") / f"fs/opt/fabwiz/{session.name}")
        with site.run() as run:
            execute(run, phases_until(Phase.PREFLIGHT))
            run.logs.start()
            outcome = execute(run, [spec for spec in phases_until() if spec.phase is Phase.ORDERERS])

        assert failed_phase(outcome) == Phase.ORDERERS
        (failure,) = outcome.failures
        assert outcome.seconds < session.timeouts.orderers / 3
        assert said in f"{failure.error.message} {failure.error.cause}"
        assert failure.error.remedy

        assert errors(site.replay(until=Phase.ORDERERS)) == []
