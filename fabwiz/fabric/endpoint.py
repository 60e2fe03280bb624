"""A connection to one node through a local forward, with TLS as the node's own name demands."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

# gRPC's C core writes failed handshakes to stderr, in the middle of whatever is drawn there; we raise them
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

MAX_MESSAGE = 100 << 20
"""Bytes a message at most: what peers and orderers of 1.x take and send (core/comm/config.go)."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.enable_http_proxy", 0),  # the way leads through our own forward, whatever the environment says
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    # servers of 1.0 hang up on pings more frequent than 5 minutes (grpc-go's default), later ones than 1 minute
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # a node that just started is to be seen at once, not after gRPC's two minutes
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),
)


class Endpoint:
    """A node, reached at `target` (`127.0.0.1:port`), known by its name: `peer0.org1.example.com`.

    With `ca_pem` (one or more PEM certificates) the node must show a certificate for its name from one of them;
    with `None` the connection is plain (`tls: false`). One gRPC channel, opened when it is first needed, used by any
    number of threads, ended by `close`.
    """

    def __init__(
        self, name: str, target: str, ca_pem: bytes | None, obstacle: Callable[[], str | None] = lambda: None
    ) -> None:
        """`obstacle` tells, after a failed call, what is known to be in the way between here and the node."""
        self.name = name
        self.target = target
        self.obstacle = obstacle
        self._ca = ca_pem
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None

    @property
    def channel(self) -> grpc.Channel:
        """The open gRPC channel."""
        with self._lock:
            if self._channel is None:
                self._channel = self._open()
            return self._channel

    def close(self) -> None:
        """End the connection, and every call on it. Using the endpoint again opens a new one."""
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Endpoint({self.name} at {self.target})"

    def _open(self) -> grpc.Channel:
        options = [*_OPTIONS, ("grpc.default_authority", self.name)]
        if self._ca is None:
            return grpc.insecure_channel(self.target, options)
        options.append(("grpc.ssl_target_name_override", self.name))
        return grpc.secure_channel(self.target, grpc.ssl_channel_credentials(root_certificates=self._ca), options)


def tls_roots(msp_dir: Path) -> bytes:
    """All TLS CA certificates of an organization's `msp` folder (`tlscacerts/*.pem`), for `Endpoint`'s `ca_pem`.

    Raises FileNotFoundError, naming the folder, where there are none.
    """
    found = sorted((msp_dir / "tlscacerts").glob("*.pem"))
    if not found:
        raise FileNotFoundError(f"{msp_dir / 'tlscacerts'}: no TLS CA certificate; generate the artifacts first")
    return b"\n".join(path.read_bytes() for path in found)
