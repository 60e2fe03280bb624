"""Running and following commands, over SSH and on this machine alike."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fabwiz.remote.connection import CommandFailed, Connection, ConnectionLost, TimedOut
from fabwiz.remote.options import RemoteOptions
from fabwiz.remote.pool import Pool


def gone(pid_file: Path, seconds: float = 20.0) -> bool:
    """Whether the process whose id a command has written down ends in time."""
    pid = int(pid_file.read_text())
    for _ in range(int(seconds * 50)):
        try:
            os.kill(pid, 0)
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return True  # it has ended, and only init has not taken note yet
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def noting(pid_file: Path, then: str) -> list[str]:
    return ["sh", "-c", 'echo $$ >"$0.new" && mv "$0.new" "$0"; ' + then, str(pid_file)]


def wait_for(path: Path) -> None:
    for _ in range(500):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


def test_words_arrive_as_they_are(connection: Connection) -> None:
    result = connection.run(["printf", "%s|", "a b", "$HOME", "it's", "back\\slash", "bang!", "two\nlines", "ü"])
    assert result.stdout == "a b|$HOME|it's|back\\slash|bang!|two\nlines|ü|"
    assert (result.code, result.stderr, result.ok) == (0, "", True)


def test_exit_codes_are_no_errors_until_they_are_checked(connection: Connection) -> None:
    result = connection.run(["sh", "-c", "echo out; echo why >&2; exit 3"])
    assert (result.code, result.stdout, result.stderr) == (3, "out\n", "why\n")
    with pytest.raises(CommandFailed, match="starting kafka1 exited with 3: why") as failure:
        result.check("starting kafka1")
    assert failure.value.result is result
    assert connection.run(["no-such-command"]).code == 127
    assert connection.run(["sh", "-c", "kill -9 $$"]).code == 137
    assert connection.run(["true"]).check().ok


def test_both_streams_are_read_while_the_command_runs(connection: Connection) -> None:
    script = "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2; echo end"
    result = connection.run(["sh", "-c", script])
    assert len(result.stdout) == 3_000_004
    assert result.stderr == "y" * 3_000_000


def test_input_reaches_the_command_whole(connection: Connection) -> None:
    data = bytes(range(256)) * 8000
    result = connection.run(["sh", "-c", "wc -c; sleep 0.1"], input=data)
    assert result.stdout.strip() == str(len(data))
    assert connection.run(["cat"], input=b"no line end").stdout == "no line end"
    # a command that does not want it is not waited for
    assert connection.run(["true"], input=data).ok


def test_the_environment_is_set_and_system_folders_are_in_the_path(connection: Connection) -> None:
    result = connection.run(["sh", "-c", 'echo "$A"; echo "$PATH"'], env={"A": "b c"})
    value, path = result.stdout.splitlines()
    assert value == "b c"
    assert {"/usr/local/bin", "/usr/sbin"} <= set(path.split(":"))


def test_what_is_printed_is_cleaned(connection: Connection) -> None:
    result = connection.run(["printf", "\\033]0;owned\\007\\033[31mred\\033[0m \\377 \\302\\233K\r\nx\\033[2J"])
    assert result.stdout == "red � \nx"


def test_a_time_limit_stops_the_remote_processes(connection: Connection, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"took longer than 1\.5 s; it last said: working"):
        connection.run(noting(tmp_path / "pid", "echo working; sleep 60 & wait"), timeout=1.5)
    assert time.monotonic() - began < 10
    assert gone(tmp_path / "pid")


def test_a_command_that_ignores_being_told_to_end_is_made_to(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        connection.run(noting(tmp_path / "pid", "trap '' TERM; while :; do sleep 1; done"), timeout=1.5)
    assert gone(tmp_path / "pid")


def test_a_time_limit_holds_for_a_command_with_input_too(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        connection.run(noting(tmp_path / "pid", "cat >/dev/null; sleep 60"), input=b"x" * 100_000, timeout=1.5)
    assert gone(tmp_path / "pid")


def test_a_flood_ends_clearly(connection: Connection) -> None:
    began = time.monotonic()
    with pytest.raises(CommandFailed, match="printed more than 1000000 bytes and was stopped"):
        connection.run(["sh", "-c", "yes | head -c 1000000000"], limit=1_000_000)
    assert time.monotonic() - began < 10
    assert connection.run(["echo", "still here"]).stdout == "still here\n"


def test_twenty_commands_at_once_share_a_connection(connection: Connection) -> None:
    with ThreadPoolExecutor(20) as executor:
        results = list(executor.map(lambda i: connection.run(["sh", "-c", f"sleep 0.1; echo {i}"]), range(20)))
    assert [result.stdout for result in results] == [f"{i}\n" for i in range(20)]


def test_closing_a_connection_ends_what_runs_through_it(connection: Connection, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(connection.run, noting(tmp_path / "pid", "sleep 60 & wait"))
        wait_for(tmp_path / "pid")
        connection.close()
        with pytest.raises(ConnectionLost):
            running.result(10)
    assert gone(tmp_path / "pid")
    assert not connection.alive
    with pytest.raises(ConnectionLost):
        connection.run(["true"])
    connection.close()


def test_a_command_is_followed_line_by_line(connection: Connection) -> None:
    lines: list[str] = []
    script = "printf 'one\\ntwo \\033[1mbold\\033[0m\\n'; echo three >&2; printf last; exit 4"
    assert connection.stream(["sh", "-c", script], lines.append, threading.Event()) == 4
    assert sorted(lines) == ["last", "one", "three", "two bold"]


def test_following_ends_when_it_is_told_to_and_so_does_the_process(connection: Connection, tmp_path: Path) -> None:
    stop = threading.Event()
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        if len(lines) == 3:
            stop.set()

    script = "while :; do echo tick; sleep 0.05; done"
    assert connection.stream(noting(tmp_path / "pid", script), on_line, stop) is None
    assert lines[:3] == ["tick"] * 3
    assert gone(tmp_path / "pid", 0.5)


def test_an_error_in_the_callback_ends_the_process_and_comes_through(connection: Connection, tmp_path: Path) -> None:
    def on_line(_: str) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        connection.stream(noting(tmp_path / "pid", "echo x; sleep 60"), on_line, threading.Event())
    assert gone(tmp_path / "pid")


def test_a_lost_connection_ends_following_with_an_error(connection: Connection) -> None:
    with pytest.raises(ConnectionLost):
        connection.stream(["sh", "-c", "echo x; sleep 60"], lambda _: connection.close(), threading.Event())


LOGIN_SCRIPT = 'echo "Welcome to a"; printf "no line end"; echo noise >&2; '


def test_what_login_scripts_print_is_no_output(
    start_sshd: Callable[..., Any], network_of: Any, options: RemoteOptions, pools: Callable[..., Pool]
) -> None:
    server = start_sshd(f'ForceCommand {LOGIN_SCRIPT} eval "$SSH_ORIGINAL_COMMAND"')
    connection = pools(network_of({"a": "127.0.0.1"}, **server.ssh), options).connection("a")
    result = connection.run(["sh", "-c", "echo out; echo err >&2"])
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


def test_an_account_without_a_shell_says_so(
    start_sshd: Callable[..., Any], network_of: Any, options: RemoteOptions, pools: Callable[..., Pool]
) -> None:
    server = start_sshd("ForceCommand echo This account is not available.; exit 1")
    connection = pools(network_of({"a": "127.0.0.1"}, **server.ssh), options).connection("a")
    with pytest.raises(CommandFailed, match="ended with 1 before `true` was started; it said: This account is not"):
        connection.run(["true"])
