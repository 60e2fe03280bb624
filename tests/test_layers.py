"""What is loaded when: the engine knows no screen, and `check` starts without SSH and gRPC."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def modules_after(*argv: str) -> set[str]:
    """Names of all modules that a command has loaded when it ends."""
    script = (
        "import sys, contextlib, io\n"
        "from fabwiz.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    code = main(sys.argv[1:])\n"
        "print(code, *sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script, *argv], capture_output=True, text=True, check=True, cwd=ROOT)
    code, *modules = done.stdout.split()
    assert code == "0", done.stdout + done.stderr
    return set(modules)


@pytest.mark.parametrize("command", ["check", "plan"])
def test_commands_of_the_engine_load_no_screen(command: str) -> None:
    loaded = modules_after(command, str(ROOT / "assets/sessions/four-lan-hosts.yaml"))

    assert not {name for name in loaded if name.split(".")[0] in ("textual", "screens")}


def test_check_loads_neither_ssh_nor_grpc() -> None:
    loaded = modules_after("check", str(ROOT / "assets/sessions/four-lan-hosts.yaml"))

    assert not {"paramiko", "grpc", "cryptography", "fabric_protos"} & loaded


def test_imports_point_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stdout + done.stderr
