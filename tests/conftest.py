"""What tests of several folders need."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fabwiz.deploy.operator import operator
from tests.outcomes import Outcomes, Row, put_into
from tests.sshd import SSHD, Sshd

TABLE = Path(__file__).with_name("README.md")
"""Where `FABWIZ_TABLE=1` puts the table of faults."""


def pytest_configure(config: pytest.Config) -> None:
    """Collect garbage less often: thousands of screens in one process make a fifth of the tests' time of it."""
    if config.option.markexpr != "benchmark":  # those measure what users get
        gc.set_threshold(50_000, 20, 20)


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


FIGURES: Mapping[str, Callable[[Iterable[int]], int]] = {
    "kills survived": sum,
    "inputs fuzzed": sum,
    "lines flooded": sum,
    "seconds until a dead host is noticed": max,
}
"""What tests count (`record_property`), and what a run of them makes of it and tells at its end."""
_FAULT = "fault"


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Count the inputs of tests that hypothesis feeds."""
    handle = getattr(pyfuncitem.obj, "hypothesis", None)
    if handle is None:
        return (yield)
    test, inputs = handle.inner_test, count()

    @wraps(test)
    def counted(*args: Any, **kwargs: Any) -> None:
        next(inputs)
        test(*args, **kwargs)

    handle.inner_test = counted
    try:
        return (yield)
    finally:
        handle.inner_test = test
        pyfuncitem.user_properties.append(("inputs fuzzed", next(inputs)))


@pytest.fixture
def outcomes(record_property: Callable[[str, object], None], tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """Takes a note of a fault and of what came of it, as the test has measured it, for the table in tests/README.md."""
    # the tests' own folders, which are others each time; also as another process sees them
    folder = re.compile(rf"(/proc/\d+/root)?{re.escape(str(tmp_path_factory.getbasetemp()))}/[^/\s]+(/work)?")

    class Recorded(Outcomes):
        def add(self, new: Row) -> None:
            new.fault, new.did, new.end = (
                folder.sub("…", text).replace(operator(), "somebody@desk") for text in (new.fault, new.did, new.end)
            )
            record_property(_FAULT, asdict(new))

    return Recorded()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted: dict[str, list[int]] = {}
    faults = Outcomes()
    # with several workers, tests end in any order
    for report in sorted(terminalreporter.stats.get("passed", []), key=lambda report: report.location):
        for name, value in report.user_properties:
            if name in FIGURES:
                counted.setdefault(name, []).append(value)
            elif name == _FAULT:
                faults.add(Row(**value))
    figures = [f"{name}: {reduce(counted[name]):,}" for name, reduce in FIGURES.items() if name in counted]
    for line in figures:
        terminalreporter.write_line(line)
    if faults.rows and os.environ.get("FABWIZ_TABLE"):
        terminalreporter.write_line("\n".join(faults.plain()))
        put_into(TABLE, "\n".join([faults.markdown(), "", *(f"- {line}" for line in figures)]))
