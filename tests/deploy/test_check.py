"""The session's calls are made once, whatever happens, and asked again by every later run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fabric_protos.common import common_pb2

from fabwiz.deploy import down
from fabwiz.deploy.events import Kind, Status
from fabwiz.deploy.executor import execute
from fabwiz.deploy.phase import Phase, PhaseSpec
from fabwiz.deploy.phases import check
from fabwiz.deploy.replay import replay
from fabwiz.deploy.status import heights
from fabwiz.fabric.envelope import transaction_id
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.transaction import invoke, query
from tests.deploy.sites import Site, changed, errors, failed_phase, session_of, site_for

pytestmark = pytest.mark.timeout(180)


class Killed(BaseException):
    """As if the run ended here: no step handles it."""


@pytest.fixture
def lan4(tmp_path: Path) -> Iterator[Site]:
    """The four-host network, deployed."""
    with site_for(session_of("four-lan-hosts"), tmp_path) as site:
        assert errors(site.replay()) == []
        yield site


def records(site: Site, kind: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in site.workspace.journal.read_text().splitlines())
    return [line for line in lines if line["kind"] == kind]


def answers(site: Site, *arguments: bytes) -> set[bytes]:
    """What all peers answer."""
    with site.run() as run:
        found = set()
        for peer in run.network.peers:
            organization = run.network.organization_of(peer)
            assert organization
            admin = run.fabric.admin(organization)
            found.add(query(run.fabric.peer(peer), admin, "mychannel", "mycc", list(arguments)))
        return found


def copies(site: Site, tx_id: str) -> int:
    """How often a transaction was ordered."""
    with site.run() as run:
        admin = run.fabric.admin(run.network.channels["mychannel"].organizations[0])
        orderer = run.fabric.orderer(run.network.orderers[0])
        blocks = orderer.deliver("mychannel", admin, 0, None)
        return [transaction_id(data) for block in blocks for data in block.data.data].count(tx_id)


@pytest.mark.parametrize("release", ["1.0.6", "1.4.12"])  # 1.0 tells of a transaction's last copy, not of its first
def test_an_invocation_counts_once_however_late_it_is_ordered(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = changed(session_of("four-lan-hosts"), ("ordering",), {"batch_timeout": "4s"})
    slow = changed(slow, ("chaincodes", "mycc", "policy"), "OR('Org1MSP.member', 'Org2MSP.member')")
    with site_for(changed(slow, ("fabric",), release), tmp_path) as site:
        assert errors(site.replay(until=Phase.CHAINCODE)) == []
        broadcast = OrdererClient.broadcast

        def die(client: OrdererClient, envelope: common_pb2.Envelope, **options: Any) -> None:
            broadcast(client, envelope, **options)
            raise Killed

        with monkeypatch.context() as patched, site.run() as run:
            patched.setattr(OrdererClient, "broadcast", die)
            with pytest.raises(Killed):
                replay(run)
        # to look for the transaction, and to send it again, before the first block can be cut
        impatient = changed(site.hosts.session, ("ordering",), {"batch_timeout": "1ms"})

        with site.run(impatient) as run:
            outcome = execute(run, [check.SPEC])

        assert errors(outcome) == []
        assert len(records(site, "check-sent")) == len(records(site, "check-sent-again")) == 1
        assert answers(site, b"query", b"a") == {b"90"}
        assert copies(site, records(site, "check-sent")[0]["tx"]) == 2


def test_a_new_one_is_made_only_where_peers_have_found_the_old_one_invalid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = changed(session_of("four-lan-hosts"), ("ordering",), {"batch_timeout": "500ms"})
    with site_for(session, tmp_path) as site:
        assert errors(site.replay(until=Phase.CHAINCODE)) == []

        def die(client: OrdererClient, envelope: common_pb2.Envelope, **options: Any) -> None:
            raise Killed

        with monkeypatch.context() as patched, site.run() as run:
            patched.setattr(OrdererClient, "broadcast", die)
            with pytest.raises(Killed):
                replay(run)
        pay(site, b"0")  # writes a and b as they are: what was endorsed before is outdated now

        outcome = site.replay()

        assert errors(outcome) == []
        first, second = (record["tx"] for record in records(site, "check-sent"))
        assert first != second
        assert answers(site, b"query", b"a") == {b"90"}


def pay(site: Site, amount: bytes) -> None:
    """What others do on the channel."""
    with site.run() as run:
        one, two = run.network.channels["mychannel"].organizations
        peers = [run.fabric.peer(organization.nodes[0]) for organization in (one, two)]
        everywhere = [run.fabric.peer(peer) for peer in run.network.peers]
        orderer = run.fabric.orderer(run.network.orderers[0])
        arguments = [b"invoke", b"a", b"b", amount]
        invoke(run.fabric.admin(one), peers, orderer, "mychannel", "mycc", arguments, committers=everywhere)


def test_a_network_that_was_taken_down_is_asked_again_when_it_is_up(lan4: Site) -> None:
    with lan4.run() as run:
        execute(run, [PhaseSpec("down", "take away", "", lambda network: down.stages(network, False))])

    outcome = lan4.replay()

    assert errors(outcome) == []
    (event,) = (event for event in lan4.said("check", Status.SKIPPED) if event.step == "answers")
    assert str(event.message).endswith("now: query a = 90")
    assert len(records(lan4, "check-sent")) == 1


def test_another_answer_from_the_same_ledger_fails(lan4: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_ANSWER_LIMIT", 0.3)
    calls = [{"query": ["query", "a"], "expect": "95"}]
    other = changed(lan4.hosts.session, ("chaincodes", "mycc", "check"), calls)
    with lan4.run(other) as run:
        (step,) = (step for stage in check.stages(run.network) for step in stage if isinstance(step, check.Answers))
        run.journal.append(
            "check-passed", check=step.key(run), height=heights(run)["mychannel"]["peer0.org1.example.com"]
        )

    outcome = lan4.replay(other)

    assert failed_phase(outcome) == Phase.CHECK
    assert "query a = 95, but the answer is '90'" in errors(outcome)[0]


def test_a_ledger_that_has_moved_on_is_told_and_is_no_failure(lan4: Site) -> None:
    pay(lan4, b"5")

    outcome = lan4.replay()

    assert (errors(outcome), outcome.changed) == ([], 0)
    told = [str(event.message) for event in lan4.events if event.event is Kind.LOG and event.node is None]
    assert any("query a = 90 was expected, the answer is '85' everywhere" in line for line in told)
    with lan4.run() as run:
        assert set(heights(run)["mychannel"].values()) == {6}
