"""`kill -9` at random moments of whole runs, each followed by a resume: always the end of an undisturbed run.

FABWIZ_KILLS says how many, FABWIZ_SEED repeats those of an earlier time.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from itertools import compress, product
from pathlib import Path

import pytest

from tests.deploy.disturbed import WholeRun, pair
from tests.deploy.end_state import check_end_state, keys, made, nothing_torn, records, torn, unfinished
from tests.deploy.sites import Site, site_for
from tests.outcomes import Outcomes

pytestmark = [pytest.mark.kills, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("FABWIZ_KILLS", "12"))
A_DEPLOYMENT = 20
"""Kills of one deployment at most, from nothing to the end."""
SHARES = [min(A_DEPLOYMENT, KILLS - done) for done in range(0, KILLS, A_DEPLOYMENT)]
PHASES = (
    "preflight", "generate", "distribute", "images", "zookeeper", "kafka", "orderers", "peers", "channels",
    "anchors", "chaincode", "check",
)  # fmt: skip
LONGEST = 0.6
"""Seconds after the beginning of a phase: more than any takes here."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Every file with its mode, as a run leaves them that nothing happens to."""
    with site_for(pair(), tmp_path_factory.mktemp("undisturbed")) as site:
        finish(site)
        check_end_state(site)
        return made(site)


def finish(site: Site) -> WholeRun:
    with WholeRun(site) as run:
        assert run.finish() == 0, run.story
        return run


def killed(site: Site, phase: str, delay: float) -> str | None:
    """Run, and kill it so long after a phase has begun. The phase that it was in; None: it had ended well before."""
    with WholeRun(site) as run:
        assert run.until(phase), f"{phase} was not reached: {run.story}"
        time.sleep(delay)
        run.process.send_signal(signal.SIGKILL)
        code = run.finish()
        assert code in (0, -signal.SIGKILL), run.story
        return run.phase if code else None


@pytest.mark.parametrize("deployment", range(len(SHARES)))
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(
    deployment: int,
    undisturbed: dict[str, int],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    outcomes: Outcomes,
) -> None:
    seed = int(os.environ.get("FABWIZ_SEED") or random.SystemRandom().randrange(10**6))
    print(f"FABWIZ_SEED={seed}")
    dice = random.Random(seed + deployment)
    survived = Counter[tuple[str, bool, bool]]()
    lines = 0
    with site_for(pair(), tmp_path) as site:
        had: dict[Path, bytes] = {}
        # in the order of the phases, so that every run gets further than the one before
        for number in sorted(dice.choices(range(len(PHASES)), k=SHARES[deployment])):
            delay = dice.uniform(0, LONGEST)
            while not (phase := killed(site, PHASES[number], delay)):  # all was done already
                delay /= 3
            before, lines = lines, torn(site)
            files = any(unfinished(path) for path in site.workspace.root.rglob("*"))
            survived[phase, lines > before, files] += 1
            now = keys(site)
            assert had.items() <= now.items(), f"keys were made anew after a kill in {PHASES[number]}"
            had = now
            records(site)
            nothing_torn(site)

        finish(site)

        assert finish(site).summary.startswith("pair: nothing to change")
        assert had.items() <= keys(site).items()
        assert made(site) == undisturbed
        check_end_state(site)
    record_property("kills survived", survived.total())
    end = f"as undisturbed: {len(undisturbed)} files and folders with their modes, {len(had)} keys"
    for phase, line, files in product(PHASES, (False, True), (False, True)):
        left = " and ".join(compress(("a torn line of the journal", "unfinished files"), (line, files)))
        did = f"went on when run again; the kill left {left or 'nothing unfinished'}"
        outcomes.note(f"`kill -9` in {phase}", did, None, end, survived[phase, line, files])
