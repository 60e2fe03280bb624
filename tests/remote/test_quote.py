"""One place makes shell lines, and every shell reads them alike."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabwiz.remote.quote import Elevation, join, login_line, supervised, with_env

SHELLS = {
    "sh": ["sh"],
    "bash": ["bash"],
    "busybox": ["busybox", "sh"],
    "fish": ["fish", "--no-config"],
    "tcsh": ["tcsh", "-f"],
}
SHOW = [
    sys.executable,
    "-S",
    "-c",
    "import sys, os; os.write(1, '\\0'.join(sys.argv[1:]).encode('utf-8', 'surrogateescape'))",
]
NASTY = [
    "", " ", "'", '"', "\\", "\\'", "a\nb", "!!", "$HOME", "$(id)", "`id`", "~", "*", "-n", "#", "ü€😀", "\t",
    "\x1b[0m", "a'b\\c!d\ne", "%s", "{a,b}", "&& id", "\r\n", "a\\", "^", "\udcff",
]  # fmt: skip


def through(shell: str, line: str) -> bytes:
    argv = SHELLS[shell]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    return subprocess.run([*argv, "-c", line], capture_output=True, check=True, timeout=20).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_every_login_shell_passes_nasty_words_on_unchanged(shell: str) -> None:
    printed = through(shell, login_line([*SHOW, *NASTY]))
    assert printed.decode("utf-8", "surrogateescape").split("\0") == NASTY


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_any_words_survive_a_shell(words: list[str]) -> None:
    assert through("sh", login_line([*SHOW, *words])).decode().split("\0") == words
    assert through("sh", "printf '%s\\0' " + join(words)).decode() == "".join(f"{word}\0" for word in words)


def test_plain_commands_stay_readable() -> None:
    assert login_line(["docker", "ps", "--filter", "label=a b"]) == "exec docker ps --filter 'label=a b'"


def test_env_goes_before_the_command() -> None:
    assert with_env(["docker", "ps"], {"A": "b c"}) == ["env", "A=b c", "docker", "ps"]
    assert with_env(["docker", "ps"], None) == ["docker", "ps"]
    with pytest.raises(ValueError, match="not a name"):
        with_env(["true"], {"A B": ""})


def test_what_no_command_line_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        join(["a\0b"])
    with pytest.raises(ValueError, match="its name"):
        supervised([], marker="m")
    with pytest.raises(ValueError, match="use the input"):
        login_line(["echo", "x" * 130_000])


def test_sudo_is_put_before_the_supervision_so_that_root_can_stop_roots_processes() -> None:
    assert supervised(["id"], marker="m", elevation=Elevation.SUDO).startswith("exec sudo -n -- sh -c ")
    assert supervised(["id"], marker="m", elevation=Elevation.SUDO_PASSWORD).startswith("exec sudo -S -p '' -- sh -c ")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_supervised_command_gets_its_input_and_its_exit_code_comes_back(shell: str) -> None:
    argv = SHELLS[shell]
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    line = supervised(["sh", "-c", "wc -c; exit 7"], marker="MARK", input_size=5)
    process = subprocess.Popen(
        [*argv, "-c", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"a password that nobody wanted\nMARK\nhello")
    process.stdin.flush()
    assert process.stdout.read().split() == [b"MARK", b"5"]
    assert process.wait(10) == 7
    process.communicate()


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_a_supervised_command_ends_when_its_input_ends(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    line = supervised(["sh", "-c", "trap 'echo told; exit 3' TERM; sleep 60 & wait"], marker="MARK")
    if shell != "dash":
        line = line.replace("exec sh -c", f"exec {' '.join(SHELLS[shell])} -c", 1)
    done = subprocess.run(["sh", "-c", line], input=b"MARK\n", capture_output=True, timeout=60, check=False)
    assert done.stdout.split() in ([b"MARK", b"told"], [b"MARK"])
    assert done.returncode != 0
