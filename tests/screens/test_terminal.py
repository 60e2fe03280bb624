"""The wizard in a real terminal: from the first key to the chaincode's answer, killed and resumed in between."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fabwiz.session.load import load

REPOSITORY = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.timeout(300),
]


class Terminal:
    """A tmux server of its own with one window, 80x24."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._windows = 0

    @property
    def _socket(self) -> str:
        return str(self._folder / f"tmux{self._windows}")

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-f", "/dev/null", "-S", self._socket, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, *arguments: str, **more: str) -> None:
        """Start the wizard in a new window, of a new server: the last one may not have ended yet."""
        self._windows += 1
        environment = {
            "PYTHONPATH": str(REPOSITORY),
            "XDG_STATE_HOME": str(self._folder / "state"),
            "XDG_DATA_HOME": str(self._folder / "data"),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "TERM": "screen-256color",
            **more,
        }
        words = [f"{name}={value}" for name, value in environment.items()]
        self._exit.unlink(missing_ok=True)
        script = f'"$@"; echo $? >{self._exit}; sleep 600'  # the last screen stays to be read
        wizard = ["env", "-i", *words, sys.executable, "-m", "screens", *arguments]
        command = ["sh", "-c", script, "sh", *wizard]
        self._tmux("new-session", "-d", "-s", "wizard", "-x", "80", "-y", "24", "-c", str(self._folder), *command)

    def press(self, *keys: str) -> None:
        """Keys as tmux names them; other words are typed."""
        self._tmux("send-keys", "-t", "wizard", *keys)

    @property
    def drawn(self) -> str:
        """The screen with its escape sequences."""
        return self._tmux("capture-pane", "-e", "-p", "-t", "wizard")

    def type_at_end(self, text: str) -> None:
        """Type behind what the field that has the focus says already."""
        time.sleep(0.5)  # a field selects all that it says when it gets the focus, a moment after it shows
        self.press("End")
        self.press(text)

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "wizard")

    def until(self, *texts: str, seconds: float = 90) -> str:
        """Wait until the screen shows all of the texts."""
        end = time.monotonic() + seconds
        while not all(text in (screen := self.screen) for text in texts):
            assert time.monotonic() < end, f"{texts} did not come:\n{screen}"
            time.sleep(0.1)
        return screen

    @property
    def step(self) -> str:
        """The title of the step that the rail points at."""
        return next((line.split()[1] for line in self.screen.splitlines() if line.startswith("▶")), "")

    def next(self) -> None:
        """Go to the next step."""
        before = self.step
        self.press("F4")
        self.wait(lambda: self.step != before)

    @property
    def ended(self) -> str:
        """The exit code; empty while the wizard runs."""
        return self._exit.read_text().strip() if self._exit.exists() else ""

    @property
    def _exit(self) -> Path:
        return self._folder / "exit"

    def wait(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        """Wait for something that must come to be."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"it did not come to be:\n{self.screen}"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9, as if the power were cut."""
        os.killpg(int(self._tmux("display-message", "-p", "-t", "wizard", "#{pane_pid}")), signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End the window and its server."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.close()


def test_from_the_first_key_to_the_chaincodes_answer(terminal: Terminal, tmp_path: Path) -> None:
    terminal.start()
    terminal.until("New session", "From the example four-lan-hosts")
    terminal.press("Down", "Down")
    terminal.press("Enter")
    terminal.until("Where is the session to be kept?")
    terminal.press("Enter")
    terminal.until("What is the network called", "name: name of the network")
    file = tmp_path / "four-lan-hosts.yaml"
    terminal.type_at_end("x")
    terminal.wait(lambda: "name: lan4x\n" in file.read_text())

    terminal.kill()
    terminal.start("four-lan-hosts.yaml")
    terminal.until("lan4x", "name: name of the network")
    terminal.type_at_end("y")  # the same field has the focus again
    terminal.wait(lambda: "name: lan4xy\n" in file.read_text())

    while terminal.step != "Run":
        terminal.next()
    terminal.until("Rehearse here first")
    terminal.press("Enter")
    terminal.until("preflight  ✓")
    terminal.kill()

    terminal.start("four-lan-hosts.yaml")
    terminal.until("Rehearse here first")
    terminal.press("Enter")
    terminal.until("rehearsal of lan4xy works", seconds=200)
    terminal.press("F4")
    terminal.until("14 of 14 containers run")
    terminal.press("C-q")
    terminal.wait(lambda: terminal.ended == "0")
    assert load(file).session


def test_no_colour_reaches_a_terminal_that_wants_none(terminal: Terminal, tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "assets/sessions/four-lan-hosts.yaml", tmp_path / "lan4.yaml")
    terminal.start("lan4.yaml", NO_COLOR="1")
    terminal.until("name: name of the network")
    for _ in range(8):
        drawn = terminal.drawn
        codes = {code for found in re.findall(r"\x1b\[([0-9;:]*)m", drawn) for code in found.split(";")}
        assert codes <= {"", "0", "1", "2", "3", "4", "7", "22", "23", "24", "27", "39", "49"}, codes
        terminal.next()
    terminal.press("C-q")
    terminal.wait(lambda: terminal.ended == "0")


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_can_show_nothing_is_told_where_to_go(terminal: Terminal, tmp_path: Path, term: str) -> None:
    shutil.copy(REPOSITORY / "assets/sessions/four-lan-hosts.yaml", tmp_path / "lan4.yaml")
    terminal.start("lan4.yaml", TERM=term)
    terminal.wait(lambda: terminal.ended == "2")
