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


class TlsFiles:
    """Paths inside the container, and how to read them. Raises Exit in Go's words."""

    def __init__(self, context: Context, key: str, certificate: str, roots: Sequence[str], base: str) -> None:
        self.key = self._read(context, key, base)
        self.certificate = self._read(context, certificate, base)
        self.roots = b"".join(self._read(context, root, base) for root in roots)
        try:
            own = x509.load_pem_x509_certificate(self.certificate).public_key()
            if serialization.load_pem_private_key(self.key, None).public_key() != own:
                raise Exit(2, "panic: tls: private key does not match public key")
        except ValueError as error:
            raise Exit(2, f"panic: tls: failed to find any PEM data in key or certificate input: {error}") from error

    @staticmethod
    def _read(context: Context, inside: str, base: str) -> bytes:
        path: Path = context.path(inside, base)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise Exit(2, f"panic: open {inside}: no such file or directory") from None
        except OSError as error:
            raise Exit(2, f"panic: read {inside}: {(error.strerror or '').lower()}") from error


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
