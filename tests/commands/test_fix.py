"""`fabwiz fix`: what is shown, what is run, what is said afterwards. The host is this machine, its tools are not."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fabwiz.cli import main
from fabwiz.deploy import host_probe, survey
from fabwiz.session.data import dump
from tests.deploy.sites import changed, session_of

pytestmark = pytest.mark.timeout(120)

# each of these notes how it was called; `on` is there once Docker was started
_NOTE = 'echo "$(basename "$0") $*" >>"$STATE/calls"\n'
_TOOLS = {
    "id": "case $1 in -u) echo 0 ;; -un) echo ann ;; *) echo ann ;; esac",
    "docker": """
[ -e "$STATE/on" ] || { echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2; exit 1; }
case $1 in version) echo 24.0.7 ;; compose) echo 2.26.1 ;; esac""",
    "docker-compose": "echo 1.29.2",
    "systemctl": """
case "$1 $2" in
"cat docker.service") ;;
"is-active docker.service") echo inactive; exit 3 ;;
"is-enabled docker.service") echo disabled; exit 1 ;;
"enable docker.service") """
    + _NOTE
    + """;;
"start docker.service") """
    + _NOTE
    + """[ ! -e "$STATE/broken" ] || { echo 'Job for docker.service failed.' >&2; exit 1; }
touch "$STATE/on" ;;
*) exit 1 ;;
esac""",
    # nothing of what others listen at on this machine
    "awk": """case "$*" in *0A*) ;; *) exec /usr/bin/awk "$@" ;; esac""",
    **dict.fromkeys(("iptables", "ip6tables", "nft", "ufw", "firewall-cmd", "timedatectl", "service"), "exit 1"),
}


class Machine:
    """This machine with stand-ins for everything that could be changed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        self._bin = folder / "bin"
        self._bin.mkdir()
        for name, script in _TOOLS.items():
            self.has(name, script)
        monkeypatch.setenv("STATE", str(self.state))
        monkeypatch.setenv("PATH", f"{self._bin}:/usr/bin:/bin")
        # whatever starts services here, the scripts find systemd
        monkeypatch.setenv("SYSTEMD", str(folder))
        for module, name in ((survey, "SURVEY_SCRIPT"), (host_probe, "PROBE_SCRIPT")):
            monkeypatch.setattr(module, name, getattr(module, name).replace("/run/systemd/system", str(folder)))
        data = changed(session_of("three-orgs-one-host"), ("hosts", "here", "remote_dir"), str(folder / "remote"))
        self.session = folder / "three.yaml"
        self.session.write_text(dump(data))

    def has(self, name: str, script: str) -> None:
        path = self._bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        file = self.state / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def fix(self, *options: str) -> int:
        return main(["fix", str(self.session), *options])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


STARTED = ["systemctl enable docker.service", "systemctl start docker.service"]


def test_docker_is_started_after_its_commands_were_shown(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.fix("--yes") == 0

    said = capsys.readouterr().out
    assert machine.calls == STARTED
    shown, _, rest = said.partition(f"host here: sudo {machine.calls[0]}: done")
    for command in machine.calls:
        assert f"      sudo {command}\n" in shown
    assert "no Docker engine answers (Cannot connect to the Docker daemon" in shown
    assert rest.rstrip().endswith("host here: all is right")

    assert machine.fix() == 0, "nothing is left to ask about"
    assert machine.calls == STARTED


def test_a_headless_run_shows_and_changes_nothing_without_yes(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert machine.fix() == 2

    said = capsys.readouterr()
    assert "docker" in said.out
    assert "say --yes" in said.err
    assert machine.calls == []


def test_json_tells_problems_commands_and_what_came_of_them(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert machine.fix("--json", "--yes") == 0

    told: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    commands = [" ".join(argv) for argv in told[0]["problems"][0]["commands"]]
    assert commands == machine.calls
    assert {one["status"] for one in told if "status" in one} == {"done"}
    assert told[-1] == {"host": "here", "problems": []}


def bobs_lease(remote_dir: Path) -> Path:
    """Another operator's, of now, in `remote_dir`."""
    lease = remote_dir / ".fabwiz-lease"
    lease.mkdir(parents=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    uptime = Path("/proc/uptime").read_text().partition(".")[0]
    (lease / "held.bbbbbbbb-00000001").touch()
    (lease / "about.bbbbbbbb-00000001").write_text('1800000000\n{"who": "bob@desk"}\n')
    (lease / "beat.bbbbbbbb-00000001").write_text(f"{boot} {uptime} 1800000000\n")
    return lease


def test_another_operators_lease_is_in_the_way_until_it_is_taken_over(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    lease = bobs_lease(machine.session.parent / "remote")

    assert machine.fix("--yes") == 4
    assert "bob@desk" in capsys.readouterr().err
    assert machine.calls == []

    assert machine.fix("--yes", "--take-over") == 0
    assert machine.calls == STARTED
    assert not lease.exists()


def test_what_fails_is_told_with_the_hosts_own_words(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fabwiz.deploy.fix._SETTLE", 0.0)
    (machine.state / "broken").touch()

    assert machine.fix("--yes") == 1

    said = capsys.readouterr().out
    assert "failed: exit code 1: Job for docker.service failed." in said
    assert said.count("no Docker engine answers") == 2


def test_what_is_not_safe_is_only_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.has("docker", "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1")
    machine.has("systemctl", 'case "$1" in cat) ;; is-active) echo active ;; *) exit 1 ;; esac')

    assert machine.fix("--yes") == 1

    assert "usermod -aG docker ann" in capsys.readouterr().out
    assert machine.calls == []


def test_a_folder_is_made_for_the_login_user(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.state / "on").touch()
    user = subprocess.run([str(shutil.which("id", path="/usr/bin:/bin")), "-un"], capture_output=True, text=True).stdout
    # whoever runs this may be root, and may write everywhere
    asked = 'if [ ! -d "$1" ]; then say not_writable "$(dirname "$1")"; fi\nsay user ' + user
    script = host_probe.PROBE_SCRIPT.replace("if [ -w", f"{asked}\nif [ -w", 1)
    monkeypatch.setattr(host_probe, "PROBE_SCRIPT", script)

    assert machine.fix("--yes") == 0

    folder = tmp_path / "remote"
    assert f"install -d -m 0700 -o {user.strip()} -- {folder}" in capsys.readouterr().out
    assert folder.stat().st_mode & 0o7777 == 0o700
    assert folder.owner() == user.strip()


def test_a_lease_is_held_as_soon_as_its_folder_is_there(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker stands still, too, and while the folder is made another operator begins to work there."""
    asked = 'say not_writable "$(dirname "$1")"\nsay user ann\n'
    monkeypatch.setattr(host_probe, "PROBE_SCRIPT", host_probe.PROBE_SCRIPT.replace("if [ -w", f"{asked}if [ -w", 1))
    theirs = bobs_lease(machine.state)
    machine.has("install", f"mkdir {tmp_path}/remote && cp -r {theirs} {tmp_path}/remote")

    assert machine.fix("--yes") == 4

    assert "bob@desk" in capsys.readouterr().err
    assert machine.calls == []


@pytest.mark.parametrize("seconds", [20, -400])
def test_a_time_service_that_stands_still_is_started_where_the_clock_is_off(
    seconds: int, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.state / "on").touch()
    machine.has("date", f'now=$(/bin/date -u +%s); [ -e "$STATE/set" ] || now=$((now + {seconds})); echo "$now"')
    unit = 'case "$1 $2" in "cat chrony.service") ;; "is-active chrony.service") [ -e "$STATE/set" ] && echo active || '
    unit += 'echo inactive ;; "enable chrony.service" | "start chrony.service") touch "$STATE/set" ;; *) exit 1 ;; esac'
    machine.has("systemctl", unit)

    assert machine.fix("--yes") == 0

    said = capsys.readouterr().out
    assert "its clock is " in said
    assert "systemctl start chrony.service" in said
    assert said.rstrip().endswith("host here: all is right")


def test_a_host_that_the_session_has_not_is_named(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.fix("--host", "there", "--yes") == 2

    assert "--host there: there is no host there with nodes; there are here" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "code", "called"), [("y", 0, True), ("n", 1, False), ("", 1, False)])
def test_at_a_terminal_somebody_is_asked(machine: Machine, answer: str, code: int, called: bool) -> None:
    begin = """
import os, sys
from fabwiz.cli import main
from fabwiz.deploy import host_probe, survey
for module, name in ((survey, "SURVEY_SCRIPT"), (host_probe, "PROBE_SCRIPT")):
    setattr(module, name, getattr(module, name).replace("/run/systemd/system", os.environ["SYSTEMD"]))
sys.exit(main(sys.argv[1:]))"""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", begin, "fix", str(machine.session)],
        stdin=follower, stdout=follower, stderr=follower, cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:  # fmt: skip
        os.close(follower)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(leader, 4096)
        os.write(leader, f"{answer}\n".encode())
        try:
            while piece := os.read(leader, 4096):
                said += piece
        except OSError:
            pass  # the other end is closed
    os.close(leader)

    assert process.returncode == code, said.decode()
    assert bool(machine.calls) == called
