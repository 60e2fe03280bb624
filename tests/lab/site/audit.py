"""What lies on a host, seen from outside: from its console and its disk, not through fabwiz."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from fabwiz.artifacts.manifest import read_manifest
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace
from tests.lab.images.store import lab_folder
from tests.lab.machine.lab import LabHost

_LIST = r"""cd "$1" 2>/dev/null || exit 0
find . -type f -exec stat -c '%a %U %n' {} + | while read -r mode owner path; do
  printf '%s %s %s %s\n' "$mode" "$owner" "$(sha256sum <"$path" | cut -c1-64)" "${path#./}"
done
find . -mindepth 1 -type d ! -perm 700 -printf 'folder %m %P\n'
find . ! -type f ! -type d -printf 'other %y %P\n'"""
_KEYS = r"""places='/opt /root /home /tmp /srv /var/tmp /var/lib/docker/volumes'
grep -rlaE 'BEGIN [A-Z ]*PRIVATE KEY' $places 2>/dev/null |
while read -r path; do printf '%s %s\n' "$(sha256sum <"$path" | cut -c1-64)" "$path"; done"""

# what the system itself writes while a host runs
_SYSTEM = re.compile(
    r"^(var/(log|lib|cache|run|tmp|backups)/|etc/(ssh|docker)/|run/|tmp/|dev/"
    r"|etc/(hostname|hosts|resolv\.conf|environment|mtab|\.pwd\.lock|[\w-]+)$|(root|home/\w+)/\.ssh/authorized_keys$"
    r"|opt/(neighbour|containerd)/)"
)


def placed(host: LabHost, remote_dir: str) -> tuple[dict[str, tuple[int, str]], list[str]]:
    """Mode and SHA-256 of every file below a folder, manifest.json aside; and what is there beside files."""
    files, strange = {}, []
    for line in host.ok("sh", "-c", _LIST, "list", remote_dir).splitlines():
        first, _, rest = line.split(" ", 2)
        if first in ("folder", "other"):
            strange.append(line)
            continue
        digest, path = rest.split(" ", 1)
        files[path] = (int(first, 8), digest)
    files.pop("manifest.json", None)
    return files, strange


def owners(host: LabHost, remote_dir: str) -> set[str]:
    """Who owns what lies in a folder, the folder itself included."""
    return set(host.ok("find", remote_dir, "-printf", "%u\\n").split())


def images(host: LabHost) -> set[str]:
    """Names of all images on a host."""
    return set(host.ok("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split())


def promised(workspace: Workspace, host: str) -> dict[str, tuple[int, str]]:
    """The same, as the workstation's manifest says."""
    manifest = read_manifest(workspace.host(host))
    assert manifest, f"no manifest for {host}"
    return {entry.path: (entry.mode, entry.sha256) for entry in manifest.files}


def private_keys(host: LabHost) -> dict[str, set[str]]:
    """Every PEM private key on a host, sshd's aside: where it lies, by SHA-256 of the file."""
    found: dict[str, set[str]] = {}
    for line in host.ok("sh", "-c", _KEYS).splitlines():
        digest, path = line.split(" ", 1)
        found.setdefault(digest, set()).add(path)
    return found


def keys_of_nodes(network: Network, workspace: Workspace, host: str) -> set[str]:
    """SHA-256 of the private keys of the nodes that the session places on a host."""
    names = {node.name for node in network.on(host)}
    return {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in workspace.artifacts.rglob("*")
        if path.is_file() and "hosts" not in path.relative_to(workspace.artifacts).parts and names & set(path.parts)
        if b"PRIVATE KEY" in path.read_bytes()
    }


def strays(host: LabHost, remote_dir: str) -> list[str]:
    """Files that came to a host's own disk outside `remote_dir`, and are not the system's. `/` is left out."""
    disk = lab_folder() / "hosts" / host.name / "up"
    found = []
    for folder, _, names in os.walk(disk):
        for name in names:
            path = (Path(folder) / name).relative_to(disk).as_posix()
            if not (_SYSTEM.match(path) or f"/{path}".startswith(f"{remote_dir}/")):
                found.append(path)
    return found


def labelled(host: LabHost, network: str) -> list[str]:
    """Containers, volumes and networks with the network's label."""
    what = f"label=fabwiz.network={network}"
    script = (
        f"docker ps -aq --filter {what} --format 'container {{{{.Names}}}}'; "
        f"docker volume ls -q --filter {what} | sed 's/^/volume /'; "
        f"docker network ls --filter {what} --format 'network {{{{.Name}}}}'"
    )
    return host.ok("sh", "-c", script).splitlines()
