"""Rehearsal hosts: processes on this machine that stand in for real ones.

A host is a real SSH server on a loopback address with a scratch folder as its file system, a stand-in for docker
and compose, and stand-ins for ZooKeeper, Kafka, orderers and peers. Wherever it shows, it says 'rehearsal'.
"""

from __future__ import annotations

from fabwiz.remote.rehearsal.errors import RehearsalError
from fabwiz.remote.rehearsal.fleet import Rehearsal

__all__ = ["Rehearsal", "RehearsalError"]
