from __future__ import annotations

from typing import Any

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, transaction_pb2

from fabwiz.fabric.errors import AlreadyInstantiated, FabricError, Invalid, TimedOut
from fabwiz.fabric.lifecycle import instantiate, upgrade
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.peer import PeerClient
from fabwiz.fabric.transaction import invoke, query


class Net:
    """Two peers and an orderer: what is ordered becomes block 7 with the code that `codes` says."""

    def __init__(self, serve: Any, authority: Any, endorser_class: Any, orderer_node: Any, ok: Any, no: Any) -> None:
        self.codes: dict[str, int] = {"peer0.org1.example.com": 0, "peer0.org2.example.com": 0}
        self.results: dict[str, bytes] = {}
        self.ordered: dict[str, transaction_pb2.Transaction] = {}
        self.nodes = {}
        self.ok, self.no = ok, no
        orderer_node.on_taken = self.take
        self.orderer = OrdererClient(serve("orderer1.example.com", authority, orderer_node), timeout=60)
        for name in self.codes:
            self.nodes[name] = endorser_class(lambda call, name=name: self.answer(name, call))
        self.peers = [PeerClient(serve(name, authority, node), timeout=60) for name, node in self.nodes.items()]

    def take(self, header: common_pb2.ChannelHeader, data: bytes) -> None:
        self.ordered[header.tx_id] = transaction_pb2.Transaction.FromString(data)

    def answer(self, name: Any, call: Any) -> Any:
        if call.chaincode != "qscc":
            return self.ok(b"moved", self.results.get(name, b"same result"))
        function, _, transaction = call.args
        if transaction.decode() not in self.ordered or self.codes[name] < 0:
            return self.no("Failed to get transaction with id 0, error Entry not found in index")
        if function == b"GetBlockByTxID":
            return self.ok(common_pb2.Block(header=common_pb2.BlockHeader(number=7)).SerializeToString())
        done = transaction_pb2.ProcessedTransaction(validationCode=self.codes[name])
        return self.ok(done.SerializeToString())


@pytest.fixture
def net(serve: Any, authority: Any, endorser_class: Any, orderer_node: Any, ok: Any, no: Any) -> Net:
    return Net(serve, authority, endorser_class, orderer_node, ok, no)


ARGS = [b"invoke", b"a", b"b", b"10"]


def test_a_transaction_is_endorsed_ordered_and_committed_everywhere(net: Net, identity: Any) -> None:
    done = invoke(identity, net.peers, net.orderer, "mychannel", "mycc", ARGS, transient={"k": b"v"}, timeout=60)
    assert (done.code, done.block, done.payload) == ("VALID", 7, b"moved")
    [action] = net.ordered[done.tx_id].actions
    payload = transaction_pb2.ChaincodeActionPayload.FromString(action.payload)
    assert payload.action.proposal_response_payload == b"same result"
    assert len(payload.action.endorsements) == 2
    proposed = proposal_pb2.ChaincodeProposalPayload.FromString(payload.chaincode_proposal_payload)
    assert not proposed.TransientMap
    spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(proposed.input).chaincode_spec
    assert list(spec.input.args) == ARGS
    proposals = {call.tx_id for node in net.nodes.values() for call in node.calls if call.chaincode == "mycc"}
    assert proposals == {done.tx_id}  # the same proposal went to both


def test_endorsers_that_disagree_send_nothing(net: Net, identity: Any) -> None:
    net.results["peer0.org2.example.com"] = b"another result"
    with pytest.raises(FabricError, match=r"peer0\.org2\.example\.com: gave another result.*peer0\.org1"):
        invoke(identity, net.peers, net.orderer, "mychannel", "mycc", ARGS, timeout=60)
    assert not net.ordered


def test_an_invalid_transaction_carries_its_code(net: Net, identity: Any) -> None:
    net.codes["peer0.org2.example.com"] = transaction_pb2.ENDORSEMENT_POLICY_FAILURE
    with pytest.raises(Invalid, match="ENDORSEMENT_POLICY_FAILURE") as caught:
        invoke(identity, net.peers, net.orderer, "mychannel", "mycc", ARGS, timeout=60)
    assert caught.value.status == "ENDORSEMENT_POLICY_FAILURE"
    assert caught.value.target == "peer0.org2.example.com"


def test_a_peer_that_stays_behind_is_named(net: Net, identity: Any) -> None:
    net.codes["peer0.org2.example.com"] = -1
    with pytest.raises(TimedOut, match=r"peer0\.org2\.example\.com: transaction .* is in no block") as caught:
        invoke(identity, net.peers, net.orderer, "mychannel", "mycc", ARGS, timeout=1)
    assert "peer0.org1" not in str(caught.value)


def test_every_peer_that_is_named_is_waited_for(net: Net, identity: Any) -> None:
    net.codes["peer0.org2.example.com"] = -1
    done = invoke(identity, net.peers[:1], net.orderer, "mychannel", "mycc", ARGS, timeout=5)
    assert done.code == "VALID"
    with pytest.raises(TimedOut):
        invoke(identity, net.peers[:1], net.orderer, "mychannel", "mycc", ARGS, committers=net.peers, timeout=1)


def test_each_peer_is_asked_in_the_name_of_its_observer(
    net: Net, identity: Any, tmp_path: Any, make_msp: Any, authority: Any
) -> None:
    from fabwiz.fabric.identity import SigningIdentity

    folder = make_msp(tmp_path / "two", authority, "User1@org2.example.com")
    net.peers[1].observer = SigningIdentity.load(folder, "Org2MSP")
    invoke(identity, net.peers, net.orderer, "mychannel", "mycc", ARGS, timeout=60)
    asked = {name: {call.msp_id for call in node.calls if call.chaincode == "qscc"} for name, node in net.nodes.items()}
    assert asked == {"peer0.org1.example.com": {"Org1MSP"}, "peer0.org2.example.com": {"Org2MSP"}}


def test_a_query_orders_nothing(net: Net, identity: Any) -> None:
    assert query(net.peers[0], identity, "mychannel", "mycc", [b"query", b"a"]) == b"moved"
    assert not net.ordered


@pytest.mark.parametrize(("act", "function"), [(instantiate, b"deploy"), (upgrade, b"upgrade")])
def test_instantiating_names_everything_that_lscc_needs(net: Net, identity: Any, act: Any, function: bytes) -> None:
    act(
        "mychannel", net.peers[:1], net.orderer, identity, "mycc", "1.0", [b"init", b"a", b"100"],
        language="node", path="chaincode/mycc", policy=b"policy", timeout=60,
    )  # fmt: skip
    call = next(call for call in net.nodes["peer0.org1.example.com"].calls if call.chaincode == "lscc")
    assert call.channel == "mychannel"
    assert [call.args[0], call.args[1], *call.args[3:]] == [function, b"mychannel", b"policy", b"escc", b"vscc"]
    spec = chaincode_pb2.ChaincodeDeploymentSpec.FromString(call.args[2]).chaincode_spec
    assert (spec.chaincode_id.name, spec.chaincode_id.version) == ("mycc", "1.0")
    assert spec.type == chaincode_pb2.ChaincodeSpec.NODE
    assert list(spec.input.args) == [b"init", b"a", b"100"]


def test_collections_are_an_argument_of_their_own(net: Net, identity: Any) -> None:
    instantiate("mychannel", net.peers[:1], net.orderer, identity, "mycc", "1.0", [b"init"], collections=b"collections")
    call = next(call for call in net.nodes["peer0.org1.example.com"].calls if call.chaincode == "lscc")
    assert call.args[3:] == [b"", b"escc", b"vscc", b"collections"]


def test_what_runs_already_is_recognized(net: Net, identity: Any) -> None:
    net.nodes["peer0.org1.example.com"].answer = lambda call: net.no("chaincode with name 'mycc' already exists")
    with pytest.raises(AlreadyInstantiated):
        instantiate("mychannel", net.peers[:1], net.orderer, identity, "mycc", "1.0", [b"init"])
