"""The phases of a deployment, in order. One file a phase lies in `fabwiz.deploy.phases`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fabwiz.deploy.step import Step
from fabwiz.session.network import Network


class Phase(StrEnum):
    """Names as `--until` takes them and events carry them."""

    PREFLIGHT = "preflight"
    GENERATE = "generate"
    DISTRIBUTE = "distribute"
    IMAGES = "images"
    ZOOKEEPER = "zookeeper"
    KAFKA = "kafka"
    ORDERERS = "orderers"
    PEERS = "peers"
    CHANNELS = "channels"
    ANCHORS = "anchors"
    CHAINCODE = "chaincode"
    CHECK = "check"


DOWN = "down"
"""The one phase of taking a network away."""

Stage = Sequence[Step]
"""Steps that need not wait for one another; those of one host still run in turn."""


@dataclass(frozen=True, slots=True)
class PhaseSpec:
    """A phase: its stages run one after the other, and a stage with failures is the phase's last."""

    phase: str
    """A `Phase`, or the name of another command that runs steps, such as `down`."""
    title: str
    why: str
    """A sentence for an operator who sees this for the first time."""
    stages: Callable[[Network], Iterable[Stage]]
    may_pass_over: bool = False
    """Whether nothing builds on its steps, so that an operator may go on without a failed one."""
