"""Commands over SSH: `/bin/sh -c` in the host's home, with the stand-in docker first on the PATH."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import IO

import paramiko

from fabwiz.remote.rehearsal.config import HostConfig

_PARTING = 5.0
"""Seconds that a command has to end once its channel is closed. OpenSSH lets it run: it only sees its pipes end."""
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Shell:
    """The environment of commands, and those that run."""

    def __init__(self, config: HostConfig) -> None:
        self.home = config.folder / "home"
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{config.folder / 'bin'}:{_SYSTEM_PATH}",
            "USER": config.user,
            "LOGNAME": config.user,
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "TMPDIR": str(config.folder / "tmp"),
            "FABWIZ_REHEARSAL": config.name,
        }
        self.running: set[Command] = set()

    def end(self) -> None:
        """Kill what runs."""
        for command in list(self.running):
            command.kill()


class Command:
    """One command and its channel. Ends when the command does, or when the channel closes."""

    def __init__(self, shell: Shell, channel: paramiko.Channel, line: str) -> None:
        self._shell = shell
        self._channel = channel
        self._line = line
        self._process: subprocess.Popen[bytes] | None = None
        self.ended = False

    def start(self, on_end: Callable[[], None]) -> None:
        """Run in threads of its own; `on_end` is called when all is over."""
        self._shell.running.add(self)
        threading.Thread(target=self._run, args=(on_end,), daemon=True).start()

    def _run(self, on_end: Callable[[], None]) -> None:
        try:
            self._serve()
        except (OSError, EOFError, paramiko.SSHException):
            self.kill()
        finally:
            self.ended = True
            self._shell.running.discard(self)
            on_end()
            with contextlib.suppress(OSError, EOFError):
                self._channel.close()

    def _serve(self) -> None:
        # a process group of its own inside the host's session: killed alone here, with the host by session
        self._process = process = subprocess.Popen(
            ["/bin/sh", "-c", self._line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._shell.home,
            env=self._shell.environment,
            process_group=0,
        )
        assert process.stdin
        assert process.stdout
        assert process.stderr
        threading.Thread(target=self._feed, args=(process.stdin,), daemon=True).start()
        errors = threading.Thread(target=self._copy, args=(process.stderr, self._channel.sendall_stderr), daemon=True)
        errors.start()
        self._copy(process.stdout, self._channel.sendall)
        errors.join()
        code = process.wait()
        if not self._channel.closed:
            self._channel.send_exit_status(code if code >= 0 else 128 - code)
            self._channel.shutdown_write()

    def _copy(self, pipe: IO[bytes], send: Callable[[bytes], None]) -> None:
        with pipe:
            while data := os.read(pipe.fileno(), 1 << 16):
                try:
                    send(data)
                except (OSError, EOFError):
                    return

    def _feed(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError, EOFError):
            while data := self._channel.recv(1 << 16):
                pipe.write(data)
                pipe.flush()
        with contextlib.suppress(OSError):
            pipe.close()
        # standard input is over; what is left to see is whether the channel closes before the command ends
        while not self.ended:
            if self._channel.closed:
                self.part()
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                if self._process:
                    self._process.wait(0.1)
                    return

    def part(self) -> None:
        """Nobody listens any more: it sees its input end, and gets a moment to end by itself."""
        timer = threading.Timer(_PARTING, self.kill)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        """End the command and what it started."""
        process = self._process
        if process and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
