"""Distribute: each host gets exactly its bundle, as one archive, verified there and put in place by rename."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fabwiz.artifacts.manifest import Manifest, read_manifest
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Result, Step, done, skipped
from fabwiz.remote.connection import BundleFile, PutReport
from fabwiz.session.network import Host, Network
from fabwiz.session.workspace import Workspace


class PutBundle(Step):
    """Send what is missing or different; take away what an earlier bundle put there and this one does not have."""

    name = "bundle"

    def __init__(self, host: Host) -> None:
        self.host = host.name
        self._host = host
        self.title = f"put its bundle into {host.remote_dir}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """Every file, with its mode."""
        manifest = self._manifest(workspace)
        return [
            Action("file", f"{self._host.remote_dir}/{_stable(entry.path)} ({entry.mode:04o})", entry.private)
            for entry in manifest.files
        ]

    def look(self, run: Run) -> str | None:
        """Compare on the host, in one round trip."""
        report = self._put(run, only_look=True)
        return None if report.changed or report.removed else f"all {report.unchanged} files are there"

    def act(self, run: Run) -> str:
        """Send."""
        return self.execute(run).message

    def execute(self, run: Run) -> Result:
        """Compare on the host, send what differs, verify there."""
        run.leases.hold(self.host)
        report = self._put(run, only_look=False)
        if report.changed or report.removed:
            removed = f", {len(report.removed)} removed" if report.removed else ""
            return done(
                f"{len(report.changed)} files put in place ({report.sent_bytes >> 10} KB sent){removed}, "
                f"{report.unchanged} unchanged"
            )
        return skipped(f"all {report.unchanged} files are there")

    def _put(self, run: Run, only_look: bool) -> PutReport:
        manifest = self._manifest(run.workspace)
        files = [BundleFile(entry.path, entry.mode, entry.sha256) for entry in manifest.files]
        return run.connection(self._host.name).put_bundle(
            run.workspace.host(self._host.name), files, self._host.remote_dir, only_look=only_look
        )

    def _manifest(self, workspace: Workspace) -> Manifest:
        manifest = read_manifest(workspace.host(self._host.name))
        if manifest is None:
            raise StepFailed(f"{workspace.host(self._host.name)} is not there", remedy="run the generate phase first")
        return manifest


def _stable(path: str) -> str:
    """A key file is named after its key, which a plan does not know: it is made for the plan only."""
    return re.sub(r"(?<=keystore/)[0-9a-f]{64}(?=_sk$)", "<key id>", path)


def stages(network: Network) -> Iterable[Stage]:
    """All hosts at once."""
    yield [PutBundle(host) for host in network.hosts.values() if network.on(host.name)]


SPEC = PhaseSpec(
    Phase.DISTRIBUTE,
    "send each host its bundle",
    "A host gets its own nodes' keys, the genesis block if it orders, and the CA certificates that it must trust.",
    stages,
)
