"""The lab's fixtures. Every test in this folder is marked `lab`; `python -m tests.lab` runs them.

A test asks for `site`, a factory of sites, as

    def test_it(site: Sites) -> None:
        with site("four-lan-hosts") as lan:
            lan.station.succeeds("replay")

and gets clean hosts with a neighbour on each, which are gone afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import NAMESPACE, Lab
from tests.lab.site.names import no_names
from tests.lab.site.sites import Sites
from tests.outcomes import ROWS, Outcomes

HERE = Path(__file__).parent
_NEEDED = ("mmdebstrap", "ip", "nsenter", "unshare", "ssh-keygen", "mkfs.ext4", "busybox", "mvn")
_SECONDS = 900
_OUTCOMES = Outcomes()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(_SECONDS))


def _why_not() -> str | None:
    """What is in the way of the lab here."""
    if os.geteuid() != 0:
        return "the lab makes network namespaces and mounts: it needs root"
    if missing := [program for program in _NEEDED if shutil.which(program) is None]:
        return f"the lab needs {', '.join(missing)}: see tests/lab/README.md"
    here, station = Path("/proc/self/ns/net").stat().st_ino, Path(f"/run/netns/{NAMESPACE}")
    if not station.exists() or station.stat().st_ino != here:
        return "lab tests run on the lab's own network: python -m tests.lab"
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return "there is one lab for all: run with -n 0"
    return None


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab without hosts. Skips where it cannot be, but fails where FABWIZ_LAB_REQUIRED says that it must be."""
    if why := _why_not():
        if os.environ.get("FABWIZ_LAB_REQUIRED"):
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
    lab = Lab()
    lab.clear()
    with no_names():
        yield lab
    lab.clear()


@pytest.fixture(scope="session")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Sites:
    """Makes sites: clean hosts and an operator's workstation."""
    stock = json.loads((lab.folder / "stock.json").read_text())
    return Sites(lab, stock, lambda: tmp_path_factory.mktemp("station"))


@pytest.fixture(scope="session")
def outcomes() -> Outcomes:
    """Takes a note of every fault, for the table at the end of the run."""
    return _OUTCOMES


def pytest_sessionfinish() -> None:
    """Keep what the faults came to, for the table that `python -m tests.lab` makes."""
    if _OUTCOMES.rows:
        _OUTCOMES.write(lab_folder() / ROWS)
