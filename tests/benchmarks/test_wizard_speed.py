"""The wizard with 500 hosts: a key, a step, all of a session. Prints; run with `-m benchmark -s`.

Times are of one run on one machine; what is asserted is that nothing grows out of proportion with the session.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from screens.app import WizardApp
from screens.steps.catalogue import STEPS
from screens.wizard import WizardScreen


def session_text(hosts: int) -> str:
    """A session with a peer on every host."""
    lines = ["fabwiz: 1", "name: large", 'fabric: "1.4.12"', "hosts:"]
    lines += [f"  h{number}: 198.51.{number // 250}.{number % 250 + 1}" for number in range(hosts)]
    lines += ["zookeeper: {zk1: h0, zk2: h1, zk3: h2}", "kafka: {k1: h0, k2: h1, k3: h2, k4: h3}"]
    lines += ["orderers: {orderer1: h0, orderer2: h1}", "organizations:"]
    for number in range(hosts // 20):
        peers = ", ".join(f"peer{peer}: h{number * 20 + peer}" for peer in range(20))
        lines.append(f"  Org{number}: {{domain: org{number}.example.com, peers: {{{peers}}}, anchors: [peer0]}}")
    lines += ["channels:", "  all: {organizations: [Org0]}"]
    return "\n".join(lines) + "\n"


class Timed(WizardApp):
    """Knows when it last painted."""

    painted = 0.0

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        self.painted = time.perf_counter()


async def opened(app: WizardApp, pilot: Pilot[int]) -> WizardScreen:
    while not (isinstance(app.screen, WizardScreen) and app.screen.query("Basics")):
        await pilot.pause(0.02)
    await pilot.pause(0.3)
    return app.screen


def measured(hosts: int, folder: Path) -> dict[str, float]:
    """Milliseconds: p95 from a key to the paint that shows it, CPU of the slowest step at its first and later visits.

    Later visits are the median of five: a collection of all of Python's garbage (100 ms and more, the more the longer
    this process has run) falls into one of them, and says nothing of the step.
    """
    path = folder / f"of{hosts}.yaml"
    path.write_text(session_text(hosts), encoding="utf-8")

    async def run() -> dict[str, float]:
        app = Timed(path)
        async with app.run_test(size=(120, 40)) as pilot:
            wizard = await opened(app, pilot)
            keys = []
            for letter in "abcdefghijklmnopqrstuvwxyz" * 2:
                before = time.perf_counter()
                app.post_message(events.Key(letter, letter))
                while app.painted < before:
                    await asyncio.sleep(0.001)
                keys.append((app.painted - before) * 1000)
                await asyncio.sleep(0.03)
            visits: dict[str, list[float]] = {step.KEY: [] for step in STEPS[::-1]}
            for _ in range(6):
                for key, times in visits.items():
                    before = time.thread_time()  # CPU: others may be at work on the machine
                    await wizard.go_to(key)
                    times.append((time.thread_time() - before) * 1000)
                    await pilot.pause(0.1)
            return {
                "key p95": statistics.quantiles(keys, n=20)[-1],
                "key median": statistics.median(keys),
                "first visit": max(times[0] for times in visits.values()),
                "later visit": max(statistics.median(times[1:]) for times in visits.values()),
            }

    return asyncio.run(run())


@pytest.mark.benchmark
@pytest.mark.timeout(300)
def test_a_key_and_a_step_with_500_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    small, large = measured(20, tmp_path), measured(500, tmp_path)
    with capsys.disabled():
        print(f"\n{'wizard, ms':<14}{'20 hosts':>10}{'500 hosts':>11}{'ratio':>8}")
        for name in small:
            print(f"{name:<14}{small[name]:>10.1f}{large[name]:>11.1f}{large[name] / small[name]:>8.1f}")
    assert large["key median"] < 25 * small["key median"]
    assert large["later visit"] < 25 * small["later visit"]
