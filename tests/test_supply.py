"""What is pinned is what pyproject.toml asks for, by hash; what is known against it is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}


def supply(*words: str, audit: str = "false") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FABWIZ_AUDIT": audit}
    argv = [sys.executable, str(ROOT / ".ci" / "supply"), *words]
    return subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)


def test_the_lock_file_was_made_from_this_pyproject() -> None:
    found = supply("--fingerprint").stdout.strip()
    assert f"# {found}" in LOCK.splitlines(), "pyproject.toml has changed: run .ci/lock"


@pytest.mark.parametrize(
    "wanted", [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
)
def test_each_requirement_is_pinned(wanted: str) -> None:
    requirement = Requirement(wanted)
    pinned = PINNED.get(canonicalize_name(requirement.name))
    assert pinned is not None, f"{requirement.name} is not pinned: run .ci/lock"
    assert requirement.specifier.contains(pinned, prereleases=True), f"{wanted}, but {pinned} is pinned: run .ci/lock"


def test_everything_has_hashes_and_nothing_names_a_place() -> None:
    blocks = re.split(r"(?m)^(?=[\w.-]+==)", LOCK)[1:]
    assert len(blocks) == len(re.findall(r"^\S+==", LOCK, re.MULTILINE)) > 30
    assert [block.split()[0] for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)] == []
    assert "://" not in LOCK


def stub(tmp_path: Path, answer: str) -> str:
    path = tmp_path / "audit"
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit 1\n")
    path.chmod(0o700)
    return str(path)


def test_a_known_vulnerability_fails_unless_a_reason_is_given(tmp_path: Path) -> None:
    vulnerable = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["9.9"]}
    answer = {"dependencies": [{"name": "paramiko", "version": "5.1.0", "vulns": [vulnerable]}]}
    done = supply(audit=stub(tmp_path, json.dumps(answer)))
    assert done.returncode == 1
    assert "paramiko 5.1.0: PYSEC-2026-1; mended in 9.9" in done.stdout


def test_nothing_known_is_well(tmp_path: Path) -> None:
    found = [{"name": "rich", "version": "1", "vulns": []}, {"name": "scp", "skip_reason": "not found"}]
    done = supply(audit=stub(tmp_path, json.dumps({"dependencies": found})))
    assert (done.returncode, done.stdout) == (0, "supply: 1 packages looked up, 1 are not known there\n")


@pytest.mark.parametrize("said", ["ERROR: could not connect", "{}", "[]", ""])
def test_where_nobody_answers_that_is_said_and_it_goes_on(tmp_path: Path, said: str) -> None:
    done = supply(audit=stub(tmp_path, said))
    assert (done.returncode, done.stderr) == (0, "")
    assert "nobody could be asked" in done.stdout
