"""Everything that `fabwiz generate` makes, in order, on the workstation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from fabwiz.artifacts import configtx, crypto, kafka_tls, official
from fabwiz.artifacts.bundle import rebuild, remove
from fabwiz.artifacts.compose import Resolve, system_resolve
from fabwiz.artifacts.crypto import CryptoReport
from fabwiz.artifacts.errors import GenerateError
from fabwiz.artifacts.manifest import Manifest, read_manifest
from fabwiz.session.files import PRIVATE_FILE, remove_leftovers, write_atomic
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

_WRITTEN_FILE_BY_FILE = ("channel-artifacts", "chaincode", "passwords")
"""Folders of `artifacts/`. Trees of keys and bundles tidy up for themselves."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of everything under `artifacts/`. Keys and bundles count by folder."""

    created: list[Path] = field(default_factory=list)
    """Made, completed, or replaced because the session says something else now."""
    kept: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    """Bundles of hosts that left the session."""
    manifests: dict[str, Manifest] = field(default_factory=dict)
    """By host; hosts that run nothing get nothing."""

    def _note(self, path: Path, created: bool) -> None:
        (self.created if created else self.kept).append(path)

    def _add(self, other: CryptoReport) -> None:
        self.created.extend(other.created + other.completed)
        self.kept.extend(other.kept)


def generate(
    network: Network,
    workspace: Workspace,
    on_progress: Callable[[str], None] | None = None,
    *,
    started: bool | None = None,
    now: datetime | None = None,
    resolve: Resolve = system_resolve,
    sketch: bool = False,
) -> Report:
    """Make what is missing and what the session changed; a second run changes nothing.

    Keys, certificates, passwords, the genesis block, transactions, crypto-config.yaml, configtx.yaml and each host's
    bundle. Existing keys are kept; an interrupted run is completed by the next. `on_progress` is told each part as
    it begins. `now` (with a time zone) is when certificates start.

    Until a network is `started` from them, the genesis block and transactions follow the session; then a session that
    would change them is refused, for orderers with different genesis blocks do not make one network. When nothing is
    said, a network counts as started once there is a journal.

    A `sketch` is what a plan needs: of a bundle only its manifest, and nothing for those who go on with other tools.

    Raises ArtifactError, whose message tells people the way out; files that cannot be written among it.
    """
    tell = on_progress or (lambda _: None)
    report = Report()
    try:
        for folder in (workspace.artifacts, *(workspace.artifacts / name for name in _WRITTEN_FILE_BY_FILE)):
            remove_leftovers(folder)
        tell("keys and certificates")
        report._add(crypto.generate(network, workspace, now))
        if network.session.ordering.kafka.tls:
            tell("keys and stores for Kafka over TLS")
            report._add(kafka_tls.generate(network, workspace, now))
        tell("genesis block and transactions of the channels")
        running = workspace.journal.exists() if started is None else started
        blocks = configtx.generate(network, workspace, now, replace=not running)
        report.created.extend(blocks.created)
        report.kept.extend(blocks.kept)
        if not sketch:
            tell("crypto-config.yaml and configtx.yaml")
            for name, text in _official(network, workspace).items():
                path = workspace.artifacts / name
                report._note(path, _keep_text(path, text, workspace.durable))
        # each name is looked up once, however many hosts must know it
        _bundles(network, workspace, tell, cache(resolve), report, sketch)
    except OSError as error:
        raise GenerateError(
            f"{error.filename or workspace.artifacts}: {error.strerror or error}. Make room, or mend the rights of "
            "that place, and run this again: what was made so far is kept."
        ) from error
    return report


def _official(network: Network, workspace: Workspace) -> Mapping[str, str]:
    """For those who go on with cryptogen and configtxgen."""
    return {
        "crypto-config.yaml": official.crypto_config_yaml(network),
        "configtx.yaml": official.configtx_yaml(network, workspace),
    }


def _keep_text(path: Path, text: str, durable: bool) -> bool:
    """Have a text file: whether it was written."""
    if path.exists() and path.read_bytes() == text.encode():
        return False
    write_atomic(path, text, PRIVATE_FILE, durable=durable)
    return True


def _bundles(
    network: Network,
    workspace: Workspace,
    tell: Callable[[str], None],
    resolve: Resolve,
    report: Report,
    sketch: bool,
) -> None:
    hosts = [host for host in network.hosts if network.on(host)]
    for host in hosts:
        tell(f"what host {host} gets")
        built = rebuild(network, workspace, host, resolve, sketch=sketch)
        report.manifests[host] = built.manifest
        report._note(workspace.host(host), built.changed)
    folder = workspace.host("any").parent
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        # only what is known to be a bundle is removed
        if path.name not in hosts and not path.name.startswith(".") and read_manifest(path) is not None:
            remove(workspace, path.name)
            report.removed.append(path)
