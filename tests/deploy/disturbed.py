"""A small network on two rehearsal hosts, and runs of it that are disturbed from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fabwiz.session.model import Session
from tests.deploy.sites import Site

ROOT = Path(__file__).parents[2]
LIMIT = 200.0
"""Seconds after which a run counts as stuck."""


def zookeeper(host: str, number: int) -> dict[str, Any]:
    return {"host": host, "client_port": 12180 + number, "peer_port": 12880 + number, "election_port": 13880 + number}


def organization(host: str, number: int) -> dict[str, Any]:
    peer = {"host": host, "port": 17051, "chaincode_port": 17052}
    return {"domain": f"org{number}.example.com", "peers": {"peer0": peer}, "anchors": ["peer0"]}


def pair() -> Session:
    """Two hosts, eleven containers, one channel, one chaincode with an invocation.

    On ports that nothing else on this machine has: a listener on all its addresses is in a rehearsal's way.
    """
    policy = "AND ('Org1MSP.peer','Org2MSP.peer')"
    check = [{"query": ["query", "a"], "expect": "100"}, {"invoke": ["invoke", "a", "b", "10"]}]
    data = {
        "fabwiz": 1,
        "name": "pair",
        "fabric": "1.4.12",
        "domain": "example.com",
        "hosts": {"a": "192.0.2.1", "b": "192.0.2.2"},
        "zookeeper": {f"zk{n}": zookeeper(host, n) for n, host in enumerate("abb", 1)},
        "kafka": {f"kafka{n}": {"host": host, "port": 19092 + n} for n, host in enumerate("abab", 1)},
        "orderers": {f"orderer{n}": {"host": host, "port": 17050} for n, host in enumerate("ab", 1)},
        "organizations": {f"Org{n}": organization(host, n) for n, host in enumerate("ab", 1)},
        "channels": {"mychannel": {"organizations": ["Org1", "Org2"]}},
        "chaincodes": {
            "mycc": {
                "version": "1.0",
                "path": "chaincode_example02",
                "channels": ["mychannel"],
                "policy": policy,
                "init": ["init", "a", "100", "b", "200"],
                "check": [*check, {"query": ["query", "a"], "expect": "90"}],
            }
        },
        "ordering": {"batch_timeout": "200ms", "kafka": {"retry": {"short_interval": "500ms"}}},
    }
    return Session.model_validate(data)


class WholeRun:
    """`fabwiz replay --json` on a site, in a process group of its own; a context manager that leaves nothing behind."""

    def __init__(
        self, site: Site, *options: str, before: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        """`before`: a command that runs it, such as `prlimit`."""
        session = site.session_file.with_suffix(".json")
        if not session.exists():
            session.write_text(site.hosts.session.model_dump_json(exclude_unset=True))
        # not in the session's own folder: its disk may be full
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        words = [str(session), "replay", str(site.session_file), "--json", "--known-hosts", str(site.hosts.known_hosts)]
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "tests.deploy.whole_run", *words, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            start_new_session=True,
        )
        self._end = threading.Timer(LIMIT, self.process.kill)
        self._end.start()
        self.lines: list[str] = []
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> WholeRun:
        assert self.process.stdout
        assert self.process.stdout.readline() in ("begun\n", "")
        return self

    def __exit__(self, *_: object) -> None:
        self._end.cancel()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()
        self._errors.close()

    def until(self, phase: str) -> bool:
        """Go on to the beginning of a phase, or to the end; whether the phase began."""
        return any(event.get("phase") == phase and event["event"] == "phase" for event in self._told())

    def _told(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            self.events.append(json.loads(line))
            yield self.events[-1]

    def finish(self) -> int:
        """Its exit code, after all that it says; negative: the signal that ended it."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if line.endswith("\n"):  # a kill cuts the last one
                self.events.append(json.loads(line))
        return self.process.wait()

    @property
    def errors(self) -> str:
        """What it said on standard error."""
        self._errors.flush()
        self._errors.seek(0)
        return self._errors.read()

    @property
    def story(self) -> str:
        """Its last words, for a test that fails."""
        return "".join(self.lines[-10:]) + self.errors

    @property
    def phase(self) -> str:
        """The last one that it spoke of."""
        return [str(event["phase"]) for event in self.events if event.get("phase")][-1]

    @property
    def failed(self) -> str:
        """What the first failure was told with; the summary, if nothing failed."""
        told = [event for event in self.events if event.get("status") == "failed" and event["event"] == "step"]
        return str(told[0]["message"]) if told else self.summary

    @property
    def summary(self) -> str:
        told = [str(event["message"]) for event in self.events if event["event"] == "summary"]
        return told[-1] if told else ""


@contextmanager
def whole_run(site: Site, *options: str, **more: Any) -> Iterator[WholeRun]:
    with WholeRun(site, *options, **more) as run:
        yield run
