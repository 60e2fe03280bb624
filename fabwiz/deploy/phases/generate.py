"""Generate: keys, certificates, blocks, transactions and what each host gets, on the workstation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.artifacts.generate import generate
from fabwiz.deploy.events import Kind
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Result, Step, done, skipped
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace


class Generate(Step):
    """Make what is missing; existing keys are kept."""

    name = "artifacts"
    in_workspace = True
    title = "make keys, certificates, genesis block, channel transactions, compose files and bundles"

    def __init__(self, network: Network) -> None:
        self.network = network

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """What lies in the workspace afterwards."""
        network = self.network
        actions = [
            Action("file", f"artifacts/crypto-config/{o.directory}/", private=True) for o in network.all_organizations
        ]
        actions.append(Action("file", "artifacts/channel-artifacts/genesis.block"))
        for channel in network.channels.values():
            actions.append(Action("file", f"artifacts/channel-artifacts/{channel.name}.tx"))
            actions += [
                Action("file", f"artifacts/channel-artifacts/{channel.name}-{o.msp_id}-anchors.tx")
                for o in channel.organizations
                if o.anchors
            ]
        actions.append(Action("file", "artifacts/crypto-config.yaml"))
        actions.append(Action("file", "artifacts/configtx.yaml"))
        actions += [
            Action("file", f"artifacts/hosts/{host}/", private=True) for host in network.hosts if network.on(host)
        ]
        return actions

    def look(self, run: Run) -> str | None:
        """Only making them tells whether all is there."""
        return None

    def act(self, run: Run) -> str:
        """Make what is missing."""
        return self.execute(run).message

    def execute(self, run: Run) -> Result:
        """Make what is missing and count it."""
        report = generate(self.network, run.workspace, started=run.journal.ordering_began())
        for folder in report.removed:
            run.emit(
                Kind.LOG,
                message=f"host {folder.name} left the session: what runs there stays; "
                "`fabwiz down` with the earlier session takes it away",
            )
        if report.created:
            return done(f"files: {len(report.created)} made, {len(report.kept)} kept")
        return skipped(f"all {len(report.kept)} files are there")


def stages(network: Network) -> Iterable[Stage]:
    """One step."""
    yield [Generate(network)]


SPEC = PhaseSpec(
    Phase.GENERATE,
    "make keys and artifacts",
    "Every private key is made here; a host gets only those of its own nodes.",
    stages,
)
