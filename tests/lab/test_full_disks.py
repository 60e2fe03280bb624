"""A disk that fills up: while bundles are put in place, while images arrive, and while Docker loads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.lab.site import audit
from tests.lab.site.mishaps import Disturbed, Moment, begun
from tests.lab.site.sessions import small
from tests.lab.site.sites import Site, Sites
from tests.outcomes import Outcomes

VICTIM = "b"
DISK = "3G"


@pytest.fixture(scope="module")
def bare(site: Sites) -> Iterator[Site]:
    """Hosts without images; all that fabwiz puts on the second one lies on a disk that can be filled."""
    archives = next(iter(site.archives.values())).parent
    images = {"source": "load", "archives": str(archives)}
    session = small(2, images=images, remote_dir="/var/lib/docker/fabwiz/lan4")
    with site(session, images="bare", disks={2: DISK}) as bare:
        yield bare


def says(*words: str) -> Moment:
    """A line about the victim."""

    def is_it(event: dict[str, Any]) -> bool:
        said = str(event.get("message"))
        return event["event"] == "log" and event.get("host") == VICTIM and all(word in said for word in words)

    return is_it


@pytest.mark.parametrize(
    ("while_", "moment", "phase"),
    [
        ("bundles are distributed", begun("distribute", "bundle"), "distribute"),
        ("an image is sent", says("sending "), "images"),
        ("Docker loads an image", says("loading into Docker"), "images"),
    ],
)
def test_a_disk_that_fills_up(bare: Site, outcomes: Outcomes, while_: str, moment: Moment, phase: str) -> None:
    host = bare.hosts[VICTIM]

    def fill() -> None:
        with ExitStack() as until_then:
            with run.held():
                until_then.enter_context(host.full_disk())
            run.wait(120)

    run = Disturbed(bare.station, "--until", "images", at=moment, then=fill)
    outcome = run.outcome()

    assert outcome.code == 1, outcome.story
    (failed,) = outcome.steps("failed")
    assert (failed["phase"], failed["host"]) == (phase, VICTIM), failed
    assert "no space left" in failed["message"].lower(), failed
    assert failed.get("remedy"), failed
    outcomes.note(f"disk full while {while_}", f"stopped: {failed['message']}", run.noticed, "taken up, whole")


def test_with_room_again_everything_arrives(bare: Site) -> None:
    """The last test of this module."""
    bare.station.succeeds("replay", "--until", "zookeeper")

    again = bare.station.succeeds("replay", "--until", "zookeeper")
    assert again.summary["status"] == "skipped", again.story
    for name, host in bare.hosts.items():
        remote_dir = bare.network.hosts[name].remote_dir
        assert audit.placed(host, remote_dir) == (audit.promised(bare.station.workspace, name), [])
        assert audit.strays(host, remote_dir) == []
    assert bare.neighbours.disturbed() == []
