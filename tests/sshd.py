"""OpenSSH servers of this user's own on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_key(path: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
    return path


class Sshd:
    """An OpenSSH server of this user's own on loopback."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.host_key = make_key(folder / "host_key")
        self.key = make_key(folder / "id_login")
        shutil.copy(folder / "id_login.pub", folder / "authorized_keys")
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {folder}/authorized_keys",
            "UsePAM no",
            "StrictModes no",
            "PasswordAuthentication no",
            "PermitRootLogin yes",
            "PidFile none",
            "LogLevel ERROR",
            *settings,
        ]
        self.config = folder / "sshd_config"
        self.config.write_text("\n".join(lines) + "\n")
        self.start()

    def start(self) -> None:
        assert SSHD
        log = (self.folder / "sshd.log").open("ab")
        with log:
            self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", self.config], stderr=log)
        for _ in range(200):
            assert self.process.poll() is None, (self.folder / "sshd.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("sshd does not listen")

    def stop(self) -> None:
        """End it and the processes of its connections."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True)
        family = {self.process.pid}
        for pid, parent, name in (line.split(None, 2) for line in sorted(listed.stdout.splitlines())):
            if int(parent) in family and name.startswith("sshd"):
                family.add(int(pid))
        self.process.kill()
        self.process.wait()
        for child in family - {self.process.pid}:
            with_kill(child)

    @property
    def ssh(self) -> dict[str, Any]:
        """What the session says to get in here."""
        return {"port": self.port, "key": str(self.key), "agent": False}


def with_kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
