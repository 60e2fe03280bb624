"""Agreement: every copy of a channel's ledger is the same."""

from __future__ import annotations

from collections.abc import Sequence

from fabwiz.deploy.phases.ordering import on_any_orderer
from fabwiz.deploy.phases.probes import every
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Evidence
from fabwiz.fabric.block import header_hash
from fabwiz.session.network import Channel, Network, Node
from fabwiz.session.workspace import Workspace


class Agreement(Evidence):
    """Every peer has the orderers' newest block."""

    name = "agreement"

    def __init__(self, network: Network, channel: Channel) -> None:
        self.network = network
        self.channel = channel
        self.title = f"all peers agree with the orderers on {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The question."""
        return (
            Action(
                "wait",
                f"height and block hash of {self.channel.name} are the same on "
                f"{len(self.channel.peers)} peers and the orderers",
            ),
        )

    def act(self, run: Run) -> str:
        """Wait for it."""
        return run.wait(
            lambda: self._probe(run),
            self.network.session.timeouts.channels,
            f"peers do not agree on {self.channel.name}",
            self.channel.peers,
        )

    def _probe(self, run: Run) -> Seen:
        admin = run.fabric.admin(self.channel.organizations[0])
        newest = on_any_orderer(run, lambda orderer: orderer.newest(self.channel.name, admin)).header

        def compare(peer: Node) -> Seen:
            organization = run.network.organization_of(peer)
            assert organization
            info = run.fabric.peer(peer).chain_info(run.fabric.admin(organization), self.channel.name)
            if info.height != newest.number + 1:
                return Seen(False, f"height {info.height} of {newest.number + 1}")
            return Seen(info.current_hash == header_hash(newest), f"another block {newest.number}")

        block = header_hash(newest).hex()[:12]
        said = f"{self.channel.name}: height {newest.number + 1}, block {block} everywhere"
        return every(self.channel.peers, compare, said)
