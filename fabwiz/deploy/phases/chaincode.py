"""Chaincode: packaged once, installed on every peer of its channels, started on each channel."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.start_chaincode import Start, package_file
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.fabric.errors import AlreadyDone
from fabwiz.fabric.package import build_package, package_id
from fabwiz.session.files import make_private_dir, write_atomic
from fabwiz.session.network import Chaincode, Network, Node, Organization
from fabwiz.session.samples import chaincode_source
from fabwiz.session.workspace import Workspace


def users(chaincode: Chaincode) -> list[tuple[Organization, Node]]:
    """Every peer of the chaincode's channels, once, with its organization."""
    found = {
        peer.name: (organization, peer)
        for channel in chaincode.channels
        for organization in channel.organizations
        for peer in organization.nodes
    }
    return list(found.values())


class Package(Step):
    """Make the package that goes to every peer; the same source always gives the same bytes."""

    name = "package"
    in_workspace = True

    def __init__(self, network: Network, chaincode: Chaincode) -> None:
        self.network = network
        self.chaincode = chaincode
        self.title = f"package {chaincode.name} {chaincode.spec.version}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The file."""
        return (Action("file", f"artifacts/chaincode/{package_file(self.chaincode)}"),)

    def look(self, run: Run) -> str | None:
        """The file is what the source gives."""
        path = run.workspace.chaincode / package_file(self.chaincode)
        same = path.exists() and path.read_bytes() == self._make(run)
        return f"{path.name} is what its source gives" if same else None

    def act(self, run: Run) -> str:
        """Package."""
        make_private_dir(run.workspace.chaincode)
        data = self._make(run)
        write_atomic(run.workspace.chaincode / package_file(self.chaincode), data)
        return f"{package_file(self.chaincode)}, {len(data) >> 10} KB"

    def _make(self, run: Run) -> bytes:
        spec = self.chaincode.spec
        release = self.network.release
        assert release
        with chaincode_source(spec.path, run.session_folder) as folder:
            if folder is None:
                raise StepFailed(
                    f"{spec.path}: no such folder beside the session file, and no sample of that name",
                    remedy=f"correct chaincodes.{self.chaincode.name}.path",
                )
            return build_package(folder, self.chaincode.name, spec.version, spec.language, release)


class Install(Step):
    """Put the package on a peer."""

    name = "install"

    def __init__(self, chaincode: Chaincode, organization: Organization, peer: Node) -> None:
        self.chaincode = chaincode
        self.organization = organization
        self.peer = peer
        self.host = peer.host
        self.node = peer.name
        self.title = f"install {chaincode.name} {chaincode.spec.version} on {peer.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The call."""
        return (
            Action(
                "call",
                f"lscc install {package_file(self.chaincode)} on {self.peer.address}, "
                f"as Admin@{self.organization.domain}",
            ),
        )

    def look(self, run: Run) -> str | None:
        """The peer has it, with our fingerprint. Raises StepFailed when it has another of that version."""
        spec = self.chaincode.spec
        installed = run.fabric.peer(self.peer).installed(run.fabric.admin(self.organization))
        if (self.chaincode.name, spec.version) not in installed:
            return None
        there = installed[self.chaincode.name, spec.version]
        ours = package_id((run.workspace.chaincode / package_file(self.chaincode)).read_bytes())
        if there and there != ours:
            raise StepFailed(
                f"{self.peer.name} has another {self.chaincode.name} {spec.version} than this source gives",
                cause="the source was changed after it was installed; peers keep a version for ever",
                remedy=f"give the changed source a new version (session: chaincodes.{self.chaincode.name}.version)",
                known="22",
            )
        return f"{self.peer.name} has {self.chaincode.name} {spec.version}"

    def act(self, run: Run) -> str:
        """Install."""
        data = (run.workspace.chaincode / package_file(self.chaincode)).read_bytes()
        with contextlib.suppress(AlreadyDone):
            run.fabric.peer(self.peer).install(run.fabric.admin(self.organization), data)
        return f"{len(data) >> 10} KB sent"


def stages(network: Network) -> Iterable[Stage]:
    """Package all, install all, then start one after the other: each start is a transaction."""
    chaincodes = network.chaincodes.values()
    yield [Package(network, chaincode) for chaincode in chaincodes]
    yield [
        Install(chaincode, organization, peer) for chaincode in chaincodes for organization, peer in users(chaincode)
    ]
    yield [Start(network, chaincode, channel) for chaincode in chaincodes for channel in chaincode.channels]


SPEC = PhaseSpec(
    Phase.CHAINCODE,
    "install and start the chaincode",
    "Chaincode is the program that reads and writes a channel's state; every endorsing peer runs it.",
    stages,
)
