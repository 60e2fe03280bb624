"""Telling rehearsal hosts from real ones."""

from __future__ import annotations

from fabwiz.deploy.host_probe import Probe
from fabwiz.rules.addresses import is_loopback
from fabwiz.session.network import Host


def is_stand_in(host: Host, probe: Probe) -> bool:
    """Whether it is one, which has a loopback address, shares this machine's ports, and says what it is."""
    return host.address is not None and is_loopback(host.address) and "rehearsal" in probe.values.get("engine", "")
