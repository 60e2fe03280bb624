"""Ready or not: findings in full, what there is, and what the loss of each host means."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.editing.consequences import sentences
from fabwiz.editing.draft import Settled
from fabwiz.session.findings import Finding
from fabwiz.session.network import Network
from screens.marks import marks
from screens.widgets.lines import Line

_MOST = 100
"""Findings that are told in full; nobody reads more before mending some."""


def lines(settled: Settled) -> Iterator[Line]:
    """All of it."""
    signs = marks()
    errors = sum(finding.blocks for finding in settled.findings)
    warnings = len(settled.findings) - errors
    if errors:
        yield [(f"{signs.error} Not ready: {_count(errors, 'error')} to mend first.", "bad"), (" F2 leads there.", "")]
    elif settled.valid:
        told = f" {_count(warnings, 'warning')}." if warnings else ""
        yield [(f"{signs.done} Ready to run.", "good"), (told, "")]
    ordered = sorted(settled.findings, key=lambda finding: not finding.blocks)
    for finding in ordered[:_MOST]:
        yield _finding(finding)
    if len(ordered) > _MOST:
        yield [(f"  and {len(ordered) - _MOST} more", "dim")]
    network = settled.network
    if network is None:
        return
    yield []
    yield [(f"{network.name}: ", "head"), (f"Fabric {network.session.fabric}, {_parts(network)}", "")]
    yield []
    if losses := sentences(network):
        yield [("If a host is lost", "head")]
    for one in losses:
        yield [
            (f"  {signs.done if one.harmless else signs.warning} ", "good" if one.harmless else "warn"),
            (one.text, ""),
        ]


def _finding(finding: Finding) -> Line:
    signs = marks()
    sign = (signs.error, "bad") if finding.blocks else (signs.warning, "warn")
    line = f", line {finding.line}" if finding.line else ""
    where = (f"  (at {finding.dotted}{line})", "dim") if finding.dotted else ("", "")
    return [("  ", ""), sign, (f" {' '.join(finding.message.split())}", ""), where]


def _parts(network: Network) -> str:
    return ", ".join(
        (
            _count(len(network.hosts), "host"),
            _count(len(network.zookeeper), "ZooKeeper server"),
            _count(len(network.kafka), "broker"),
            _count(len(network.orderers), "orderer"),
            f"{_count(len(network.peers), 'peer')} of {_count(len(network.organizations), 'organization')}",
            _count(len(network.channels), "channel"),
            _count(len(network.chaincodes), "chaincode"),
        )
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
