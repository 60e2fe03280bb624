"""Asking the ordering service: any orderer that serves will do, so one that is down does not matter."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.phases.probes import at_once
from fabwiz.deploy.run import Run, Seen
from fabwiz.fabric.errors import FabricError, NotFound, ServiceUnavailable, TimedOut, TlsRefused, Unreachable
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.remote.connection import RemoteError
from fabwiz.session.network import Node

T = TypeVar("T")

_GRACE = 5.0
"""Seconds that an orderer may be away before the others are enough."""

_SERVING = 10.0
"""Seconds that orderers get to serve a channel after they serve the system channel."""


def on_any_orderer(run: Run, act: Callable[[OrdererClient], T]) -> T:
    """What `act` gives on the first orderer that can be reached and serves; the last one that did is asked first.

    One that does not know what it is asked for may have come back just now, and lag behind the others: they are asked
    too. After a start an orderer serves one channel after the other: while none serves, but one answers, they are asked
    again for some seconds. Raises NotFound when those that answer do not know it either, what the last one raised when
    none serves, and any other refusal at once.
    """
    end = time.monotonic() + (0 if run.dry else _SERVING)
    while True:
        try:
            return _on_any_orderer(run, act)
        except ServiceUnavailable:
            if time.monotonic() >= end:
                raise
            run.asked_to_stop.wait(0.5)
            run.raise_if_stopped()


def _on_any_orderer(run: Run, act: Callable[[OrdererClient], T]) -> T:
    last: Exception = StepFailed("the session has no orderers")
    unknown: NotFound | None = None
    for node in sorted(run.network.orderers, key=lambda one: one is not run.orderer):
        try:
            given = act(run.fabric.orderer(node))
        except (Unreachable, ServiceUnavailable, TimedOut, RemoteError) as error:
            last = error
        except NotFound as error:
            unknown = error
        else:
            run.orderer = node
            return given
    raise unknown or last


def wait_for_orderers(run: Run, probe: Callable[[Node], Seen], limit: float, what: str) -> None:
    """Wait until all orderers that can be reached show what `probe` looks for, and at least one can be.

    Those that cannot, for some seconds, are told as a warning: what they miss they take from Kafka when they are back.
    Raises StepFailed after `limit` seconds, as `Run.wait` does.
    """
    begun = time.monotonic()
    answering = list(run.network.orderers)
    away: dict[str, str] = {}

    def ask(node: Node) -> Seen | None:
        try:
            return probe(node)
        except TlsRefused as error:
            return Seen(False, error.message)
        except (Unreachable, TimedOut, RemoteError) as error:
            away[node.name] = error.message
            return None
        except (FabricError, OSError) as error:
            return Seen(False, str(error).removeprefix(f"{node.name}: "))

    def look() -> Seen:
        away.clear()
        nodes = run.network.orderers
        seen = list(zip(nodes, at_once(nodes, ask), strict=True))
        # what is known to be fatal for one that is gone does not matter to the others
        answering[:] = [node for node, one in seen if one]
        behind = [f"{node.name}: {one.text}" for node, one in seen if one and not one.enough]
        gone = [f"{name}: {why}" for name, why in away.items()]
        patient = time.monotonic() - begun < _GRACE and not away.keys() <= run.orderers_away
        waits = bool(gone) and (not answering or patient)
        return Seen(not behind and not waits, "; ".join([*behind, *gone]))

    run.wait(look, limit, what, answering)
    for node in run.network.orderers:
        if node.name in away and node.name not in run.orderers_away:
            why = f"{node.name} does not answer ({away[node.name]})"
            run.emit(Kind.LOG, host=node.host, message=f"{why}; the others are enough for now: bring it back")
    run.orderers_away = set(away)
