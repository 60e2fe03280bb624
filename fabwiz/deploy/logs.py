"""Streams the containers' logs home: one SSH session a host, whatever its number of containers.

Each line becomes a `log` event and goes into `logs/<node>.log` with Docker's own timestamp, by which a stream that
was cut is taken up again without gap or duplicate. Lines that are known to be fatal end the step that waits.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fabwiz.deploy.docker import NETWORK_LABEL
from fabwiz.deploy.errors import Locked, StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.lock import locked
from fabwiz.diagnose import Known, diagnose
from fabwiz.remote.connection import RemoteError
from fabwiz.session.files import make_private_dir
from fabwiz.session.network import Node

if TYPE_CHECKING:
    from fabwiz.deploy.run import Run

# Follows every container of the network, those too that start later or start again. Arguments: the label, the folder
# for its notes, then name=timestamp for what is known already. Each follower notes its pid, so that all end with this
# script, and the time at which it began: a container that starts again is followed from there, and the reader drops
# what it has seen. PIPE comes when the shell reports a killed child to nobody.
FOLLOW_SCRIPT = r"""
label=$1; shift
notes=$(mktemp -d) || exit 1
end() {
  trap - EXIT; exec 2>/dev/null
  for f in "$notes"/*.pid; do kill "$(cat "$f")"; done
  rm -rf "$notes"; exit 0
}
trap end EXIT HUP INT TERM PIPE
for known in "$@"; do printf '%s\n' "${known#*=}" >"$notes/${known%%=*}.since"; done
while :; do
  for name in $(docker ps -a --filter "label=$label" --format '{{.Names}}'); do
    pid=$(cat "$notes/$name.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null && continue
    since=$(cat "$notes/$name.since" 2>/dev/null || echo 1970-01-01T00:00:00Z)
    date -u +%Y-%m-%dT%H:%M:%SZ >"$notes/$name.since"
    { docker logs --timestamps --follow --since "$since" "$name" 2>&1 & echo $! >"$notes/$name.pid"; wait; } |
      sed -u "s/^/$name /" &
  done
  sleep 1
done
"""

_LINE = re.compile(r"^(\S+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ?(.*)$")
_DEBUGGING = re.compile(r"-> DEBU |\bDEBUG\b")
"""Fabric's lines and Kafka's at level debug: they tell of attempts, as many as it takes, and decide nothing."""
_LONGEST_PAUSE = 5.0


def follow_argv(network: str, known: dict[str, str]) -> list[str]:
    """The command that follows all containers of a network; `known` holds the last timestamp by container."""
    pairs = [f"{name}={timestamp}" for name, timestamp in sorted(known.items())]
    return ["sh", "-c", FOLLOW_SCRIPT, "follow", f"{NETWORK_LABEL}={network}", *pairs]


class NodeLog:
    """`logs/<node>.log`: lines of `timestamp text`, each once, in order. Not thread-safe: one reader a node."""

    def __init__(self, path: Path, writes: bool = True) -> None:
        """`writes` False: the file is only read, for where to go on; another run writes it."""
        self.path = path
        self._writes = writes
        self.last = ""
        self._at_last: list[str] = []
        self._file: IO[str] | None = None
        for line in _tail(path):
            timestamp, _, text = line.partition(" ")
            self._remember(timestamp, text)

    def add(self, timestamp: str, text: str) -> bool:
        """Write a line; False when it was there already. Timestamps compare as text: all are UTC with 9 digits."""
        if _padded(timestamp) < _padded(self.last) or (timestamp == self.last and text in self._at_last):
            return False
        self._remember(timestamp, text)
        if not self._writes:
            return True
        if self._file is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w")
        self._file.write(f"{timestamp} {text}\n")
        self._file.flush()
        return True

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _remember(self, timestamp: str, text: str) -> None:
        if timestamp != self.last:
            self.last, self._at_last = timestamp, []
        self._at_last.append(text)


def _padded(timestamp: str) -> str:
    """Docker leaves out trailing zeros of a second's fraction; without them text would not sort."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<9}" if whole else ""


def _tail(path: Path, size: int = 65536) -> list[str]:
    """The last lines of a file; a torn one at either end is left out."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, end - size))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    lines = text.split("\n")[:-1]
    return lines[1:] if start else lines


class LogFollowers:
    """One follower thread a host, from `start` to `close`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stop = threading.Event()
        self._writes = True
        self._keeper = ExitStack()
        self._threads: list[threading.Thread] = []
        self._fatal: dict[str, tuple[Known, str]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Follow all hosts; a second call does nothing. Where another command follows them already, it keeps the files.

        Raises OSError where the log folder cannot be written.
        """
        if self._threads:
            return
        make_private_dir(self._run.workspace.logs)
        try:
            self._keeper.enter_context(locked(self._run.workspace.logs / ".lock"))
        except Locked:
            self._writes = False
        for host in self._run.network.hosts:
            if self._run.network.on(host):
                thread = threading.Thread(target=self._follow, args=(host,), name=f"logs of {host}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """End the streams and wait for the followers a little."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._keeper.close()

    def forget(self, nodes: Sequence[Node]) -> None:
        """Drop what the containers said before they were started anew."""
        with self._lock:
            for node in nodes:
                self._fatal.pop(node.name, None)

    def raise_if_fatal(self, nodes: Sequence[Node]) -> None:
        """Raises StepFailed when one of the nodes said something from which waiting does not recover."""
        with self._lock:
            for node in nodes:
                if node.name in self._fatal:
                    known, line = self._fatal[node.name]
                    raise StepFailed(f"{node.name}: {line}", cause=known.cause, remedy=known.remedy, known=known.id)

    def _follow(self, host: str) -> None:
        logs = {
            node.name: NodeLog(self._run.workspace.logs / f"{node.name}.log", self._writes)
            for node in self._run.network.on(host)
        }
        pause = 0.5
        while not self._stop.is_set():
            argv = follow_argv(self._run.network.name, {name: log.last for name, log in logs.items() if log.last})
            begun = time.monotonic()
            try:
                self._run.connection(host).stream(
                    argv, lambda line: self._take(host, logs, line), self._stop, root=True
                )
            except (RemoteError, OSError) as error:
                if not self._stop.is_set():
                    self._run.emit(Kind.LOG, host=host, message=f"log stream lost, taking it up again: {error}")
            pause = 0.5 if time.monotonic() - begun > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
            self._stop.wait(pause)
        for log in logs.values():
            log.close()

    def _take(self, host: str, logs: dict[str, NodeLog], line: str) -> None:
        match = _LINE.match(line)
        if not match or match[1] not in logs:
            return
        name, timestamp, text = match.groups()
        if not logs[name].add(timestamp, text):
            return
        self._run.emit(Kind.LOG, host=host, node=name, message=text)
        known = None if _DEBUGGING.search(text) else diagnose(text, self._run.network.release)
        facts = self._run.facts.get(host)
        if known and known.fatal and facts and _seconds(timestamp) >= facts.clock:
            with self._lock:
                self._fatal.setdefault(name, (known, text))


def _seconds(timestamp: str) -> float:
    """Seconds since 1970; the fraction is cut to what `datetime` takes."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6] or 0:0<6}+00:00").timestamp()
