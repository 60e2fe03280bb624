"""Transactions that take effect once, however often a run is killed: what is sent lies in the journal first.

Not only the id but the whole signed envelope is kept (it holds no secret). What may have been sent is not made anew
but sent again, byte for byte: peers write no transaction id twice, and whatever a copy would write is what the first
one wrote.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2

from fabwiz.deploy.journal import Journal
from fabwiz.fabric.envelope import transaction_id
from fabwiz.fabric.transaction import response_of

_KIND = "check-sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was, or is about to be, handed in for ordering."""

    check: str
    """Which calls it belongs to, on which incarnation of a channel."""
    call: int
    """Its place among these calls."""
    since: int
    """Number of a block before which it cannot be."""
    envelope: common_pb2.Envelope

    @property
    def tx_id(self) -> str:
        """The transaction's id."""
        return transaction_id(self.envelope.SerializeToString())

    @property
    def answer(self) -> bytes:
        """What the chaincode answered when it was endorsed."""
        return response_of(self.envelope)

    def note(self, journal: Journal) -> None:
        """Write it down, and wait until that is on the disk. Raises OSError when it cannot be."""
        envelope = base64.b64encode(self.envelope.SerializeToString()).decode()
        journal.append(_KIND, check=self.check, call=self.call, tx=self.tx_id, since=self.since, envelope=envelope)


def last_sent(journal: Journal, check: str) -> Sent | None:
    """The last transaction of a check that an earlier run may have sent."""
    found = None
    for record in journal.records(_KIND):
        if record.get("check") == check:
            found = _read(record) or found
    return found


def _read(record: dict[str, Any]) -> Sent | None:
    try:
        envelope = common_pb2.Envelope.FromString(base64.b64decode(record["envelope"], validate=True))
        sent = Sent(str(record["check"]), int(record["call"]), int(record["since"]), envelope)
        return sent if sent.tx_id == record["tx"] else None
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    except Exception:  # protobuf's DecodeError has no stable home
        return None
