"""The process of one rehearsal host: `python -m fabwiz.remote.rehearsal.host CONFIG`.

Says `ready` on standard output once it answers. Ends with its parent: the lifeline, a pipe that only the parent
holds open, reaches its end even when the parent is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from fabwiz.remote.rehearsal.config import HostConfig
from fabwiz.remote.rehearsal.engine.compose_cli import compose
from fabwiz.remote.rehearsal.engine.docker_cli import docker
from fabwiz.remote.rehearsal.engine.engine import Engine
from fabwiz.remote.rehearsal.engine.gate import Call, Gate
from fabwiz.remote.rehearsal.processes import kill_session_of
from fabwiz.remote.rehearsal.sshd.server import SshServer


def _handle(engine: Engine, call: Call) -> int:
    if call.program == "docker-compose":
        return compose(engine, call, call.argv, plugin=False)
    return docker(engine, call)


def main(argv: list[str]) -> int:
    """Serve until SIGTERM, or until the parent is gone."""
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # commands are forked beside gRPC's threads, and exec at once
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    config = HostConfig.from_json(Path(argv[0]).read_text(encoding="utf-8"))
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(config.lifeline, 1):
                pass
        over.set()

    if config.lifeline >= 0:
        threading.Thread(target=watch, name="lifeline", daemon=True).start()
    engine = Engine(config)
    gate = Gate(config.socket, lambda call: _handle(engine, call)) if config.docker else None
    if config.docker:
        engine.boot()
    server = SshServer(config)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    over.wait()
    server.close()
    if gate:
        gate.close()
    engine.shutdown()
    kill_session_of(os.getpid(), spare=os.getpid())
    sys.stdout.flush()
    os._exit(0)  # daemon threads and gRPC's own have nothing more to say


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
