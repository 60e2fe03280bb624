"""Anchor peers: told to the other organizations, so that peers find each other across organizations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.ordering import on_any_orderer, wait_for_orderers
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Step
from fabwiz.fabric.channel import fetch_config, set_anchors
from fabwiz.fabric.config import Anchor, ChannelConfig
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.session.network import Channel, Network, Node, Organization
from fabwiz.session.workspace import Workspace


class SetAnchors(Step):
    """Write an organization's anchor peers into a channel's configuration; none where the session names none."""

    name = "anchors"

    def __init__(self, network: Network, channel: Channel, organization: Organization) -> None:
        self.network = network
        self.channel = channel
        self.organization = organization
        self.anchors = [Anchor(peer.name, peer.ports["grpc"]) for peer in organization.anchors]
        names = ", ".join(peer.name for peer in organization.anchors) or "no peer"
        self.title = f"{names} as anchor of {organization.msp_id} on {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The call; none for an organization without anchors, which a new channel does not have either."""
        if not self.anchors:
            return ()
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
        if not self._are_set(config):
            return None
        whose = f"{self.organization.msp_id} on {self.channel.name}"
        return f"anchors of {whose} are set" if self.anchors else f"{whose} has no anchors"

    def act(self, run: Run) -> str:
        """Send the update, and wait until the configuration of every orderer that answers says so.

        Orderers of 1.0 can panic when the next update of a channel reaches one that lags behind.
        """
        admin = run.fabric.admin(self.organization)
        path = run.workspace.anchors_tx(self.channel.name, self.organization.msp_id)
        transaction = path.read_bytes() if self.anchors else None
        limit = self.network.session.timeouts.channels

        def send(orderer: OrdererClient) -> bool:
            return set_anchors(orderer, self.channel.name, admin, self.anchors, transaction=transaction, timeout=limit)

        on_any_orderer(run, send)
        wait_for_orderers(run, lambda node: self._known(run, node), limit, f"{self.title}: not everywhere")
        peers = ", ".join(f"{anchor.host}:{anchor.port}" for anchor in self.anchors) or "none"
        return f"{peers} for {self.organization.msp_id} on {self.channel.name}"

    def _known(self, run: Run, node: Node) -> Seen:
        config = fetch_config(run.fabric.orderer(node), self.channel.name, run.fabric.admin(self.organization))
        return Seen(self._are_set(config), "has the earlier configuration")

    def _are_set(self, config: ChannelConfig) -> bool:
        return set(config.anchors.get(self.organization.msp_id, ())) == set(self.anchors)


def stages(network: Network) -> Iterable[Stage]:
    """One after the other: each changes the channel's configuration."""
    for channel in network.channels.values():
        yield [SetAnchors(network, channel, organization) for organization in channel.organizations]


SPEC = PhaseSpec(
    Phase.ANCHORS,
    "set the anchor peers",
    "Peers of other organizations gossip with an organization's anchor peers first.",
    stages,
)
