"""Sending a check's transactions: endorsed, handed in, waited for; after a killed run the same one again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phases.ordering import on_any_orderer
from fabwiz.deploy.phases.sent import Sent
from fabwiz.deploy.run import Run, Seen
from fabwiz.fabric.endorsers import choose_endorsers
from fabwiz.fabric.envelope import proposal
from fabwiz.fabric.errors import Invalid
from fabwiz.fabric.peer import PeerClient
from fabwiz.fabric.transaction import endorse, transaction_envelope, wait_for_commit
from fabwiz.session.network import Chaincode, Channel, Node, Organization
from fabwiz.session.policy import parse


class Sender:
    """Sends calls of one chaincode on one channel. `asked`: its peers, each with its organization, at least one."""

    def __init__(
        self, run: Run, chaincode: Chaincode, channel: Channel, asked: Sequence[tuple[Organization, Node]]
    ) -> None:
        self._run = run
        self._chaincode = chaincode
        self._channel = channel
        self._organization, self._peer = asked[0]

    def make(self, check: str, call: int, by: Organization, arguments: list[bytes], since: int) -> Sent:
        """Have a call endorsed by as few peers as the policy needs; nothing is ordered yet.

        `since` is the channel's height by now. Raises FabricError, NotEnoughEndorsers, PolicyError.
        """
        release = self._run.network.release
        policy = self._chaincode.spec.policy
        endorsers = choose_endorsers(parse(policy, release) if policy else None, self._clients())
        admin = self._run.fabric.admin(by)
        made = proposal(admin, self._channel.name, self._chaincode.name, arguments, now=datetime.now(UTC))
        answers = endorse(made, endorsers, timeout=self._run.network.session.timeouts.chaincode)
        return Sent(check, call, since, transaction_envelope(made, answers))

    def hand_in(self, sent: Sent) -> None:
        """Have it ordered, and wait until every peer has it. Raises FabricError, Invalid among others."""
        on_any_orderer(self._run, lambda orderer: orderer.broadcast(sent.envelope))
        self._wait(sent)

    def settle(self, sent: Sent) -> bool:
        """See to it that what an earlier run may have sent is in a block: wait for it, then send it again.

        False where peers find it invalid (say, the state has changed since it was endorsed): it never takes effect,
        so that a new one may be made. Raises FabricError.
        """
        try:
            if self._on_its_way(sent):
                self._wait(sent)
            else:
                self._run.journal.append("check-sent-again", check=sent.check, call=sent.call, tx=sent.tx_id)
                self.hand_in(sent)
        except Invalid:
            return False
        return True

    def _on_its_way(self, sent: Sent) -> bool:
        """Whether it shows within the time that ordering takes; sending it again would leave a copy in the ledger."""

        def probe() -> Seen:
            admin = self._run.fabric.admin(self._organization)
            code = self._run.fabric.peer(self._peer).validation(admin, self._channel.name, sent.tx_id)
            return Seen(code is not None, code or "in no block")

        try:
            self._run.wait(probe, 2 + 2 * self._run.network.session.ordering.batch_timeout, "an earlier transaction")
        except StepFailed:
            return False
        return True

    def _wait(self, sent: Sent) -> None:
        wait_for_commit(
            self._run.fabric.admin(self._organization),
            [peer for peers in self._clients().values() for peer in peers],
            self._channel.name,
            sent.tx_id,
            timeout=self._run.network.session.timeouts.channels,
            since=sent.since,
        )

    def _clients(self) -> dict[str, list[PeerClient]]:
        return {
            organization.msp_id: [self._run.fabric.peer(peer) for peer in organization.nodes]
            for organization in self._channel.organizations
        }
