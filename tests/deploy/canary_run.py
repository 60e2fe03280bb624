"""A whole run with planted secrets, as a program of its own, so that its processes and files can be searched.

python -m tests.deploy.canary_run FOLDER UMASK <secrets.json

The secrets come on standard input, as JSON: `passphrase` (the login key's), `sudo`, `token` (a registry's, on each
host), `admin` (of CA and admin keys). In FOLDER: `scratch/` with the rehearsal hosts, `work/` with session and
workspace. Prints the run's events as `--json` does. Ends with 0 when all went well, 1 otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization

from fabwiz.deploy.events import Emitter, Event
from fabwiz.deploy.replay import replay
from fabwiz.deploy.unexpected import unexpected
from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.remote.secrets import Secret, SecretKind
from fabwiz.session.data import dump
from fabwiz.session.files import write_atomic
from fabwiz.session.model import Keys
from tests.deploy.sites import changed, errors, open_run, session_of

SUDO = """#!/bin/sh
# wants a password, and notes how it was called
echo "sudo $*" >>"$HOME/sudo.calls"
while [ $# -gt 0 ]; do
  case $1 in -S) read_it=1 ;; -n) refuse=1 ;; -p) shift ;; --) shift; break ;; -*) ;; *) break ;; esac
  shift
done
[ -z "$refuse" ] || { echo "sudo: a password is required" >&2; exit 1; }
[ -n "$read_it" ] || exit 1
IFS= read -r word
[ "$(printf %%s "$word" | sha256sum | cut -d' ' -f1)" = %s ] ||
  { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
unset word
exec "$@"
"""


def descriptor(text: str) -> int:
    reading, writing = os.pipe()
    os.write(writing, f"{text}\n".encode())
    os.close(writing)
    return reading


def main(folder: str, umask: str) -> int:
    planted = json.loads(sys.stdin.read())
    os.umask(int(umask, 8))
    top = Path(folder)
    session = session_of("four-lan-hosts")
    with Rehearsal(session, top / "scratch") as hosts:
        key = serialization.load_ssh_private_key(hosts.key_file.read_bytes(), None)
        encryption = serialization.BestAvailableEncryption(planted["passphrase"].encode())
        write_atomic(
            hosts.key_file,
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption),
        )
        here: Any = hosts.session
        for name in here.hosts:
            host = hosts.folder(name)
            (host / "bin" / "sudo").write_text(SUDO % hashlib.sha256(planted["sudo"].encode()).hexdigest())
            (host / "bin" / "id").write_text('#!/bin/sh\n[ "$1" = -u ] && echo 1000 || echo nobody\n')
            (host / "bin" / "id").chmod(0o755)
            (host / "home" / ".docker").mkdir()
            (host / "home" / ".docker" / "config.json").write_text(
                json.dumps({"auths": {"mirror.example.com": {"auth": planted["token"]}}})
            )
            here = changed(here, ("hosts", name, "ssh", "sudo"), "ask")
        here = here.model_copy(update={"keys": Keys(encrypt=True)})
        work = top / "work"
        work.mkdir()
        session_file = work / "session.yaml"
        write_atomic(session_file, dump(here))

        def tell(event: Event) -> None:
            print(event.as_json(), flush=True)

        fds = {
            SecretKind.PASSPHRASE: descriptor(planted["passphrase"]),
            SecretKind.SUDO: descriptor(planted["sudo"]),
            SecretKind.CA: descriptor(planted["admin"]),
        }
        with open_run(here, session_file, Emitter(tell), known_hosts=hosts.known_hosts, secret_fds=fds) as run:
            outcome = replay(run)
            secret = Secret(planted["sudo"])
            try:
                raise RuntimeError(f"something with {secret} and {secret!r}")
            except RuntimeError as error:
                print(unexpected(error, run.workspace).message)
    print(*errors(outcome), sep="\n")
    return bool(outcome.failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
