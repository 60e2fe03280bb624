"""Blocks and transactions against what configtxgen of the session's own release made (tests/reference)."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from fabric_protos.common import common_pb2

from fabwiz.artifacts import configtx
from fabwiz.artifacts.configtx.decode import decode_block, decode_transaction
from fabwiz.artifacts.errors import ArtifactError, GenerateError
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = sorted(path.parent.name for path in REFERENCE.glob("*/session.yaml"))
MADE_BY_CHANCE = {"timestamp", "nonce", "tx_id", "data_hash"}


def load(case: str, folder: Path, **changes: Any) -> tuple[Network, Workspace]:
    """A reference's network, and a workspace with its msp folders."""
    data = yaml.safe_load((REFERENCE / case / "session.yaml").read_text())
    workspace = Workspace(folder / "network.yaml")
    shutil.copytree(REFERENCE / case / "crypto-config", workspace.crypto_config)
    # git keeps no empty folders, and what is read of them is the same
    return Network(Session.model_validate(data | changes)), workspace


def comparable(decoded: Any) -> Any:
    """Without what chance decides, and without the ways of writing that something is not there."""
    if isinstance(decoded, dict):
        kept = {key: comparable(value) for key, value in decoded.items() if key not in MADE_BY_CHANCE}
        return {key: value for key, value in kept.items() if value not in (None, "", [], {})}
    return [comparable(value) for value in decoded] if isinstance(decoded, list) else decoded


def made(network: Network, workspace: Workspace) -> dict[str, bytes]:
    configtx.generate(network, workspace)
    return {path.name: path.read_bytes() for path in workspace.channel_artifacts.iterdir()}


def test_there_are_references_for_all_generations_of_configtxgen() -> None:
    versions = {yaml.safe_load((REFERENCE / case / "session.yaml").read_text())["fabric"] for case in CASES}
    assert versions == {"1.0.0", "1.1.0", "1.2.1", "1.3.0", "1.4.0", "1.4.2", "1.4.12"}


@pytest.mark.parametrize("case", CASES)
def test_decodes_to_what_the_official_tools_make(case: str, tmp_path: Path) -> None:
    files = made(*load(case, tmp_path))
    expected = REFERENCE / case / "expected"
    assert sorted(files) == sorted(path.name for path in expected.iterdir() if path.suffix != ".json")
    for name, content in files.items():
        decode = decode_block if name.endswith(".block") else decode_transaction
        ours = comparable(decode(content))
        assert ours == comparable(json.loads((expected / f"{name}.json").read_text())), name
        assert ours == comparable(decode((expected / name).read_bytes())), name


@pytest.mark.parametrize("case", CASES)
def test_is_the_same_but_for_chance_when_made_twice(case: str, tmp_path: Path) -> None:
    network, workspace = load(case, tmp_path)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    channel = next(iter(network.channels))
    assert configtx.channel_tx(network, channel, workspace, now) == configtx.channel_tx(
        network, channel, workspace, now
    )
    first = decode_block(configtx.genesis_block(network, workspace, now))
    second = decode_block(configtx.genesis_block(network, workspace, now))
    assert comparable(first) == comparable(second)
    assert first != second  # the nonce
    header = first["data"]["data"][0]["payload"]["header"]["channel_header"]
    assert header["timestamp"] == "2026-01-02T03:04:05Z"


def test_the_genesis_block_is_consistent_in_itself(tmp_path: Path) -> None:
    network, workspace = load("four-lan-hosts", tmp_path)
    block = common_pb2.Block.FromString(configtx.genesis_block(network, workspace))
    assert block.header.number == 0
    assert block.header.previous_hash == b""
    assert block.header.data_hash == hashlib.sha256(block.data.data[0]).digest()
    payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(block.data.data[0]).payload)
    nonce = common_pb2.SignatureHeader.FromString(payload.header.signature_header).nonce
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    assert len(nonce) == 24
    assert header.tx_id == hashlib.sha256(nonce).hexdigest()


@pytest.mark.parametrize(("version", "owner"), [("1.0.0", ""), ("1.0.1", "Admins"), ("1.0.6", "Admins")])
def test_anchor_updates_of_1_0_name_an_owner_from_1_0_1(version: str, owner: str, tmp_path: Path) -> None:
    network, workspace = load("three-orgs-one-host", tmp_path, fabric=version)
    update = configtx.anchors_tx(network, "channel1", network.organizations["Org1"], workspace)
    write_set = decode_transaction(update)["payload"]["data"]["config_update"]["write_set"]
    assert write_set["groups"]["Application"]["groups"]["Org1MSP"]["mod_policy"] == owner
    assert write_set["groups"]["Application"]["groups"]["Org1MSP"]["values"]["AnchorPeers"]["mod_policy"] == owner


@pytest.mark.parametrize(("version", "owner"), [("1.0.1", "Admins"), ("1.0.2", "/Channel/Orderer/Admins")])
def test_the_consortiums_belong_to_the_orderers_from_1_0_2(version: str, owner: str, tmp_path: Path) -> None:
    network, workspace = load("three-orgs-one-host", tmp_path, fabric=version)
    block = decode_block(configtx.genesis_block(network, workspace))
    root = block["data"]["data"][0]["payload"]["data"]["config"]["channel_group"]
    assert root["groups"]["Consortiums"]["policies"]["Admins"]["mod_policy"] == owner


@pytest.mark.parametrize(("version", "entries"), [("1.4.1", 4), ("1.4.2", 5)])
def test_blocks_have_a_fifth_entry_of_metadata_from_1_4_2(version: str, entries: int, tmp_path: Path) -> None:
    network, workspace = load("four-lan-hosts", tmp_path, fabric=version)
    assert len(common_pb2.Block.FromString(configtx.genesis_block(network, workspace)).metadata.metadata) == entries


def anchors_written(transaction: bytes) -> set[str]:
    update = decode_transaction(transaction)["payload"]["data"]["config_update"]
    members = update["write_set"]["groups"]["Application"]["groups"]
    return {name for name, member in members.items() if "AnchorPeers" in member["values"]}


def test_orderers_get_a_creation_without_the_empty_anchors_that_they_refuse(tmp_path: Path) -> None:
    network, workspace = load("thirteen-hosts", tmp_path)
    written = configtx.channel_tx(network, "mychannel", workspace)
    assert anchors_written(written) == {"Org2MSP", "Org3MSP", "Org4MSP"}
    sent = configtx.creation_for_orderers(written)
    assert anchors_written(sent) == set()
    before, after = decode_transaction(written), decode_transaction(sent)
    for name in ("Org2MSP", "Org3MSP", "Org4MSP"):
        del before["payload"]["data"]["config_update"]["write_set"]["groups"]["Application"]["groups"][name]["values"][
            "AnchorPeers"
        ]
    assert before == after


def test_orderers_get_nothing_that_is_no_transaction() -> None:
    with pytest.raises(ValueError, match="no transaction"):
        configtx.creation_for_orderers(b"\xff\xff")


@pytest.mark.parametrize("case", [case for case in CASES if case not in ("thirteen-hosts", "consortiums-1.2.1")])
def test_other_creations_go_to_orderers_as_they_are(case: str, tmp_path: Path) -> None:
    network, workspace = load(case, tmp_path)
    for channel in network.channels:
        written = configtx.channel_tx(network, channel, workspace)
        assert configtx.creation_for_orderers(written) == written


def test_organizations_without_node_ous_keep_policies_that_they_can_satisfy(tmp_path: Path) -> None:
    # keys that 1.0 made know no peers and clients, whatever release the session names later
    network, workspace = load("three-orgs-one-host", tmp_path, fabric="1.4.12")
    block = decode_block(configtx.genesis_block(network, workspace))
    root = block["data"]["data"][0]["payload"]["data"]["config"]["channel_group"]
    member = root["groups"]["Consortiums"]["groups"]["Consortium1"]["groups"]["Org1MSP"]
    identities = member["policies"]["Writers"]["policy"]["value"]["identities"]
    assert [identity["principal"]["role"] for identity in identities] == ["MEMBER"]


def test_all_brokers_stand_in_the_genesis_block_unless_some_are_named(tmp_path: Path) -> None:
    def brokers(**kafka: Any) -> list[str]:
        folder = tmp_path / "-".join(["all", *kafka.get("seed_brokers", ())])
        network, workspace = load("four-lan-hosts", folder, ordering={"kafka": kafka})
        block = decode_block(configtx.genesis_block(network, workspace))
        root = block["data"]["data"][0]["payload"]["data"]["config"]["channel_group"]
        found: list[str] = root["groups"]["Orderer"]["values"]["KafkaBrokers"]["value"]["brokers"]
        return found

    assert brokers() == ["kafka1:9092", "kafka2:9092", "kafka3:9092", "kafka4:9092"]
    assert brokers(seed_brokers=["kafka3", "kafka1"]) == ["kafka3:9092", "kafka1:9092"]
    with pytest.raises(GenerateError, match=r"seed_brokers names kafka9, which is not listed under kafka"):
        brokers(seed_brokers=["kafka9"])


def test_an_unknown_member_of_a_consortium_is_named(tmp_path: Path) -> None:
    network, workspace = load("four-lan-hosts", tmp_path, consortiums={"C": ["Org1", "Org7"]})
    with pytest.raises(GenerateError, match=r"consortiums\.C names Org7"):
        configtx.genesis_block(network, workspace)


def test_an_unknown_release_is_refused(tmp_path: Path) -> None:
    network, workspace = load("four-lan-hosts", tmp_path, fabric="1.9.9")
    with pytest.raises(ArtifactError, match=r"1\.9\.9"):
        configtx.genesis_block(network, workspace)


@pytest.mark.parametrize("lost", ["cacerts", "config.yaml's certificate"])
def test_a_missing_certificate_is_named(lost: str, tmp_path: Path) -> None:
    network, workspace = load("four-lan-hosts", tmp_path)
    msp = workspace.crypto_config / network.organizations["Org1"].directory / "msp"
    if lost == "cacerts":
        shutil.rmtree(msp / "cacerts")
    else:
        (msp / "cacerts" / "ca.org1.example.com-cert.pem").rename(msp / "cacerts" / "other.pem")
    with pytest.raises(GenerateError, match=r"cacerts.*Generate the keys first"):
        configtx.genesis_block(network, workspace)
