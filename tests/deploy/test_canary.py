"""Secrets that are planted are found nowhere but where they belong, and nobody else may read what a run writes.

One whole run with rehearsal hosts: the login key has a passphrase, sudo wants a password, hosts hold a registry's
token. While it works, the command lines and environments of all processes are looked at many times a second.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass
class Watch:
    """Looks at all processes until it is told to stop."""

    words: dict[str, bytes]
    run: int = 0
    program: bytes = b""
    """The process that has a secret in its environment, and must not hand it on; its command line."""
    looks: int = 0
    found: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)

    def spare(self, run: int) -> None:
        self.run, end = run, time.monotonic() + 60
        # a program that is just being executed has no command line for a moment
        while not self.program and time.monotonic() < end:
            self.program = Path(f"/proc/{run}/cmdline").read_bytes()
        assert self.program

    def look(self) -> None:
        self.looks += 1
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            for name in ("cmdline", "environ"):
                if name == "environ" and int(entry.name) == self.run:
                    continue
                with suppress(OSError):
                    if name == "environ" and self.program:
                        self._own_program(entry)
                    text = (entry / name).read_bytes()
                    if name == "cmdline" and b"fabwiz" in text:
                        self.commands.add(entry.name)
                    self._search(entry, name, text)

    def _search(self, process: Path, name: str, text: bytes) -> None:
        seen = [what for what, word in self.words.items() if word in text]
        program = ""
        if seen:
            with suppress(OSError):  # it has ended meanwhile
                program = (process / "comm").read_text().strip()
        self.found |= {f"{what} in {name} of {program or 'somebody'}: {text[:200]!r}" for what in seen}

    def _own_program(self, process: Path) -> None:
        """Wait until a child of the run executes its program: between fork and exec it shows the run's environment."""
        end = time.monotonic() + 30
        while (process / "cmdline").read_bytes() == self.program and time.monotonic() < end:
            time.sleep(0.001)


@dataclass
class Deployed:
    """What a run left."""

    folder: Path
    output: bytes
    code: int
    watch: Watch
    planted: dict[str, str]


@pytest.fixture(scope="module", params=["000", "077"])
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder = tmp_path_factory.mktemp("canary")
    for name in ("home", "tmp"):
        (folder / name).mkdir(mode=0o700)
    names = ("passphrase", "sudo", "token", "password", "admin")
    planted = {name: f"canary-{name}-{secrets.token_hex(12)}" for name in names}
    environment = {
        **os.environ,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "FABWIZ_SSH_PASSWORD": planted["password"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    argv = [sys.executable, "-m", "tests.deploy.canary_run", str(folder), request.param]
    pipe = subprocess.PIPE
    watch = Watch({name: word.encode() for name, word in planted.items()})
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, env=environment, cwd=ROOT) as run:
        assert run.stdin
        watch.spare(run.pid)
        run.stdin.write(json.dumps(planted).encode())
        run.stdin.close()
        ended = threading.Event()

        def keep_looking() -> None:
            while not ended.wait(0.05):
                watch.look()

        looker = threading.Thread(target=keep_looking)
        looker.start()
        try:
            assert run.stdout
            output = run.stdout.read()
            code = run.wait(60)
        finally:
            ended.set()
            looker.join()
    return Deployed(folder, output, code, watch, planted)


_FORKS = """
import os, sys, time
print(flush=True)
if not os.fork():
    time.sleep(0.5)
    environment = {} if sys.argv[1] == "cleared" else dict(os.environ)
    os.execve("/bin/sleep", ["sleep", "60"], environment)
os.wait()
"""


@pytest.mark.parametrize("handed_on", [False, True])
def test_a_secret_counts_where_a_program_was_given_it(handed_on: bool) -> None:
    """The run's own children are not taken for programs while they are only copies of the run."""
    secret = f"canary-{secrets.token_hex(12)}"
    watch = Watch({"word": secret.encode()})
    argv = [sys.executable, "-c", _FORKS, "handed on" if handed_on else "cleared"]
    environment = {**os.environ, "WORD": secret}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment, start_new_session=True) as run:
        assert run.stdout
        run.stdout.readline()
        watch.spare(run.pid)
        end = time.monotonic() + (60 if handed_on else 1)
        try:
            while not watch.found and time.monotonic() < end:
                watch.look()
        finally:
            os.killpg(run.pid, signal.SIGKILL)
    assert bool(watch.found) is handed_on


def files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path


def is_spared(path: Path, what: str) -> bool:
    return what == "token" and path.match("home/.docker/config.json")


def test_the_run_went_well_and_used_the_secrets(deployed: Deployed) -> None:
    assert deployed.code == 0, deployed.output[-3000:].decode()
    assert deployed.watch.looks > 10
    assert deployed.watch.commands
    assert all((home / "sudo.calls").is_file() for home in deployed.folder.glob("scratch/hosts/*/home"))


def test_no_process_shows_a_secret(deployed: Deployed) -> None:
    assert deployed.watch.found == set()


def test_no_output_and_no_file_holds_a_secret(deployed: Deployed) -> None:
    hidden = {what: word.encode() for what, word in deployed.planted.items()}
    assert [what for what, word in hidden.items() if word in deployed.output] == []
    seen = 0
    for path in files(deployed.folder):
        content = path.read_bytes()
        seen += 1
        assert [what for what, word in hidden.items() if word in content and not is_spared(path, what)] == [], path
    assert seen > 100
    assert (deployed.folder / "work/session.fabwiz/logs/engine.log").read_text().count("Secret(***)") > 1


def test_keys_lie_where_they_belong_and_nowhere_else(deployed: Deployed) -> None:
    crypto = deployed.folder / "work/session.fabwiz/artifacts/crypto-config"
    keys = {path: path.read_bytes() for path in files(crypto) if path.name.endswith(("_sk", ".key"))}
    assert len(keys) > 20
    bodies = {path: base64.b64encode(base64.b64decode(b"".join(pem.splitlines()[1:-1]))) for path, pem in keys.items()}
    home = {path for path in keys if "users" in path.parts or "ca" in path.parts or "tlsca" in path.parts}
    assert home
    assert {path for path, pem in keys.items() if pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")} == home
    for found in files(deployed.folder):
        content = found.read_bytes().replace(b"\n", b"")
        for path, body in bodies.items():
            if body not in content or found in keys:
                continue
            assert path not in home, f"{path} is in {found}"
            assert found.name.endswith(("_sk", ".key")), f"{path} is in {found}"
    assert not any(body in deployed.output for body in bodies.values())


def test_only_the_owner_may_read_what_a_run_writes(deployed: Deployed) -> None:
    assert stat.S_IMODE((deployed.folder / "scratch").stat().st_mode) == 0o700
    open_to_others = []
    for top in ("work/session.yaml", "work/session.fabwiz", "home", "scratch/ssh"):
        path = deployed.folder / top
        for one in (path, *path.rglob("*")):
            mode = stat.S_IMODE(one.lstat().st_mode)
            if not one.is_symlink() and mode != (0o700 if one.is_dir() else 0o600):
                open_to_others.append(f"{mode:o} {one.relative_to(deployed.folder)}")
    assert open_to_others == []
