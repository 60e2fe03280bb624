"""gRPC servers of nodes: where they listen, and their TLS from mounted files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from fabwiz.remote.rehearsal.containers.context import Context, Exit

_STREAMS = 256
"""Calls at once; a Deliver that waits for blocks holds one."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 100 << 20),
    ("grpc.max_send_message_length", 100 << 20),
    # clients ping when they like; grpc-go of Fabric allows one a minute
    ("grpc.http2.min_ping_interval_without_data_ms", 60_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class TlsProblem(Exception):
    """A TLS file cannot be read (`kind`: certificate, key or root; the message is Go's), or the two make no `pair`."""

    def __init__(self, kind: str, inside: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.inside = inside


class TlsFiles:
    """Paths inside the container, and how to read them. Raises TlsProblem."""

    def __init__(self, context: Context, key: str, certificate: str, roots: Sequence[str], base: str) -> None:
        self.certificate = self._read(context, "certificate", certificate, base)
        self.key = self._read(context, "key", key, base)
        self.roots = b"".join(self._read(context, "root", root, base) for root in roots)
        self._check_pair(key, certificate)

    def _check_pair(self, key: str, certificate: str) -> None:
        try:
            own = x509.load_pem_x509_certificate(self.certificate).public_key()
        except ValueError as error:
            raise TlsProblem("pair", certificate, "tls: failed to find any PEM data in certificate input") from error
        try:
            mine = serialization.load_pem_private_key(self.key, None).public_key()
        except ValueError as error:
            raise TlsProblem("pair", key, "tls: failed to find any PEM data in key input") from error
        if mine != own:
            raise TlsProblem("pair", key, "tls: private key does not match public key")

    @staticmethod
    def _read(context: Context, kind: str, inside: str, base: str) -> bytes:
        path: Path = context.path(inside, base)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise TlsProblem(kind, inside, f"open {inside}: no such file or directory") from None
        except OSError as error:
            raise TlsProblem(kind, inside, f"read {inside}: {(error.strerror or '').lower()}") from error


def serve(
    context: Context, port: int, listen_on: str, tls: TlsFiles | None, register: Callable[[grpc.Server], None]
) -> grpc.Server:
    """Start a server on a container port. `listen_on` 127.0.0.1 is seen by nobody outside. Raises Exit."""
    server = grpc.server(ThreadPoolExecutor(_STREAMS, thread_name_prefix=context.name), options=_OPTIONS)
    register(server)
    addresses = context.addresses(port)
    if listen_on in ("127.0.0.1", "localhost"):
        addresses = addresses[:1]
    for address, number in addresses:
        try:
            if tls:
                credentials = grpc.ssl_server_credentials([(tls.key, tls.certificate)])
                bound = server.add_secure_port(f"{address}:{number}", credentials)
            else:
                bound = server.add_insecure_port(f"{address}:{number}")
        except RuntimeError:
            bound = 0
        if not bound:
            raise Exit(2, f"panic: Failed to listen: listen tcp 0.0.0.0:{number}: bind: address already in use")
    server.start()
    return server
