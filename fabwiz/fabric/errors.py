"""What Fabric refuses, with its own words, and what is known about it.

Every error carries the node's message; where `fabwiz.diagnose` knows the message, cause and remedy too. Subclasses are
the answers that callers act upon: most of all "it is already so", which counts as done.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from fabwiz.diagnose import Known

# terminal sequences (CSI, OSC), every other control character but line feed and tab, and what reorders or hides text
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


class FabricError(Exception):
    """A node refused, or could not be asked.

    `message` is the node's own text without control characters, `target` the node's name, `status` Fabric's or
    gRPC's status as text (`BAD_REQUEST`, `500`, `UNAVAILABLE`), `known` what the diagnosis table says about it.
    """

    def __init__(self, message: str, *, target: str = "", status: str = "", known: Known | None = None) -> None:
        self.message = printable(message)
        self.target = target
        self.status = status
        self.known = known
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.target}: {self.message}" if self.target else self.message

    @property
    def cause(self) -> str | None:
        """Why it happens, where that is known."""
        return self.known.cause if self.known else None

    @property
    def remedy(self) -> str | None:
        """What to do, where that is known."""
        return self.known.remedy if self.known else None


class AlreadyDone(FabricError):
    """It is already so: the caller's wish is fulfilled."""


class ChannelExists(AlreadyDone):
    """The channel was created before."""


class AlreadyJoined(AlreadyDone):
    """The peer has joined the channel before."""


class AlreadyInstalled(AlreadyDone):
    """A chaincode of that name and version is installed on the peer."""


class AlreadyInstantiated(AlreadyDone):
    """A chaincode of that name (and, for an upgrade, version) runs on the channel."""


class ServiceUnavailable(FabricError):
    """The orderer answers, but does not take envelopes yet: Kafka is not ready for the channel."""


class Forbidden(FabricError):
    """The identity may not do this."""


class NotFound(FabricError):
    """The node does not have what was asked for: channel, block, transaction, chaincode."""


class Unreachable(FabricError):
    """No connection to the node."""


class TlsRefused(Unreachable):
    """There is a connection, but the TLS handshake failed."""


class TimedOut(FabricError):
    """The answer did not come in time."""


class Invalid(FabricError):
    """The transaction was written to a block, but the peers found it invalid. `status` is the validation code."""


_RECOGNIZED: tuple[tuple[type[FabricError], re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (AlreadyJoined, r"LedgerID already exists"),
        (AlreadyInstalled, r"installing chaincode code \S+ ?\(chaincode .* exists\)"),
        (AlreadyInstantiated, r"chaincode exists |chaincode with name '.*' already exists|version already exists for"),
        (
            ChannelExists,
            (
                r"readset expected key \[Group\]\s+/Channel/Application at version 0"
                r"|key \[Group\]\s+/Channel/Application be at version 0"
            ),
        ),
        (
            Forbidden,
            (
                r"access denied|authorization (check|request|for)\b.*(failed|denied)|not an admin"
                r"|policy .*not satisfied|policy evaluation failed|instantiation policy violat"
            ),
        ),
        (
            NotFound,
            (
                r"invalid chain ID|unknown chain ID|channel \S+ not found|looking up the ledger|not found in index"
                r"|no such transaction|could not find chaincode|chaincode \S+ not found|cannot get package for"
            ),
        ),
    )
)
_BY_STATUS: dict[str, type[FabricError]] = {
    "SERVICE_UNAVAILABLE": ServiceUnavailable,
    "FORBIDDEN": Forbidden,
    "NOT_FOUND": NotFound,
}
_TLS = re.compile(r"certificate|hostname verification|peer name .* not in peer", re.I)
_PLAIN = re.compile(r"wrong_version_number|http2 settings|handshake failed|first record does not look like", re.I)


def printable(text: str) -> str:
    """Drop terminal sequences and control characters: whatever a node says is untrusted."""
    return _CONTROL.sub("", text)


def from_answer(message: str, *, target: str, status: str = "") -> FabricError:
    """The right kind of error for what a node answered; `status` is the name of Fabric's status, or its number."""
    from fabwiz.diagnose import diagnose

    kind = next((kind for kind, pattern in _RECOGNIZED if pattern.search(message)), _BY_STATUS.get(status, FabricError))
    text = message or f"answered {status}"
    if status == "BAD_REQUEST" and not message:
        text = "answered BAD_REQUEST without a reason (Fabric 1.0 gives none): the orderer's log has it"
    return kind(text, target=target, status=status, known=diagnose(f"{status} {message}".strip()))


def from_rpc(error: grpc.RpcError, *, target: str, obstacle: str | None = None) -> FabricError:
    """The right kind of error for a failed call: no connection, no valid TLS, no answer in time, or Fabric's own.

    `obstacle`: what is known to be in the way to the node; gRPC itself sees only the near end.
    """
    from fabwiz.diagnose import diagnose

    code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
    details = (error.details() if isinstance(error, grpc.Call) else str(error)) or ""
    if code is grpc.StatusCode.UNAVAILABLE:
        kind, text = (Unreachable, obstacle) if obstacle else _no_connection(details)
        return kind(text, target=target, status=code.name, known=diagnose(details))
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimedOut("no answer in time", target=target, status=code.name, known=diagnose(details))
    return from_answer(details, target=target, status=code.name)


def _no_connection(details: str) -> tuple[type[FabricError], str]:
    if _TLS.search(details):
        return TlsRefused, (
            "TLS refused: its certificate is not from this network's TLS CA, or is for another name. Keys made anew "
            f"over a running network do that. gRPC says: {details}"
        )
    if _PLAIN.search(details):
        return TlsRefused, f"one side speaks TLS and the other does not. gRPC says: {details}"
    if "socket closed" in details.lower():
        return Unreachable, "it hung up: it has just ended, or only one of the two sides speaks TLS"
    return Unreachable, f"no connection: {details}"
