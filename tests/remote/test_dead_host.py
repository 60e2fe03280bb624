"""A host that stops (a hung kernel, a stopped sshd) is noticed within 20 seconds with the settings that everybody has.

Its TCP connections stay open meanwhile, and its kernel even takes new ones: only silence tells. All cases wait side by
side. Each prints how long it took; what is asserted leaves room for a busy machine.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import paramiko
import pytest

from fabwiz.remote.connection import ConnectionLost, RemoteError, Unreachable
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool
from tests.outcomes import Outcomes
from tests.sshd import Sshd

AT_MOST = 20
SLACK = 40
"""Seconds of a busy machine. Whatever is not noticed at all takes minutes."""

WHILE = {
    "follow": "while its log is followed",
    "work": "while it runs a command",
    "copy": "while it is sent files",
    "connect": "before it is connected to",
    "log in": "while it is logged in to",
}
SCRIPT = "p=$$; while [ $p != $0 ]; do ps -o pid=,comm= -p $p; p=$(ps -o ppid= -p $p); done"


def test_the_settings_add_up_to_no_more() -> None:
    options = RemoteOptions()
    assert options.watch_interval + options.watch_patience <= AT_MOST


class Mute(paramiko.ServerInterface):
    """Answers no login."""

    def get_allowed_auths(self, username: str) -> str:
        time.sleep(90)
        return "publickey"

    def check_auth_none(self, username: str) -> int:
        time.sleep(90)
        return paramiko.common.AUTH_FAILED


def serve_mute(listener: socket.socket) -> None:
    key = paramiko.ECDSAKey.generate()
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        transport = paramiko.Transport(near)
        transport.daemon = True
        transport.add_server_key(key)
        with suppress(paramiko.SSHException, EOFError, OSError):  # whoever came may have gone
            transport.start_server(server=Mute())


@pytest.mark.timeout(180)
def test_a_stopped_host_is_noticed_within_twenty_seconds(
    start_sshd: Callable[..., Sshd],
    network_of: Any,
    options: RemoteOptions,
    pools: Callable[..., Pool],
    outcomes: Outcomes,
    record_property: Callable[[str, object], None],
) -> None:
    server = start_sshd()
    mute = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_mute, args=(mute,), daemon=True).start()
    options = dataclasses.replace(options, connect_attempts=RemoteOptions().connect_attempts)

    def pool(**ssh: Any) -> Pool:
        return pools(network_of({"a": "127.0.0.1"}, **{**server.ssh, **ssh}), options)

    followed, worked, copied = (pool().connection("a") for _ in range(3))
    stopped: set[int] = {server.process.pid}
    for connection in (followed, worked, copied):
        said = connection.run(["sh", "-c", SCRIPT, str(server.process.pid)]).stdout
        stopped |= {int(line.split()[0]) for line in said.splitlines() if "sshd" in line}
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)

    def follow() -> None:
        followed.stream(["sleep", "300"], lambda _: None, threading.Event())

    def work() -> None:
        worked.run(["sleep", "300"], timeout=300)

    def copy() -> None:
        copied.run(["sh", "-c", "cat >/dev/null; sleep 300"], input=bytes(32 << 20), timeout=300)

    def connect() -> None:
        pool().connection("a")

    def log_in() -> None:
        pool(port=mute.getsockname()[1]).connection("a")

    def timed(act: Callable[[], None]) -> tuple[RemoteError, float]:
        began = time.monotonic()
        with pytest.raises(RemoteError) as raised:
            act()
        return raised.value, time.monotonic() - began

    try:
        with ThreadPoolExecutor(5) as executor:
            ends = dict(
                zip(
                    WHILE,
                    executor.map(timed, (follow, work, copy, connect, log_in)),
                    strict=True,
                )
            )
    finally:
        mute.shutdown(socket.SHUT_RDWR)
        mute.close()
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    record_property("seconds until a dead host is noticed", round(max(seconds for _, seconds in ends.values())))
    for what, (error, seconds) in ends.items():
        print(f"{what}: {seconds:.1f} s: {error}")
        assert isinstance(error, Unreachable if what in ("connect", "log in") else ConnectionLost), what
        assert seconds < AT_MOST + SLACK
        fault = f"host stopped (SIGSTOP) {WHILE[what]}"
        outcomes.note(fault, f"{type(error).__name__}: {error.message}", seconds, f"then: {error.remedy}")
    assert "takes connections, but no sshd spoke within 15 s" in ends["connect"][0].message
    # on a busy machine the exchange of keys, which is this process's own on both sides, may not end in time
    said = ends["log in"][0].message
    assert "does not answer the login" in said or "no sshd spoke within 15 s" in said
