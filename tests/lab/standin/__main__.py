"""The program of a stand-in's container: `python3 -m tests.lab.standin orderer`.

It is fabwiz's rehearsal of the role with a real container around it: the real environment, files, ports, network,
Docker socket, and for orderers the real Kafka.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

from fabwiz.remote.rehearsal.containers.context import Context, Exit, Program, release_of
from tests.lab.standin.docker_socket import DockerSocket
from tests.lab.standin.surroundings import ContainerContext, mounts


def program(role: str) -> Program:
    """Imported when needed: gRPC is large."""
    if role == "orderer":
        from fabwiz.remote.rehearsal.containers.orderer import run_orderer
        from tests.lab.standin.kafka_topic import KafkaTopic

        return lambda context: run_orderer(context, KafkaTopic)
    if role == "peer":
        from fabwiz.remote.rehearsal.containers.peer import peer

        return peer
    from fabwiz.remote.rehearsal.containers import helpers

    return helpers.couchdb if role == "couchdb" else helpers.tools


def surroundings(docker: DockerSocket) -> Context:
    """The container that this process runs in, as a stand-in sees it."""
    hostname = socket.gethostname()
    return ContainerContext(
        name=hostname,
        hostname=hostname,
        release=release_of(os.environ["FABWIZ_STANDIN_RELEASE"]),
        environment=os.environ,
        address=socket.gethostbyname(hostname),
        host_address="127.0.0.1",
        published={},
        mounts=mounts(Path("/proc/self/mountinfo").read_text()),
        layer=Path("/"),
        shared=Path("/nonexistent"),
        lookup=lookup,
        log=lambda line: print(line, flush=True),
        networks=docker.networks,
        image_error=docker.image_error,
    )


def lookup(name: str) -> str | None:
    """What the container's own resolver says: /etc/hosts, where extra_hosts stand, then Docker's."""
    try:
        return socket.gethostbyname(name)
    except OSError:
        return None


def main(role: str) -> int:
    endpoint = os.environ.get("CORE_VM_ENDPOINT") or "unix:///var/run/docker.sock"
    context = surroundings(DockerSocket(endpoint.removeprefix("unix://")))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: context.stop.set())
    context.log(f"[stand-in] a stand-in for Fabric {context.release.version}'s {role}, made for tests; not Fabric")
    try:
        return program(role)(context)
    except Exit as end:
        context.log(end.last_words)
        return end.code


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(code)  # threads that wait for Kafka do not hold the container
