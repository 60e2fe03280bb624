"""Two operators with the same keys, at the same hosts, at the same time."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fabwiz.deploy.operator import operator
from tests.lab.site import audit
from tests.lab.site.mishaps import Disturbed, begun
from tests.lab.site.sessions import small
from tests.lab.site.sites import Sites
from tests.lab.site.workstation import Outcome
from tests.outcomes import Outcomes

pytestmark = pytest.mark.timeout(900)

DELAY_MS = 200


def test_the_second_waits_or_takes_over_on_slow_lines(site: Sites, outcomes: Outcomes, tmp_path: Path) -> None:
    refused: list[Outcome] = []
    taken: list[Outcome] = []
    with site(small(2)) as lan, ExitStack() as slow:
        lan.station.succeeds("replay", "--until", "generate")
        colleague = lan.station.handed_on(tmp_path)
        for host in lan.hosts.values():
            slow.enter_context(host.delayed(DELAY_MS))

        def meet() -> None:
            refused.append(colleague.fabwiz("replay"))
            taken.append(colleague.fabwiz("replay", "--take-over"))

        run = Disturbed(lan.station, at=begun("zookeeper"), then=meet)
        first = run.outcome()

        assert refused[0].code == 4, refused[0].story
        assert not refused[0].steps("done"), "it only looked"
        assert f"process {run.process.pid}" in refused[0].stderr
        outcomes.note("another operator at work", words(refused[0]), refused[0].seconds, "nothing changed")

        assert taken[0].code == 0, taken[0].story
        assert first.code == 4, first.story
        said = [event for event in taken[0].events if "the lease is taken over from" in event.get("message", "")]
        assert {event["host"] for event in said} == set(lan.hosts)
        noticed = moment(first.summary) - moment(said[0])
        outcomes.note(
            f"taken over by another operator, {DELAY_MS} ms away",
            words(first), noticed, "whole, by the other's run",
        )  # fmt: skip

        slow.close()
        again = colleague.succeeds("replay")
        assert again.summary["status"] == "skipped", again.story
        for name, host in lan.hosts.items():
            remote_dir = lan.network.hosts[name].remote_dir
            assert audit.placed(host, remote_dir) == (audit.promised(colleague.workspace, name), [])
            assert host.sh("test", "-e", f"{remote_dir}/.fabwiz-lease").code != 0, "given back"
        assert lan.neighbours.disturbed() == []


def words(outcome: Outcome) -> str:
    """What it said at its end, of whoever runs these tests."""
    return str(outcome.summary["message"]).replace(operator(), "somebody@desk")


def moment(event: dict[str, Any]) -> float:
    """When it was, in seconds since 1970."""
    return datetime.fromisoformat(event["time"]).timestamp()
