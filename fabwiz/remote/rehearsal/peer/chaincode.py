"""Starting and calling user chaincode: what its container would need must be there, its logic is the sample's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from fabwiz.remote.rehearsal.containers.context import Context
from fabwiz.remote.rehearsal.ledger.state import Simulator
from fabwiz.remote.rehearsal.peer import sample
from fabwiz.remote.rehearsal.peer.errors import CallError
from fabwiz.remote.rehearsal.peer.packages import SAMPLE, Package
from fabwiz.session.releases import Release

_BUILD_SECONDS = 0.2
_TIMEOUT = 2.0
"""Seconds until an unreachable peer address shows; the real one waits 5 minutes."""


class _Namespace:
    def __init__(self, simulator: Simulator, namespace: str) -> None:
        self._simulator, self._namespace = simulator, namespace

    def get(self, key: str) -> bytes | None:
        return self._simulator.get(self._namespace, key)

    def put(self, key: str, value: bytes | None) -> None:
        self._simulator.put(self._namespace, key, value)


class Runtime:
    """The chaincode containers of a peer. Raises CallError in Fabric's words."""

    def __init__(self, context: Context, log: Callable[[str], None]) -> None:
        self._context = context
        self._log = log
        self._started: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def call(self, package: Package, simulator: Simulator, arguments: Sequence[bytes], *, init: bool) -> bytes:
        """Start it if need be, and call Init or Invoke; returns the payload."""
        with self._lock:
            if (package.name, package.version) not in self._started:
                self._start(package)
                self._started.add((package.name, package.version))
        stub = _Namespace(simulator, package.name)
        return sample.init(stub, arguments) if init else sample.invoke(stub, arguments)

    def _start(self, package: Package) -> None:
        context = self._context
        front = "error starting container: "
        endpoint = context.setting("CORE_VM_ENDPOINT", "unix:///var/run/docker.sock")
        socket = endpoint.removeprefix("unix://")
        if endpoint.startswith("unix://") and not any(
            socket == target or socket.startswith(target + "/") for target in context.mounts
        ):
            raise CallError(
                f"{front}Post http://unix.sock/containers/create: dial unix {socket}: connect: no such file or "
                "directory"
            )
        builder = context.setting("CORE_CHAINCODE_BUILDER", _default_builder(context.release))
        if error := context.image_error(builder):
            raise CallError(
                f"{front}Failed to generate platform-specific docker build: Failed to pull {builder}: API error "
                f"(404): {error}"
            )
        if not package.is_sample:
            raise CallError(
                f"{front}a rehearsal runs only the logic of the sample chaincode {SAMPLE}, and {package.name}:"
                f"{package.version} is another one; deploy it on real hosts"
            )
        mode = context.setting("CORE_VM_DOCKER_HOSTCONFIG_NETWORKMODE", "host")
        if mode not in context.networks():
            raise CallError(f"{front}API error (404): network {mode} not found")
        self._check_way_back(package)
        context.sleep(_BUILD_SECONDS)
        self._log(f"[chaincode] Launch -> INFO {package.name}:{package.version} runs (rehearsal: the sample's logic)")

    def _check_way_back(self, package: Package) -> None:
        """The chaincode dials the peer: by a name that its network knows, on a port where the peer listens."""
        context = self._context
        listening = context.setting("CORE_PEER_CHAINCODELISTENADDRESS") or context.setting("CORE_PEER_LISTENADDRESS")
        address = context.setting("CORE_PEER_CHAINCODEADDRESS") or context.setting("CORE_PEER_CHAINCODELISTENADDRESS")
        address = address or context.setting("CORE_PEER_ADDRESS")
        host, _, port = address.rpartition(":")
        reached = host in ("", "0.0.0.0", context.address)  # noqa: S104 - the peer then tells its own address
        if not reached:
            try:
                reached = context.resolve(host) in (context.address, context.host_address)
            except OSError:
                reached = False
        if not reached or port != (listening or ":7052").rpartition(":")[2]:
            context.sleep(_TIMEOUT)
            raise CallError(
                f"timeout expired while starting chaincode {package.name}:{package.version} for transaction "
                f"(it dials {address})"
            )


def _default_builder(release: Release) -> str:
    """core.yaml of the release (facts: fabric-releases)."""
    if release.number < (1, 2, 0):
        return f"hyperledger/fabric-ccenv:{release.tag}"
    return "hyperledger/fabric-ccenv:1.4" if release.number >= (1, 4, 8) else "hyperledger/fabric-ccenv:latest"
