"""Chaincode on a channel: instantiated, or upgraded where another version runs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phases.ordering import on_any_orderer
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Action, Step
from fabwiz.fabric.collections import CollectionChanges, collection_changes
from fabwiz.fabric.errors import AlreadyDone
from fabwiz.fabric.lifecycle import instantiate, upgrade
from fabwiz.fabric.package import package_path
from fabwiz.fabric.peer import ChaincodeInfo
from fabwiz.fabric.policy_proto import collection_package, policy_bytes
from fabwiz.fabric.transaction import SETTLE_1_0
from fabwiz.session.network import Chaincode, Channel, Network, Node, Organization
from fabwiz.session.workspace import Workspace


def package_file(chaincode: Chaincode) -> str:
    """`mycc-1.0.cds`."""
    return f"{chaincode.name}-{chaincode.spec.version}.cds"


class Start(Step):
    """Instantiate on a channel, or upgrade where another version runs."""

    name = "start"

    def __init__(self, network: Network, chaincode: Chaincode, channel: Channel) -> None:
        self.network = network
        self.chaincode = chaincode
        self.channel = channel
        organizations = [organization for organization in channel.organizations if organization.nodes]
        self.organization = organizations[0] if organizations else None
        self.title = f"start {chaincode.name} {chaincode.spec.version} on {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The call."""
        spec = self.chaincode.spec
        policy = spec.policy or "any member"
        return (
            Action(
                "call",
                f"lscc deploy (or upgrade) {self.chaincode.name} {spec.version} on "
                f"{self.channel.name}: {spec.init}, endorsement policy {policy}",
            ),
        )

    def look(self, run: Run) -> str | None:
        """The channel has this version, under this policy, with these collections.

        Raises StepFailed when only policy or collections differ, or where collections cannot become what they should.
        """
        spec = self.chaincode.spec
        running = self._running(run)
        if running is None:
            return None
        changes = self._collections(run)
        if running.version != spec.version:
            return None
        name = f"chaincodes.{self.chaincode.name}"
        if spec.policy is not None and running.policy != policy_bytes(spec.policy, self.network.release):
            raise StepFailed(
                f"{self.chaincode.name} {spec.version} runs on {self.channel.name} under another endorsement policy",
                remedy=f"raise {name}.version: a policy changes only with an upgrade",
            )
        if changes and changes.changed:
            raise StepFailed(
                f"{self.chaincode.name} {spec.version} runs on {self.channel.name} with other collections: "
                f"{', '.join(changes.changed)} changed",
                remedy=f"raise {name}.version: collections change only with an upgrade",
            )
        untold = "" if changes or not spec.collections else "; peers of this release do not tell its collections"
        return f"{self.chaincode.name} {spec.version} runs on {self.channel.name}{untold}"

    def _collections(self, run: Run) -> CollectionChanges | None:
        """What differs in the collections, `None` where peers do not tell.

        Raises StepFailed for what no upgrade does.
        """
        release = self.network.release
        if release is None or release.number < (1, 3, 0):
            return None
        organization, peer = self._peer()
        there = run.fabric.peer(peer).collections(
            run.fabric.admin(organization), self.channel.name, self.chaincode.name
        )
        changes = collection_changes(there, collection_package(self.chaincode.spec.collections, release))
        name = f"chaincodes.{self.chaincode.name}"
        if changes.removed:
            raise StepFailed(
                f"{self.chaincode.name} on {self.channel.name} has collections that the session has not: "
                f"{', '.join(changes.removed)}",
                cause="Fabric never removes a collection from a chaincode",
                remedy=f"put them back into {name}.collections, or use a chaincode of another name",
            )
        if changes.kept:
            raise StepFailed(
                f"{self.chaincode.name} on {self.channel.name} has another block_to_live for {', '.join(changes.kept)}",
                cause="Fabric never changes block_to_live of a collection",
                remedy=f"change it back in {name}.collections, or add a collection of another name",
            )
        return changes

    def act(self, run: Run) -> str:
        """Have one peer endorse, order it, and wait until every peer has it."""
        spec = self.chaincode.spec
        organization, peer = self._peer()
        is_new = self._running(run) is None
        call = instantiate if is_new else upgrade
        release = self.network.release
        committers = [run.fabric.peer(node) for node in self.channel.peers]
        endorser = run.fabric.peer(peer)
        path = package_path((run.workspace.chaincode / package_file(self.chaincode)).read_bytes())
        with contextlib.suppress(AlreadyDone):
            on_any_orderer(
                run,
                lambda orderer: call(
                    self.channel.name,
                    [endorser],
                    orderer,
                    run.fabric.admin(organization),
                    self.chaincode.name,
                    spec.version,
                    [argument.encode() for argument in spec.init],
                    language=spec.language,
                    path=path,
                    policy=policy_bytes(spec.policy, release),
                    collections=collection_package(spec.collections, release),
                    committers=committers,
                    timeout=self.network.session.timeouts.chaincode,
                    settle=settle(self.network),
                ),
            )
        started = "started" if is_new else "upgraded"
        return f"{self.chaincode.name} {spec.version} {started} on {self.channel.name}: {' '.join(spec.init)}"

    def _running(self, run: Run) -> ChaincodeInfo | None:
        organization, peer = self._peer()
        client = run.fabric.peer(peer)
        return client.instantiated(run.fabric.admin(organization), self.channel.name).get(self.chaincode.name)

    def _peer(self) -> tuple[Organization, Node]:
        if self.organization is None:
            raise StepFailed(
                f"channel {self.channel.name} has no peer to run {self.chaincode.name}",
                remedy="give one of its organizations a peer",
            )
        return self.organization, self.organization.nodes[0]


def settle(network: Network) -> float:
    """Seconds between a commit and the state showing it."""
    return SETTLE_1_0 if network.release and network.release.number < (1, 1, 0) else 0.0
