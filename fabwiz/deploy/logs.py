"""Streams the containers' logs home: one SSH session a host, whatever its number of containers.

Each line becomes a `log` event and goes into `logs/<node>.log` with Docker's own timestamp, by which a stream that
was cut is taken up again without gap or duplicate. Lines that are known to be fatal end the step that waits.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from fabwiz.deploy.docker import NETWORK_LABEL
from fabwiz.deploy.errors import Locked, StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.lock import locked
from fabwiz.deploy.node_log import NodeLog
from fabwiz.diagnose import Known, diagnose
from fabwiz.remote.connection import RemoteError
from fabwiz.session.files import make_private_dir
from fabwiz.session.network import Node

if TYPE_CHECKING:
    from fabwiz.deploy.run import Run

# Follows every container of the network, those too that start later or start again. Arguments: the label, a word that
# nobody guesses, then name=timestamp for what is known already. Each follower notes its pid, so that all end with this
# script, and the time at which it began: a container that starts again is followed from there, and the reader drops
# what it has seen. PIPE comes when the shell reports a killed child to nobody. The folder for the notes is named after
# this shell, so that it is known before it is made, and when nobody needs it any more. Between looks it sleeps until
# Docker tells of a start (from before the look on, so that none falls in between), and looks after 15 s anyway: a
# follower may have ended without one. Pids whose names no container can have are those of what wakes it; only this
# shell keeps both ends of the pipe, so that they end without it.
FOLLOW_SCRIPT = r"""
folders=${TMPDIR:-/tmp}/fabwiz-follow
label=$1 notes=$folders.$$.$2; shift 2
end() {
  trap - EXIT; exec 2>/dev/null
  pids=$(cat "$notes"/*.pid)
  rm -rf "$notes"
  [ -z "$pids" ] || kill $pids
  exit 0
}
trap end EXIT HUP INT TERM PIPE
for old in "$folders".*; do
  pid=${old#"$folders".}
  kill -0 "${pid%%.*}" 2>/dev/null || rm -rf "$old" 2>/dev/null
done
mkdir -m 700 "$notes" && mkfifo "$notes/wake" && exec 3<>"$notes/wake" || exit 1
runs() { pid=$(cat "$notes/$1.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null; }
for known in "$@"; do printf '%s\n' "${known#*=}" >"$notes/${known%%=*}.since"; done
while :; do
  if ! runs +starts; then
    {
      docker events --since "$(date +%s)" --filter type=container --filter event=start --filter "label=$label" \
        --format start & echo $! >"$notes/+events.pid"; wait; sleep 1; echo
    } >"$notes/wake" 2>/dev/null 3>&- & echo $! >"$notes/+starts.pid"
  fi
  if ! runs +clock; then
    { sleep 15 & echo $! >"$notes/+sleep.pid"; wait; echo; } >"$notes/wake" 2>/dev/null 3>&- &
    echo $! >"$notes/+clock.pid"
  fi
  for name in $(docker ps -a --filter "label=$label" --format '{{.Names}}'); do
    runs "$name" && continue
    since=$(cat "$notes/$name.since" 2>/dev/null || echo 1970-01-01T00:00:00Z)
    date -u +%Y-%m-%dT%H:%M:%SZ >"$notes/$name.since"
    { docker logs --timestamps --follow --since "$since" "$name" 2>&1 & echo $! >"$notes/$name.pid"; wait; } |
      sed -u "s/^/$name /" &
  done
  head -n 1 <"$notes/wake" >/dev/null 3>&- & echo $! >"$notes/+wait.pid"; wait $!
done
"""

_LINE = re.compile(r"^(\S+) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ?(.*)$", re.ASCII)
_DEBUGGING = re.compile(r"-> DEBU |\bDEBUG\b")
"""Fabric's lines and Kafka's at level debug: they tell of attempts, as many as it takes, and decide nothing."""
_LONGEST_PAUSE = 5.0
_PARTING = 5.0
"""Seconds that all followers together get to end."""


def follow_argv(network: str, known: dict[str, str]) -> list[str]:
    """The command that follows all containers of a network; `known` says since when, by container."""
    pairs = [f"{name}={timestamp}" for name, timestamp in sorted(known.items())]
    return ["sh", "-c", FOLLOW_SCRIPT, "follow", f"{NETWORK_LABEL}={network}", secrets.token_hex(8), *pairs]


class LogFollowers:
    """One follower thread a host, from `start` to `close`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stop = threading.Event()
        self._writes = True
        self._keeper = ExitStack()
        self._threads: list[threading.Thread] = []
        self._fatal: dict[str, tuple[Known, str]] = {}
        self._begun: dict[str, float] = {}
        """When containers were started anew, by their hosts' clocks."""
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
            if self._run.network.on(host) and host not in self._run.hosts_away:
                thread = threading.Thread(target=self._follow, args=(host,), name=f"logs of {host}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """End the streams and wait for the followers a little."""
        self._stop.set()
        end = time.monotonic() + _PARTING
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._keeper.close()

    def forget(self, nodes: Sequence[Node]) -> None:
        """Drop what the containers said before they are started anew, what is still on its way of it, too."""
        with self._lock:
            for node in nodes:
                self._fatal.pop(node.name, None)
                if facts := self._run.facts.get(node.host):
                    self._begun[node.name] = facts.now()

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
        said = ""
        while not self._stop.is_set():
            argv = follow_argv(self._run.network.name, {name: log.since for name, log in logs.items() if log.since})
            begun = time.monotonic()
            try:
                self._run.connection(host).stream(
                    argv, lambda line: self._take(host, logs, line), self._stop, root=True
                )
            except (RemoteError, OSError) as error:
                # whoever reads our events may have gone; the phases end of that, not this thread
                if str(error) != said and not self._run.stopped:
                    with suppress(OSError):
                        self._run.emit(Kind.LOG, host=host, message=f"no log stream for now, trying again: {error}")
                said = str(error)
            else:
                said = ""
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
        if not known or not known.fatal or not facts:
            return
        with self._lock:
            if _seconds(timestamp) >= self._begun.get(name, facts.clock):
                self._fatal.setdefault(name, (known, text))


def _seconds(timestamp: str) -> float:
    """Seconds since 1970; the fraction is cut to what `datetime` takes. What is no time was long ago."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{fraction[:6] or 0:0<6}+00:00").timestamp()
    except (ValueError, OverflowError):
        return 0.0
