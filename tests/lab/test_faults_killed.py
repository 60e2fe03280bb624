"""`kill -9` of fabwiz at fifty moments, each followed by a resume: always the same end, and nothing done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from fabwiz.deploy.journal import Journal
from tests.lab.site import audit
from tests.lab.site.client import Client
from tests.lab.site.mishaps import Disturbed, begun
from tests.lab.site.sessions import small
from tests.lab.site.sites import Site, Sites
from tests.outcomes import Outcomes

pytestmark = pytest.mark.timeout(2400)

SEED = int(os.environ.get("FABWIZ_LAB_SEED") or random.SystemRandom().randrange(10**6))
FROM_NOTHING = 20
LATER = (8, 8, 7, 7)
"""Kills while a channel is added to a network that runs: with its creation, its joins and its transactions."""
PHASES = (
    "preflight", "generate", "distribute", "images", "zookeeper", "kafka", "orderers", "peers", "channels",
    "anchors", "chaincode", "check",
)  # fmt: skip
LATER_PHASES = ("generate", "channels", "anchors", "chaincode", "check")
LONGEST = 1.5
"""Seconds after the beginning of a phase at most."""


def moments(dice: random.Random, count: int, phases: Sequence[str]) -> list[tuple[str, float]]:
    """In the order of the phases, so that every run gets further than the one before."""
    chosen = sorted(dice.choices(range(len(phases)), k=count))
    return [(phases[number], round(dice.uniform(0, LONGEST), 3)) for number in chosen]


@pytest.fixture(scope="module")
def lan(site: Sites) -> Iterator[Site]:
    with site(small(2)) as lan:
        yield lan


def killed(lan: Site, phase: str, delay: float) -> bool:
    """Run, and kill it so many seconds after a phase has begun. False: it was quicker, and ended well."""

    def kill() -> None:
        time.sleep(delay)
        run.process.send_signal(signal.SIGKILL)

    run = Disturbed(lan.station, at=begun(phase), then=kill)
    outcome = run.outcome()
    assert run.happened, f"{phase} was not reached: {outcome.story}"
    assert outcome.code in (0, -signal.SIGKILL), outcome.story
    return outcome.code != 0


def keys(lan: Site) -> dict[str, bytes]:
    """Private keys at their final places."""
    folder = lan.station.workspace.crypto_config
    return {
        str(path): data
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        if b"PRIVATE KEY" in (data := path.read_bytes())
    }


def test_fifty_kills_and_always_the_same_end(lan: Site, outcomes: Outcomes) -> None:
    print(f"FABWIZ_LAB_SEED={SEED}")
    dice = random.Random(SEED)
    kills = Counter[str]()
    channels = ["mychannel"]
    had: dict[str, bytes] = {}
    for number, count in enumerate((FROM_NOTHING, *LATER)):
        if number:
            channels.append(f"later{number}")
            lan.station.write(small(2, channels))
        for phase, delay in moments(dice, count, LATER_PHASES if number else PHASES):
            while not killed(lan, phase, delay):  # its work was done already
                delay /= 3
            kills[phase] += 1
            made = keys(lan)
            assert had.items() <= made.items(), f"keys were made anew after a kill in {phase}"
            had = made
        lan.station.succeeds("replay")
        same_end(lan, channels)
    assert kills.total() == FROM_NOTHING + sum(LATER)
    for phase in PHASES:
        outcomes.note(f"fabwiz killed in {phase}", "-", None, "as undisturbed, nothing twice", kills[phase])


def same_end(lan: Site, channels: Sequence[str]) -> None:
    """What an undisturbed run would have left."""
    again = lan.station.succeeds("replay")
    assert again.summary["status"] == "skipped", again.story

    asked = lan.station.succeeds("status").events
    assert {row["state"] for row in asked if "node" in row} == {"running"}
    # block 0, two of anchors, one that starts the chaincode, one that invokes it
    five = {peer.name: 5 for peer in lan.network.peers}
    assert {row["channel"]: row["heights"] for row in asked if "channel" in row} == dict.fromkeys(channels, five)
    with Client(lan) as client:  # the system channel: block 0, and one for each channel that was created
        network, workspace = lan.network, lan.station.workspace
        admin = client.admin_of_orderers()
        assert client.orderer(0).height(network.session.system_channel, admin) == 1 + len(channels)

    sent = {(record["check"], record["tx"]) for record in Journal(workspace.journal).records("check-sent")}
    assert len(sent) == len({check for check, _ in sent}) == len(channels), sent
    for name, host in lan.hosts.items():
        remote_dir = network.hosts[name].remote_dir
        assert audit.placed(host, remote_dir) == (audit.promised(workspace, name), [])
        assert audit.strays(host, remote_dir) == []
        assert set(audit.private_keys(host)) == audit.keys_of_nodes(network, workspace, name)
    assert lan.neighbours.disturbed() == []
