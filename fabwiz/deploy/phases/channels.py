"""Channels: created by their organizations, then joined by every peer of theirs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from fabwiz.artifacts.configtx import creation_for_orderers
from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.ordering import on_any_orderer, wait_for_orderers
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Step
from fabwiz.fabric.channel import fetch_config, genesis_of, signers_needed
from fabwiz.fabric.config_update import signed_update, update_of_transaction
from fabwiz.fabric.errors import AlreadyDone, FabricError, NotFound, ServiceUnavailable
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.session.network import Channel, Network, Node, Organization
from fabwiz.session.workspace import Workspace


class CreateChannel(Step):
    """Have the orderers open a channel, signed by as many organizations as the consortium's policy needs."""

    name = "create"

    def __init__(self, network: Network, channel: Channel) -> None:
        self.network = network
        self.channel = channel
        self.title = f"create channel {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The call."""
        members = ", ".join(organization.msp_id for organization in self.channel.organizations)
        return (
            Action("call", f"Broadcast {self.channel.name}.tx to an orderer, signed by admins among {members}"),
            Action("wait", f"every orderer serves {self.channel.name}"),
        )

    def look(self, run: Run) -> str | None:
        """It exists, with the members that the session names. Raises StepFailed when it has others."""
        try:
            config = on_any_orderer(run, lambda orderer: fetch_config(orderer, self.channel.name, self._admin(run)))
        except NotFound:
            return None
        wanted = {organization.msp_id for organization in self.channel.organizations}
        found = set(config.msp_ids.values())
        if wanted != found:
            raise StepFailed(
                f"channel {self.channel.name} exists with {', '.join(sorted(found))}; "
                f"the session says {', '.join(sorted(wanted))}",
                remedy="change the session back, or change the channel's membership by a configuration update",
            )
        return f"channel {self.channel.name} exists"

    def act(self, run: Run) -> str:
        """Send the transaction; wait until every orderer that answers serves the channel."""
        limit = self.network.session.timeouts.channels
        # the file is what configtxgen of the release makes, which orderers of 1.1 and 1.2 do not always take
        transaction = creation_for_orderers(run.workspace.channel_tx(self.channel.name).read_bytes())
        _, update = update_of_transaction(transaction)
        orderer_admin = run.fabric.admin(self.network.orderer_organization)
        count = on_any_orderer(
            run,
            lambda orderer: signers_needed(orderer, self.network.session.system_channel, orderer_admin, transaction),
        )
        signers = [run.fabric.admin(organization) for organization in self.channel.organizations[:count]]
        envelope = signed_update(update, self.channel.name, signers, signers[0], now=datetime.now(UTC))

        def send() -> Seen:
            try:
                on_any_orderer(run, lambda orderer: orderer.broadcast(envelope))
            except AlreadyDone:
                return Seen(True, "exists")
            except ServiceUnavailable as error:
                return Seen(False, str(error))
            except FabricError as error:
                # 1.0 gives no reason with BAD_REQUEST: an earlier try of ours may have got through
                if self.look(run) is None:
                    raise StepFailed(str(error), cause=error.cause, remedy=error.remedy) from error
            return Seen(True, "sent")

        run.wait(send, limit, f"no orderer takes channel {self.channel.name}", self.network.orderers)
        wait_for_orderers(
            run, lambda node: self._served(run, node), limit, f"channel {self.channel.name} is not served everywhere"
        )
        return f"{self.channel.name} created, signed by {', '.join(signer.msp_id for signer in signers)}"

    def _served(self, run: Run, node: Node) -> Seen:
        block = run.fabric.orderer(node).newest(self.channel.name, self._admin(run))
        return Seen(True, f"block {block.header.number}")

    def _admin(self, run: Run) -> SigningIdentity:
        return run.fabric.admin(self.channel.organizations[0])


class JoinChannel(Step):
    """Give a peer block 0 of a channel, so that it fetches the rest itself."""

    name = "join"

    def __init__(self, network: Network, channel: Channel, organization: Organization, peer: Node) -> None:
        self.network = network
        self.channel = channel
        self.organization = organization
        self.peer = peer
        self.host = peer.host
        self.node = peer.name
        self.title = f"{peer.name} joins {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The call."""
        return (
            Action(
                "call",
                f"cscc JoinChain {self.channel.name} on {self.peer.address}, as Admin@{self.organization.domain}",
            ),
        )

    def look(self, run: Run) -> str | None:
        """The peer lists the channel."""
        joined = run.fabric.peer(self.peer).channels(run.fabric.admin(self.organization))
        return f"{self.peer.name} has joined {self.channel.name}" if self.channel.name in joined else None

    def act(self, run: Run) -> str:
        """Join."""
        admin = run.fabric.admin(self.organization)
        block = on_any_orderer(run, lambda orderer: genesis_of(orderer, self.channel.name, admin))
        with contextlib.suppress(AlreadyDone):
            run.fabric.peer(self.peer).join(admin, block)
        run.wait(
            lambda: Seen(self.look(run) is not None, "not listed yet"),
            self.network.session.timeouts.channels,
            f"{self.peer.name} does not list {self.channel.name}",
            [self.peer],
        )
        return f"{self.peer.name} joined {self.channel.name}"


def stages(network: Network) -> Iterable[Stage]:
    """Create all channels, then let all peers join."""
    yield [CreateChannel(network, channel) for channel in network.channels.values()]
    yield [
        JoinChannel(network, channel, organization, peer)
        for channel in network.channels.values()
        for organization in channel.organizations
        for peer in organization.nodes
    ]


SPEC = PhaseSpec(
    Phase.CHANNELS,
    "create and join the channels",
    "A channel is a ledger of its own among some organizations; every peer that joins keeps a copy.",
    stages,
)
