"""What tests of several folders need."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sshd import SSHD, Sshd


@pytest.fixture(scope="session")
def start_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sshd]]:
    """Start servers with further settings; all end with the tests."""
    if SSHD is None:
        pytest.skip("there is no sshd here: install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # what sshd itself wants to find when it is root's
    started: list[Sshd] = []

    def start(*settings: str) -> Sshd:
        started.append(Sshd(tmp_path_factory.mktemp("sshd"), *settings))
        return started[-1]

    yield start
    for server in started:
        server.stop()


FIGURES = ("kills survived",)
"""What tests count (`record_property`) and a run of them tells at its end."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted = Counter[str]()
    for report in terminalreporter.stats.get("passed", []):
        counted.update({name: value for name, value in report.user_properties if name in FIGURES})
    for name, value in counted.items():
        terminalreporter.write_line(f"{name}: {value}")
