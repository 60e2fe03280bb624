"""Sending one image to a host and into its Docker, with progress, and again from where a connection broke."""

from __future__ import annotations

import time

from fabwiz.deploy.errors import Interrupted, StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.image_facts import FOLDER
from fabwiz.deploy.image_room import megabytes
from fabwiz.deploy.phase import Phase
from fabwiz.deploy.run import Run
from fabwiz.images.stream import ImageStream
from fabwiz.remote.connection import CommandFailed, ConnectionLost
from fabwiz.remote.scripts import BAD_CHECKSUM
from fabwiz.remote.ship import ship
from fabwiz.session.network import Host

_BREAKS = 5
"""Times that a connection may break while something has arrived in between."""
_MOST_OFTEN, _AT_LEAST, _SHARE = 2.0, 10.0, 0.1
"""Progress is told after so many seconds at most, and earlier when that share of the whole has arrived since."""


def part_name(stream: ImageStream) -> str:
    """The name of its file on a host."""
    return f"{stream.image.id.removeprefix('sha256:')}.tar.part"


class Sender:
    """Brings images to one host."""

    def __init__(self, run: Run, host: Host, timeout: float) -> None:
        self._run = run
        self._host = host
        self._timeout = timeout
        self.sent = 0
        """Bytes that travelled."""

    def say(self, message: str, **more: int) -> None:
        """A line about this host."""
        self._run.emit(Kind.LOG, phase=Phase.IMAGES, host=self._host.name, message=message, **more)

    def bring(self, stream: ImageStream) -> None:
        """Send, load, and remove the file. Raises StepFailed, Interrupted, RemoteError, ArchiveError."""
        path = f"{self._host.remote_dir}/{FOLDER}/{part_name(stream)}"
        self._ship(stream, path)
        self._load(stream, path)
        self._run.connection(self._host.name).run(["rm", "-f", "--", path], root=True).check(f"removing {path}")

    def _ship(self, stream: ImageStream, path: str) -> None:
        run, breaks, spoiled = self._run, 0, False
        while True:
            telling = _Telling(self, stream)
            try:
                done = ship(run.connection(self._host.name), stream, path, run.asked_to_stop, telling)
            except ConnectionLost as error:
                run.raise_if_stopped()
                breaks += 1
                if breaks >= _BREAKS or not telling.has_moved:
                    raise
                self.say(f"{error.message}; going on with {stream.name} from {megabytes(telling.arrived)}")
            except CommandFailed as error:
                if spoiled or error.result is None or error.result.code != BAD_CHECKSUM:
                    raise
                spoiled = True
                self.say(f"{stream.name} arrived damaged, its checksum differs; sending it again")
            else:
                if done is None:
                    raise Interrupted
                self.sent += done.wire_bytes
                return

    def _load(self, stream: ImageStream, path: str) -> None:
        run = self._run
        run.raise_if_stopped()
        self.say(f"{stream.name}: loading into Docker")
        listening = _Listening(self._timeout)
        connection = run.connection(self._host.name)
        code = connection.feed(["docker", "load", "-i", path], listening, run.asked_to_stop, root=True)
        if code is None:
            raise Interrupted
        if code:
            raise LoadFailed(
                f"{stream.name} cannot be loaded: {listening.last or f'docker load exited with {code}'}",
                remedy="look at Docker's log and disk there; try `docker load` of the archive by hand",
            )


class LoadFailed(StepFailed):
    """Docker did not take an archive."""


class _Listening:
    """Keeps `fabwiz.remote.feed.Feed` for a command that wants no input."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self.last = ""

    def give(self) -> None:
        """Nothing."""

    def heard(self, line: str) -> None:
        """The last line that says something: where Docker puts its error."""
        self.last = line.strip()[-500:] or self.last

    def patience(self) -> float:
        """As for a pull: Docker says nothing while it works."""
        return self._timeout

    def last_seen(self) -> str:
        """Its last words."""
        return f"`docker load` last said: {self.last}" if self.last else "`docker load` said nothing"


class _Telling:
    """Takes every step of progress, and tells some."""

    def __init__(self, sender: Sender, stream: ImageStream) -> None:
        self._sender = sender
        self._stream = stream
        self._begun = self._told = time.monotonic()
        self._first: int | None = None
        self._last = 0
        self.arrived = 0
        self.has_moved = False
        sender.say(f"{stream.name}: sending {megabytes(stream.size)}", bytes=0, total=stream.size)

    def __call__(self, arrived: int, total: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = self._last = arrived
        self.arrived, self.has_moved = arrived, True
        since = now - self._told
        if since < _MOST_OFTEN or (since < _AT_LEAST and arrived - self._last < total * _SHARE):
            return
        self._told, self._last = now, arrived
        rate = (arrived - self._first) / max(now - self._begun, 0.001)
        self._sender.say(
            f"{self._stream.name}: {megabytes(arrived)} of {megabytes(total)}, {rate / 1e6:.1f} MB/s",
            bytes=arrived,
            total=total,
        )
