"""Files that somebody damaged on a host: what the container says of it ends the step at once; a replay mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.phases import phases_until
from tests.deploy.sites import changed, errors, failed_phase, session_of, site_for
from tests.outcomes import Outcomes

pytestmark = pytest.mark.timeout(180)


def lose_msp(folder: Path) -> None:
    shutil.rmtree(folder / "orderer1.example.com/msp/signcerts")


def spoil_genesis_block(folder: Path) -> None:
    (folder / "genesis.block").write_bytes(b"no block at all")


def lose_tls_key(folder: Path) -> None:
    (folder / "orderer1.example.com/tls/server.key").unlink()


def lose_tls_key_of_a_peer(folder: Path) -> None:
    (folder / "peer0.org1.example.com/tls/server.key").unlink()


@pytest.mark.parametrize(
    ("damage", "phase", "release", "said"),
    [
        (lose_msp, Phase.ORDERERS, "1.4.12", "msp folder is missing"),
        (spoil_genesis_block, Phase.ORDERERS, "1.4.12", "genesis block"),
        (lose_tls_key, Phase.ORDERERS, "1.4.12", "Failed to load PrivateKey file"),
        (lose_tls_key_of_a_peer, Phase.PEERS, "1.4.12", "error loading TLS key"),
        (lose_tls_key_of_a_peer, Phase.PEERS, "1.0.6", "failed to find any PEM data in key input"),
    ],
)
def test_the_step_ends_at_once_with_the_cause_and_a_replay_mends_it(
    damage: Callable[[Path], None], phase: Phase, release: str, said: str, tmp_path: Path, outcomes: Outcomes
) -> None:
    session = changed(session_of("four-lan-hosts"), ("fabric",), release)
    with site_for(session, tmp_path) as site:
        before = list(Phase)[list(Phase).index(phase) - 1]
        assert errors(site.replay(until=before)) == []
        damage(site.hosts.folder("a") / f"fs/opt/fabwiz/{session.name}")
        with site.run() as run:
            execute(run, phases_until(Phase.PREFLIGHT))
            run.logs.start()
            outcome = execute(run, [spec for spec in phases_until() if spec.phase is phase])

        assert failed_phase(outcome) == phase
        (failure,) = outcome.failures
        assert outcome.seconds < min(session.timeouts.orderers, session.timeouts.peers) / 3
        assert said in f"{failure.error.message} {failure.error.cause}"
        assert failure.error.remedy

        mended = site.replay(until=phase)
        assert errors(mended) == []
    fault = f"damaged on a host, Fabric {release}: {damage.__name__.replace('_', ' ')}"
    end = f"mended by a replay, which changed {mended.changed} of {mended.changed + mended.unchanged} steps"
    outcomes.note(fault, f"stopped in {phase}: {failure.error.message}", outcome.seconds, end)
