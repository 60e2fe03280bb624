"""A host that goes away in the middle of every phase that touches hosts, one phase after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.lab.site import audit
from tests.lab.site.mishaps import Disturbed, begun
from tests.lab.site.sessions import small
from tests.lab.site.sites import Site, Sites
from tests.lab.site.workstation import Outcome
from tests.outcomes import Outcomes

pytestmark = pytest.mark.timeout(2400)

VICTIM = "b"
PHASES = (
    "preflight", "distribute", "images", "zookeeper", "kafka", "orderers", "peers", "channels", "anchors",
    "chaincode", "check",
)  # fmt: skip
FAULTS = ("crash", "cut", "reboot", "freeze")
SILENCE = 25.0
"""Seconds that a cable stays cut, or a host frozen. A dead connection is noticed within 15 s."""
LONGEST = 320.0
"""Seconds until a step gives up: the lab's patience, and what it takes to say so."""
TURNS = range(1) if os.environ.get("FABWIZ_LAB_FAULTS") == "half" else range(2)
"""One turn gives each phase two of the faults, both turns all four."""


@pytest.fixture(scope="module", params=TURNS, ids=lambda turn: f"turn{turn}")
def turn(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def lan(site: Sites, turn: int) -> Iterator[Site]:
    with site(small(2)) as lan:
        yield lan


def pairs(turn: int) -> Iterator[tuple[str, str]]:
    """What happens in each phase: something loud, then something silent."""
    for number, phase in enumerate(PHASES):
        for fault in FAULTS[2:] if (number + turn) % 2 else FAULTS[:2]:
            yield phase, fault


def happen(lan: Site, phase: str, fault: str) -> tuple[Disturbed, Outcome]:
    """Run up to and with a phase, in which something happens to the victim."""
    host = lan.hosts[VICTIM]
    silent = {"cut": host.cut, "freeze": host.frozen}.get(fault)

    def do() -> None:
        if silent is None:
            host.crash() if fault == "crash" else host.reboot()
            return
        with ExitStack() as until_then:
            with run.held():
                until_then.enter_context(silent())
            run.wait(SILENCE)

    run = Disturbed(lan.station, "--until", phase, at=begun(phase), then=do)
    return run, run.outcome()


def private_keys(lan: Site) -> dict[str, bytes]:
    folder = lan.station.workspace.crypto_config
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): data for path in files if b"PRIVATE KEY" in (data := path.read_bytes())}


def test_every_phase_survives_and_is_taken_up(lan: Site, turn: int, outcomes: Outcomes) -> None:
    """Every run begins where the one before was stopped, so that it is a resume, too."""
    keys: dict[str, bytes] = {}
    for phase, fault in pairs(turn):
        run, outcome = happen(lan, phase, fault)

        assert run.happened, f"{phase} was not reached again after what happened before: {outcome.story}"
        assert outcome.code in (0, 1, 3), f"{phase}, {fault}: {outcome.story}"
        assert "Traceback" not in outcome.stderr
        if outcome.code == 0:
            only_looked = outcome.summary["status"] == "skipped"
            did, noticed = "found all in place" if only_looked else "waited, and ended well", None
        else:
            failed = outcome.steps("failed")
            assert failed, f"{phase}, {fault}: {outcome.story}"
            where = f"{phase}, {fault}: {failed}"
            assert any(VICTIM in (step.get("host"), *_names(lan, step)) for step in failed), where
            assert all(step["message"] and step["seconds"] <= LONGEST for step in failed), where
            assert (outcome.code == 3) == (failed[0]["phase"] == "preflight"), where
            did, noticed = f"stopped in {failed[0]['phase']}: {failed[0]['message']}", run.noticed
        print(f"{phase}, {fault}: {outcome.seconds:.0f} s, {did}", flush=True)
        outcomes.note(f"{fault} of a host in {phase}", did, noticed, "taken up by the next replay")
        made = private_keys(lan)
        assert keys.items() <= made.items(), f"keys were made anew after {fault} in {phase}"
        keys = made
    lan.hosts[VICTIM].ok("docker", "version")


def _names(lan: Site, step: dict[str, str]) -> list[str]:
    """Hosts whose nodes, or which themselves, a message names."""
    said = f"{step.get('message', '')} {step.get('remedy', '')}"
    return [node.host for node in lan.network.nodes if node.name in said] + [
        name for name in lan.hosts if f"host {name}" in said
    ]


def test_the_end_is_that_of_an_undisturbed_run(lan: Site, outcomes: Outcomes) -> None:
    keys = private_keys(lan)
    lan.station.succeeds("replay")
    again = lan.station.succeeds("replay")

    assert again.summary["status"] == "skipped", again.story
    assert private_keys(lan) == keys
    for name, host in lan.hosts.items():
        remote_dir = lan.network.hosts[name].remote_dir
        assert audit.placed(host, remote_dir) == (audit.promised(lan.station.workspace, name), [])
    heights = [event for event in lan.station.succeeds("status").events if "channel" in event]
    # block 0, two of anchors, one that starts the chaincode, one that invokes it
    assert [event["heights"] for event in heights] == [{peer.name: 5 for peer in lan.network.peers}]
    assert lan.neighbours.disturbed() == []
