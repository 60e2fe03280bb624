"""`fabwiz replay` on rehearsal hosts, as a program of its own: for tests that disturb it from outside.

python -m tests.deploy.whole_run SESSION.json replay SESSION_FILE OPTION...

Without the command's own check of the session, which refuses loopback addresses. Prints `begun` when all is loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grpc  # noqa: F401 - loaded before it says that it begins, as all that takes long
import paramiko  # noqa: F401

from fabwiz import cli
from fabwiz.commands import down, replay, running  # noqa: F401
from fabwiz.deploy.phases import phases_until
from fabwiz.session.model import Session
from fabwiz.session.network import Network


def main(session: str, *words: str) -> int:
    network = Network(Session.model_validate_json(Path(session).read_bytes()))
    vars(replay)["valid_network"] = lambda args, warn=False: network
    phases_until()
    print("begun", flush=True)
    return cli.main(words)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
