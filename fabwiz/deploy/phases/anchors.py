"""Anchor peers: told to the other organizations, so that peers find each other across organizations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.ordering import on_any_orderer
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.fabric.channel import fetch_config, set_anchors
from fabwiz.fabric.config import Anchor
from fabwiz.session.network import Channel, Network, Organization
from fabwiz.session.workspace import Workspace


class SetAnchors(Step):
    """Write an organization's anchor peers into a channel's configuration."""

    name = "anchors"

    def __init__(self, network: Network, channel: Channel, organization: Organization) -> None:
        self.network = network
        self.channel = channel
        self.organization = organization
        self.anchors = [Anchor(peer.name, peer.ports["grpc"]) for peer in organization.anchors]
        names = ", ".join(peer.name for peer in organization.anchors)
        self.title = f"{names} as anchor of {organization.msp_id} on {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The call."""
        return (
            Action(
                "call",
                f"Broadcast {self.channel.name}-{self.organization.msp_id}-anchors.tx to an orderer, "
                f"signed by Admin@{self.organization.domain}",
            ),
        )

    def look(self, run: Run) -> str | None:
        """The configuration names exactly these anchors."""
        admin = run.fabric.admin(self.organization)
        config = on_any_orderer(run, lambda orderer: fetch_config(orderer, self.channel.name, admin))
        same = set(config.anchors.get(self.organization.msp_id, ())) == set(self.anchors)
        return f"anchors of {self.organization.msp_id} on {self.channel.name} are set" if same else None

    def act(self, run: Run) -> str:
        """Send the update, and wait until the configuration says so."""
        admin = run.fabric.admin(self.organization)
        path = run.workspace.anchors_tx(self.channel.name, self.organization.msp_id)
        on_any_orderer(
            run,
            lambda orderer: set_anchors(
                orderer,
                self.channel.name,
                admin,
                self.anchors,
                transaction=path.read_bytes(),
                timeout=self.network.session.timeouts.channels,
            ),
        )
        return f"set {', '.join(f'{anchor.host}:{anchor.port}' for anchor in self.anchors)}"


def stages(network: Network) -> Iterable[Stage]:
    """One after the other: each changes the channel's configuration."""
    for channel in network.channels.values():
        yield [
            SetAnchors(network, channel, organization) for organization in channel.organizations if organization.anchors
        ]


SPEC = PhaseSpec(
    Phase.ANCHORS,
    "set the anchor peers",
    "Peers of other organizations gossip with an organization's anchor peers first.",
    stages,
)
