"""Check: all copies of every ledger agree, and the chaincode gives the expected answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import partial

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.events import Kind
from fabwiz.deploy.phase import Phase, PhaseSpec, Stage
from fabwiz.deploy.phases.agreement import Agreement
from fabwiz.deploy.phases.ordering import on_any_orderer
from fabwiz.deploy.phases.sender import Sender
from fabwiz.deploy.phases.sent import Sent, last_sent
from fabwiz.deploy.phases.start_chaincode import settle
from fabwiz.deploy.run import Run, Seen
from fabwiz.deploy.step import Action, Result, Step, done, skipped
from fabwiz.fabric.block import header_hash
from fabwiz.fabric.channel import genesis_of
from fabwiz.fabric.errors import FabricError
from fabwiz.fabric.transaction import query
from fabwiz.remote.connection import RemoteError
from fabwiz.session.model import CheckStep
from fabwiz.session.network import Chaincode, Channel, Network, Node, Organization
from fabwiz.session.workspace import Workspace

_ANSWER_LIMIT = 15.0
"""Seconds that a peer may lag behind a transaction that it has committed."""


class Answers(Step):
    """The session's own calls, each once: what was invoked is not invoked again when a run is resumed.

    Once all were answered as expected, later runs ask the last queries again, which changes nothing.
    """

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
        """The journal knows that this very channel gave these answers, and it gives them still."""
        if not self.calls:
            return "the session has no calls to check"
        key = self.key(run)
        for record in run.journal.records("check-passed"):
            if record.get("check") == key:
                where = f"{self.chaincode.name} on {self.channel.name}"
                said = self._ask_again(run, record.get("height"))
                return f"{where}: answered as expected on {str(record['time'])[:10]}" + (said and f"; now: {said}")
        return None

    def act(self, run: Run) -> str:
        """Ask and invoke in order, from where an earlier run was stopped."""
        key = self.key(run)
        sent = last_sent(run.journal, key)
        first = sent.call if sent else 0
        said = []
        for index, call in enumerate(self.calls[first:], first):
            run.raise_if_stopped()
            if call.invoke is not None:
                self._invoke(run, key, index, call, sent if index == first else None)
            else:
                self._query(run, call)
            said.append(describe(call))
        run.journal.append("check-passed", check=key, height=self._height(run))
        return f"{self.chaincode.name} on {self.channel.name}: {'; '.join(said)}"

    def execute(self, run: Run) -> Result:
        """Look, and act where that is to be done: what was expected has been seen then."""
        found = self.look(run)
        if found is not None:
            return skipped(found)
        run.leases.hold(self.host)
        run.acted = True
        return done(self.act(run))

    def key(self, run: Run) -> str:
        """Names these calls on this incarnation of the channel: block 0 of a channel that is made anew differs."""
        admin = run.fabric.admin(self.channel.organizations[0])
        block = on_any_orderer(run, lambda orderer: genesis_of(orderer, self.channel.name, admin))
        calls = json.dumps([call.model_dump(exclude_none=True) for call in self.calls], sort_keys=True)
        digest = hashlib.sha256(header_hash(block.header) + calls.encode()).hexdigest()[:16]
        return f"{self.chaincode.name} {self.chaincode.spec.version} {self.channel.name} {digest}"

    def _height(self, run: Run) -> int:
        """Blocks of the channel that some peer has: all do, or are about to."""
        last: Exception = StepFailed(f"channel {self.channel.name} has no peer to ask")
        for organization, peer in self._asked():
            try:
                return run.fabric.peer(peer).chain_info(run.fabric.admin(organization), self.channel.name).height
            except (FabricError, RemoteError) as error:
                last = error
        raise last

    def _ask_again(self, run: Run, height: object) -> str:
        """Ask the queries after the last invocation once more, on every peer.

        Only on a ledger without later blocks must they answer as expected; on any other all peers must agree.
        """
        last = max((index for index, call in enumerate(self.calls) if call.invoke is not None), default=-1)
        queries = self.calls[last + 1 :]
        if not queries or run.dry:
            return ""
        if self._height(run) == height:
            for call in queries:
                self._query(run, call)
            return "; ".join(map(describe, queries))
        return "; ".join(self._agree(run, call) for call in queries)

    def _agree(self, run: Run, call: CheckStep) -> str:
        asked = self._asked(call)

        def probe() -> Seen:
            said = [self._answer(run, call, *one).decode(errors="replace") for one in asked]
            if len(set(said)) == 1:
                return Seen(True, said[0])
            answers = ", ".join(f"{peer.name} {text!r}" for (_, peer), text in zip(asked, said, strict=True))
            return Seen(False, f"{describe(call)}: {answers}")

        limit = _ANSWER_LIMIT + settle(self.network)
        answer = run.wait(probe, limit, f"{describe(call)}: peers do not agree", [peer for _, peer in asked])
        if call.expect in (None, answer):
            return describe(call)
        moved = f"{describe(call)} was expected, the answer is {answer!r} everywhere: the ledger has moved on since"
        run.emit(Kind.LOG, message=f"{self.chaincode.name} on {self.channel.name}: {moved}")
        return moved

    def _invoke(self, run: Run, key: str, index: int, call: CheckStep, sent: Sent | None) -> None:
        sender = Sender(run, self.chaincode, self.channel, self._asked())
        if sent is None or not sender.settle(sent):
            by = self._asked(call)[0][0]
            sent = sender.make(key, index, by, [argument.encode() for argument in call.invoke or []], self._height(run))
            sent.note(run.journal)
            sender.hand_in(sent)
        self._expect(call, sent.answer, self.chaincode.name)

    def _query(self, run: Run, call: CheckStep) -> None:
        for organization, peer in self._asked(call):
            try:
                run.wait(
                    partial(self._probe, run, call, organization, peer),
                    _ANSWER_LIMIT + settle(self.network),
                    describe(call),
                    [peer],
                )
            except StepFailed as failed:
                if failed.known is None:
                    moved = f"if the ledger has moved on since, change chaincodes.{self.chaincode.name}.check"
                    failed.remedy = "; else ".join(filter(None, [moved, failed.remedy]))
                raise

    def _probe(self, run: Run, call: CheckStep, organization: Organization, peer: Node) -> Seen:
        try:
            self._expect(call, self._answer(run, call, organization, peer), peer.name)
        except StepFailed as error:
            return Seen(False, error.message)
        return Seen(True, "as expected")

    def _answer(self, run: Run, call: CheckStep, organization: Organization, peer: Node) -> bytes:
        limit = self.network.session.timeouts.chaincode
        arguments = [argument.encode() for argument in call.query or []]
        client, admin = run.fabric.peer(peer), run.fabric.admin(organization)
        return query(client, admin, self.channel.name, self.chaincode.name, arguments, timeout=limit)

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
    may_pass_over=True,
)
