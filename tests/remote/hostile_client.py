"""A client of its own process, so that its memory can be measured: `hostile_client.py PORT KEY WHAT [SIZE]`.

Prints one JSON object: what was raised, how long it took, how many lines came, and by how many MB its memory grew.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from fabwiz.remote.connection import RemoteError
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.model import Session
from fabwiz.session.network import Network


def megabytes() -> float:
    """The most that it has had so far. getrusage would tell the parent's, from before this program was executed."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / 1024


def main(port: str, key: str, what: str, size: str = "0") -> dict[str, Any]:
    import paramiko  # noqa: F401 - loaded before anything is measured

    nothing: dict[str, Any] = {"zookeeper": {}, "kafka": {}, "orderers": {}, "organizations": {}}
    ssh = {"port": int(port), "key": key, "agent": False, "connect_timeout": "5s"}
    data = {"fabwiz": 1, "name": "net", "fabric": "1.4.12", "ssh": ssh, "hosts": {"a": "127.0.0.1"}, **nothing}
    found: dict[str, Any] = {"lines": 0, "longest": 0, "error": "", "message": ""}
    with tempfile.TemporaryDirectory() as folder:
        options = RemoteOptions(
            accept_new_host_keys=True,
            known_hosts=Path(folder) / "known",
            user_known_hosts=None,
            default_keys=False,
            connect_attempts=2,
        )

        def on_line(line: str) -> None:
            if what == "slow" and not found["lines"]:
                time.sleep(3)
            found["lines"] += 1
            found["longest"] = max(found["longest"], len(line))

        began, before = time.monotonic(), megabytes()
        try:
            with Pool(Network(Session.model_validate(data)), options) as pool:
                connection = pool.connection("a")
                connection.run(["true"])
                began, before = time.monotonic(), megabytes()
                if what == "run":
                    connection.run(["sh", "-c", size])
                else:
                    connection.stream(["sh", "-c", size], on_line, threading.Event())
        except RemoteError as error:
            found |= {"error": type(error).__name__, "message": error.message}
        return found | {"seconds": time.monotonic() - began, "grown": megabytes() - before}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
