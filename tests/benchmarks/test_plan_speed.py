"""How the time of a plan grows with the network. Prints; run with `-m benchmark -s`."""

from __future__ import annotations

import time

import pytest

from fabwiz.deploy.plan import plan
from fabwiz.session.network import Network
from tests.benchmarks.test_rules_speed import network_of


def seconds(network: Network) -> float:
    """CPU time, the best of three: others may be at work on the machine."""
    times = []
    for _ in range(3):
        start = time.process_time()
        plan(network)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.benchmark
def test_a_plan_takes_little_more_a_node_in_a_large_network(capsys: pytest.CaptureFixture[str]) -> None:
    small, large = network_of(50, 150), network_of(200, 600)
    few, many = seconds(small), seconds(large)
    with capsys.disabled():
        print(
            f"\nplan: {len(small.nodes)} nodes {few:.2f} s, {len(large.nodes)} nodes {many:.2f} s, "
            f"ratio {many / few:.1f} for {len(large.nodes) / len(small.nodes):.1f} times the nodes"
        )
    # every host is told of every other, which is little beside the keys: 4 times the nodes take 5 to 6.5 times as long,
    # and 16 times where something looks at all of them for each
    assert many < 10 * few
