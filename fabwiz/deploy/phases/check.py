"""Check: all copies of every ledger agree, and the chaincode gives the expected answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.chaincode import settle
from fabwiz.deploy.phases.ordering import on_any_orderer
from fabwiz.deploy.phases.probes import every
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Evidence, Step
from fabwiz.fabric.block import header_hash
from fabwiz.fabric.channel import genesis_of
from fabwiz.fabric.endorsers import choose_endorsers
from fabwiz.fabric.envelope import proposal
from fabwiz.fabric.transaction import endorse, query, transaction_envelope, wait_for_commit
from fabwiz.session.model import CheckStep
from fabwiz.session.network import Chaincode, Channel, Network, Node, Organization
from fabwiz.session.policy import parse
from fabwiz.session.workspace import Workspace

_ANSWER_LIMIT = 15.0
"""Seconds that a peer may lag behind a transaction that it has committed."""


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


class Answers(Step):
    """The session's own calls, each once: what was invoked is not invoked again when a run is resumed."""

    name = "answers"

    def __init__(self, network: Network, chaincode: Chaincode, channel: Channel) -> None:
        self.network = network
        self.chaincode = chaincode
        self.channel = channel
        self.calls = [call for call in chaincode.spec.check if call.channel in (None, channel.name)]
        self.title = f"{chaincode.name} answers on {channel.name}"

    def preview(self, workspace: Workspace) -> Sequence[Action]:
        """The calls."""
        return [Action("call", describe(call)) for call in self.calls]

    def look(self, run: Run) -> str | None:
        """The journal knows that this very channel gave these answers."""
        if not self.calls:
            return "the session has no calls to check"
        key = self._key(run)
        for record in run.journal.records("check-passed"):
            if record.get("check") == key:
                return (
                    f"{self.chaincode.name} on {self.channel.name}: answered as expected on {str(record['time'])[:10]}"
                )
        return None

    def act(self, run: Run) -> str:
        """Ask and invoke in order, from where an earlier run was stopped."""
        key = self._key(run)
        first = self._first_open(run, key)
        said = []
        for index, call in enumerate(self.calls[first:], first):
            run.raise_if_stopped()
            if call.invoke is not None:
                self._invoke(run, key, index, call)
            else:
                self._query(run, call)
            said.append(describe(call))
        run.journal.append("check-passed", check=key)
        return f"{self.chaincode.name} on {self.channel.name}: {'; '.join(said) or 'nothing was left to ask'}"

    def _key(self, run: Run) -> str:
        """Names these calls on this incarnation of the channel: block 0 of a channel that is made anew differs."""
        admin = run.fabric.admin(self.channel.organizations[0])
        block = on_any_orderer(run, lambda orderer: genesis_of(orderer, self.channel.name, admin))
        calls = json.dumps([call.model_dump(exclude_none=True) for call in self.calls], sort_keys=True)
        digest = hashlib.sha256(header_hash(block.header) + calls.encode()).hexdigest()[:16]
        return f"{self.chaincode.name} {self.chaincode.spec.version} {self.channel.name} {digest}"

    def _first_open(self, run: Run, key: str) -> int:
        """Position after the last invocation that an earlier run sent and that is on the ledger."""
        first = 0
        for record in run.journal.records("check-sent"):
            if record.get("check") == key and self._committed(run, str(record["tx"])):
                first = max(first, int(record["call"]) + 1)
        return first

    def _committed(self, run: Run, tx_id: str) -> bool:
        organization, peer = self._asked()[0]
        client, admin = run.fabric.peer(peer), run.fabric.admin(organization)

        def probe() -> Seen:
            code = client.validation(admin, self.channel.name, tx_id)
            return Seen(code is not None, code or "in no block")

        # a run that was killed right after sending: its transaction may still be on the way
        limit = 5.0 + 2 * self.network.session.ordering.batch_timeout
        try:
            return run.wait(probe, limit, "an earlier transaction") == "VALID"
        except StepFailed:
            return False

    def _invoke(self, run: Run, key: str, index: int, call: CheckStep) -> None:
        spec = self.chaincode.spec
        limit = self.network.session.timeouts.chaincode
        by_msp = {
            organization.msp_id: [run.fabric.peer(peer) for peer in organization.nodes]
            for organization in self.channel.organizations
        }
        policy = parse(spec.policy, self.network.release) if spec.policy else None
        endorsers = choose_endorsers(policy, by_msp)
        admin = run.fabric.admin(self._asked(call)[0][0])
        arguments = [argument.encode() for argument in call.invoke or []]
        made = proposal(admin, self.channel.name, self.chaincode.name, arguments, now=datetime.now(UTC))
        answers = endorse(made, endorsers, timeout=limit)
        envelope = transaction_envelope(made, answers)
        run.journal.append("check-sent", check=key, call=index, tx=made.tx_id)

        on_any_orderer(run, lambda orderer: orderer.broadcast(envelope))
        wait_for_commit(
            admin,
            [peer for peers in by_msp.values() for peer in peers],
            self.channel.name,
            made.tx_id,
            timeout=self.network.session.timeouts.channels,
        )
        self._expect(call, answers[0].response.payload, endorsers[0].name)

    def _query(self, run: Run, call: CheckStep) -> None:
        arguments = [argument.encode() for argument in call.query or []]
        for organization, peer in self._asked(call):
            try:
                run.wait(
                    partial(self._probe, run, call, organization, peer, arguments),
                    _ANSWER_LIMIT + settle(self.network),
                    describe(call),
                    [peer],
                )
            except StepFailed as failed:
                if failed.known is None:
                    moved = f"if the ledger has moved on since, change chaincodes.{self.chaincode.name}.check"
                    failed.remedy = "; else ".join(filter(None, [moved, failed.remedy]))
                raise

    def _probe(self, run: Run, call: CheckStep, organization: Organization, peer: Node, arguments: list[bytes]) -> Seen:
        limit = self.network.session.timeouts.chaincode
        client, admin = run.fabric.peer(peer), run.fabric.admin(organization)
        answer = query(client, admin, self.channel.name, self.chaincode.name, arguments, timeout=limit)
        try:
            self._expect(call, answer, peer.name)
        except StepFailed as error:
            return Seen(False, error.message)
        return Seen(True, "as expected")

    def _asked(self, call: CheckStep | None = None) -> list[tuple[Organization, Node]]:
        """The peers that are asked, each by its own organization's admin."""
        found = [
            (organization, peer)
            for organization in self.channel.organizations
            for peer in organization.nodes
            if call is None or call.organization in (None, organization.name)
        ]
        if not found:
            raise StepFailed(
                f"channel {self.channel.name} has no peer to ask", remedy="name an organization that runs a peer on it"
            )
        return found

    @staticmethod
    def _expect(call: CheckStep, answer: bytes, name: str) -> None:
        said = answer.decode(errors="replace")
        if call.expect is not None and said != call.expect:
            raise StepFailed(f"{name}: {describe(call)}, but the answer is {said!r}")


def describe(call: CheckStep) -> str:
    """`query a = 90`."""
    words = " ".join([*(["query"] if call.query else ["invoke"]), *(call.query or call.invoke or [])[1:]])
    return f"{words} = {call.expect}" if call.expect is not None else words


def stages(network: Network) -> Iterable[Stage]:
    """First that the copies agree, then the calls, then that the copies agree on those, too."""
    channels = [channel for channel in network.channels.values() if channel.peers]
    yield [Agreement(network, channel) for channel in channels]
    yield [
        Answers(network, chaincode, channel)
        for chaincode in network.chaincodes.values()
        for channel in chaincode.channels
    ]
    yield [Agreement(network, channel) for channel in channels]


SPEC = PhaseSpec(
    Phase.CHECK,
    "prove that it works",
    "Every copy of every ledger is compared, and the chaincode is asked what the session expects.",
    stages,
)
