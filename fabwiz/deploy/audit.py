"""Auditing hosts: whether each has what its manifest says, and nothing else. Nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

from fabwiz.artifacts import layout
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.artifacts.manifest import Manifest, read_manifest
from fabwiz.deploy import audit_containers, audit_files
from fabwiz.deploy.audit_containers import Compose
from fabwiz.deploy.audit_files import WhoseKey
from fabwiz.deploy.audit_probe import ask
from fabwiz.deploy.audit_report import Deviation, HostAudit
from fabwiz.deploy.run import Run
from fabwiz.remote.connection import BundleFile, RemoteError
from fabwiz.remote.transfer import manifest_text
from fabwiz.session.files import PRIVATE_FILE
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

_MOST_THREADS = 64
_LONGEST = 300


class Auditor:
    """Knows what every host must have, before any is asked.

    A host without nodes must have nothing: keys of nodes that were moved away could lie there.
    """

    def __init__(self, network: Network, workspace: Workspace) -> None:
        """Raises ArtifactError where a host's bundle has not been made, or is damaged."""
        self._network = network
        self._workspace = workspace
        self._manifests = {host: self._manifest(host) for host in network.hosts}
        self._composes = {host: self._compose(host) for host in network.hosts}
        self._whose = keys_of(workspace)

    def audit(self, run: Run) -> list[HostAudit]:
        """Ask every host at once; one that cannot be asked costs only its own answer."""
        outcomes = run.pool.open_all(self._network.hosts)  # so that new host keys are reviewed together
        with ThreadPoolExecutor(max(1, min(_MOST_THREADS, len(outcomes))), thread_name_prefix="audit") as pool:
            return list(pool.map(lambda host: self._host(run, host, outcomes[host]), self._network.hosts))

    def _host(self, run: Run, name: str, outcome: object) -> HostAudit:
        host, manifest = self._network.hosts[name], self._manifests[name]
        try:
            if isinstance(outcome, RemoteError):
                raise outcome
            found = ask(run.connection(name), self._network, host)
        except Exception as error:
            failed = run.explain(error, name)
            return HostAudit(name, error=f"{failed.message}; {failed.remedy}" if failed.remedy else failed.message)
        wanted, sizes = expected(manifest)
        deviations = audit_files.compare(wanted, sizes, found, self._whose)
        deviations += audit_containers.compare(self._network, host, self._composes[name], manifest.revisions, found)
        return HostAudit(name, len(manifest.files), len(found.boxes), tuple(map(_visible, deviations)))

    def _manifest(self, host: str) -> Manifest:
        manifest = read_manifest(self._workspace.host(host))
        if manifest is None and self._network.on(host):
            folder = self._workspace.host(host)
            raise ArtifactError(
                f"{folder} is not there, so there is nothing to compare with: if the hosts were deployed from another "
                f"place, take {self._workspace.root.name} along from there; if not, run `fabwiz generate`"
            )
        return manifest or Manifest(self._network.name, host, (), {})

    def _compose(self, host: str) -> Compose:
        """The compose file that the manifest speaks of: another one would prove nothing."""
        path = self._workspace.host(host) / layout.COMPOSE_FILE
        entry = next((one for one in self._manifests[host].files if one.path == layout.COMPOSE_FILE), None)
        if entry is None:
            return Compose({}, {}, frozenset())
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise ArtifactError(f"{path} is not what its manifest says; run fabwiz generate")
        return audit_containers.read_compose(data.decode(), str(path))


def expected(manifest: Manifest) -> tuple[dict[str, BundleFile], dict[str, int]]:
    """Every file that a host must have, and their sizes; its own manifest.json is one of them."""
    files = [BundleFile(entry.path, entry.mode, entry.sha256) for entry in manifest.files]
    sizes = {entry.path: entry.size for entry in manifest.files}
    if files:
        text = manifest_text(files).encode()
        files.append(BundleFile(layout.MANIFEST, PRIVATE_FILE, hashlib.sha256(text).hexdigest()))
        sizes[layout.MANIFEST] = len(text)
    return {file.path: file for file in files}, sizes


def keys_of(workspace: Workspace) -> WhoseKey:
    """Tells whether a file that lies where it should not is a key of this workspace, by its SHA-256."""

    @cache
    def known() -> dict[str, str]:
        found = {}
        for path in _key_files(workspace.artifacts):
            relative = path.relative_to(workspace.artifacts).as_posix()
            found[hashlib.sha256(path.read_bytes()).hexdigest()] = f"the private key {relative}"
        return found

    return lambda digest: known().get(digest)


def _key_files(folder: Path) -> Iterable[Path]:
    """Keys by their names: what hosts get are copies."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if parts[0] != "hosts" and path.name.endswith(("_sk", ".key", ".p12")) and path.is_file():
            yield path


def _visible(deviation: Deviation) -> Deviation:
    """With nothing in it that steers a terminal, or hides: names on hosts may hold anything."""
    return replace(deviation, subject=_safe(deviation.subject), message=_safe(deviation.message))


def _safe(text: str) -> str:
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
