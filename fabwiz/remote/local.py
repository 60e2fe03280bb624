"""This machine as a host: `transport: local`. The same contract without SSH."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fabwiz.remote.connection import ConnectionLost, Forward
from fabwiz.remote.forward import DirectForward
from fabwiz.remote.process import Running
from fabwiz.remote.secrets import ENVIRONMENT, SecretStore
from fabwiz.remote.shell import ShellConnection
from fabwiz.session.network import Host


class LocalProcess:
    """A command of this machine, in a process group of its own: keeps `fabwiz.remote.process.Running`."""

    def __init__(self, line: str) -> None:
        environment = {key: value for key, value in os.environ.items() if key not in ENVIRONMENT.values()}
        self._process = subprocess.Popen(
            ["sh", "-c", line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=environment,
            bufsize=0,
            cwd="/",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._input = self._process.stdin
        self._outputs = self._process.stdout, self._process.stderr
        self._ended = [False, False]
        self._poll = select.poll()
        for pipe in (self._input, *self._outputs):
            os.set_blocking(pipe.fileno(), False)
        with suppress(OSError, AttributeError):  # Linux: 64 KB would make large inputs crawl
            fcntl.fcntl(self._input.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)
        for pipe in self._outputs:
            self._poll.register(pipe.fileno(), select.POLLIN)

    def send(self, data: bytes) -> int:
        """Give it input, as far as the pipe takes it now."""
        try:
            return os.write(self._input.fileno(), data)
        except BlockingIOError:
            return 0
        except ValueError as error:
            raise BrokenPipeError(str(error)) from None

    def end_input(self) -> None:
        """End its standard input."""
        with suppress(OSError):
            self._input.close()

    def read(self) -> tuple[bytes, bytes]:
        """What it has printed by now on both streams."""
        return self._receive(0), self._receive(1)

    def _receive(self, stream: int) -> bytes:
        if self._ended[stream]:
            return b""
        descriptor = self._outputs[stream].fileno()
        try:
            data = os.read(descriptor, 65536)
        except BlockingIOError:
            return b""
        if not data:
            self._ended[stream] = True
            self._poll.unregister(descriptor)
        return data

    def wait(self, seconds: float) -> None:
        """Until there may be something to read, or it may have ended."""
        if self.drained:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        else:
            self._poll.poll(seconds * 1000)

    @property
    def drained(self) -> bool:
        """Whether both streams have ended."""
        return all(self._ended)

    @property
    def exit_code(self) -> int | None:
        """Its exit code, -1 if a signal ended it; None while it runs."""
        code = self._process.poll()
        return code if code is None or code >= 0 else -1

    @property
    def lost(self) -> bool:
        """Never: this machine is here."""
        return False

    def close(self) -> None:
        """Let go of it, and see that nothing of its group goes on."""
        self.end_input()
        if self._process.poll() is None:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)  # what sudo started does not go by our signal, but with its input
        for pipe in self._outputs:
            pipe.close()


class LocalConnection(ShellConnection):
    """Keeps `fabwiz.remote.connection.Connection` on this machine."""

    def __init__(self, host: Host, secrets: SecretStore) -> None:
        super().__init__(host, secrets)
        self._closed = threading.Event()

    @property
    def alive(self) -> bool:
        """Whether it was not closed."""
        return not self._closed.is_set()

    @contextmanager
    def start(self, line: str, timeout: float) -> Iterator[Running]:
        """Start a shell line in a process group of its own."""
        del timeout
        if self._closed.is_set():
            raise self.lost()
        running = _Closable(line, self._closed)
        try:
            yield running
        finally:
            running.close()

    def lost(self) -> ConnectionLost:
        """The only way to lose this machine is to close it."""
        return ConnectionLost(self.host.name, "it was closed on this side")

    def forward(self, port: int, address: str = "127.0.0.1") -> Forward:
        """The port itself: this machine sees what the host sees."""
        return DirectForward(address, port)

    def close(self) -> None:
        """End it; commands that run end within moments."""
        self._closed.set()


class _Closable(LocalProcess):
    """A process that counts as lost when its connection is closed, as one behind SSH does."""

    def __init__(self, line: str, closed: threading.Event) -> None:
        super().__init__(line)
        self._closed_event = closed

    @property
    def lost(self) -> bool:
        return self._closed_event.is_set()
