"""Asking the ordering service: any orderer that serves will do, so one that is down does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.run import Run
from fabwiz.fabric.errors import FabricError, ServiceUnavailable, TimedOut, Unreachable
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.remote.connection import RemoteError

T = TypeVar("T")


def on_any_orderer(run: Run, act: Callable[[OrdererClient], T]) -> T:
    """What `act` gives on the first orderer that can be reached and serves.

    Raises what the last one raised when none does; any other refusal at once.
    """
    last: Exception = StepFailed("the session has no orderers")
    for node in run.network.orderers:
        try:
            return act(run.fabric.orderer(node))
        except (Unreachable, ServiceUnavailable, TimedOut, RemoteError) as error:
            last = error
        except FabricError:
            raise
    raise last
