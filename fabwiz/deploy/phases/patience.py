"""Waiting for the nodes of the ordering service: for all of them, or for enough where the network has run before."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from fabwiz.deploy.events import Kind
from fabwiz.deploy.run import Run, Seen
from fabwiz.session.network import Node

_GRACE = 10.0
"""Seconds in which a container that has just been started may end and start again."""


def wait_for_enough(
    run: Run, nodes: Sequence[Node], look: Callable[[], Mapping[str, str]], limit: float, what: str
) -> list[str]:
    """Wait until `look` finds nothing amiss, which it tells by node name; return the names of those gone without.

    Those are told as a warning each: nodes whose hosts do not answer, whose containers do not stay up, or that have
    not come in half of `limit` seconds, as long as the network has run before and can do without them. A line that is
    known to be fatal ends the wait at once: there is a remedy, and it should be taken. Raises StepFailed as `Run.wait`
    does.
    """
    begun = time.monotonic()
    amiss: Mapping[str, str] = {}
    watched = [node for node in nodes if node.host not in run.hosts_away]

    def probe() -> Seen:
        nonlocal amiss
        amiss = look()
        gone = [node for node in nodes if node.name in amiss]
        enough = run.can_lose(gone)
        given_up = enough and _are_given_up(run, gone, time.monotonic() - begun, limit)
        return Seen(not gone or given_up, "; ".join(f"{name}: {why}" for name, why in amiss.items()))

    run.wait(probe, limit, what, watched)
    for node in nodes:
        if node.name in amiss and node.host not in run.hosts_away:
            message = f"{node.name} is missing ({amiss[node.name]}); the others are enough for now: bring it back"
            run.emit(Kind.LOG, host=node.host, message=message)
    return list(amiss)


def _are_given_up(run: Run, gone: Sequence[Node], passed: float, limit: float) -> bool:
    reachable = [node for node in gone if node.host not in run.hosts_away]
    if not reachable or run.dry or passed > limit / 2:
        return True
    return passed > min(_GRACE, limit / 4) and run.not_running(reachable).keys() == {node.name for node in reachable}


def all_but(what: str, total: int, without: Sequence[str]) -> str:
    """`all 4 brokers are registered`, `3 of 4 brokers are registered, without kafka4`; `what` begins with the noun."""
    if not without:
        return f"all {total} {what}"
    return f"{total - len(without)} of {total} {what}, without {', '.join(without)}"
