"""genesis.block and the .tx files are made once, kept while the session agrees with them, and never replaced."""

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from fabric_protos.common import common_pb2

from fabwiz.artifacts import configtx
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

REFERENCE = Path(__file__).parents[1] / "reference" / "four-lan-hosts"
FILES = ["genesis.block", "mychannel-Org1MSP-anchors.tx", "mychannel-Org2MSP-anchors.tx", "mychannel.tx"]


def network(**changes: Any) -> Network:
    return Network(Session.model_validate(yaml.safe_load((REFERENCE / "session.yaml").read_text()) | changes))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    place = Workspace(tmp_path / "lan4.yaml")
    shutil.copytree(REFERENCE / "crypto-config", place.crypto_config)
    return place


def contents(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in workspace.channel_artifacts.iterdir()}


def test_files_are_made_once_and_kept(workspace: Workspace) -> None:
    first = configtx.generate(network(), workspace)
    before = contents(workspace)
    assert sorted(before) == FILES
    assert sorted(path.name for path in first.created) == FILES
    second = configtx.generate(network(), workspace)
    assert second.created == []
    assert sorted(path.name for path in second.kept) == FILES
    assert contents(workspace) == before


def test_only_what_is_missing_is_made(workspace: Workspace) -> None:
    configtx.generate(network(), workspace)
    before = contents(workspace)
    workspace.channel_tx("mychannel").unlink()
    assert configtx.generate(network(), workspace).created == [workspace.channel_tx("mychannel")]
    assert contents(workspace)["genesis.block"] == before["genesis.block"]


def test_files_of_the_official_tools_are_kept(workspace: Workspace) -> None:
    workspace.channel_artifacts.mkdir(parents=True)
    for name in FILES:
        shutil.copy(REFERENCE / "expected" / name, workspace.channel_artifacts)
    before = contents(workspace)
    assert configtx.generate(network(), workspace).created == []
    assert contents(workspace) == before


def test_nobody_else_may_read_them(workspace: Workspace) -> None:
    configtx.generate(network(), workspace)
    assert stat.S_IMODE(workspace.channel_artifacts.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in workspace.channel_artifacts.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"ordering": {"max_message_count": 50}},
            r"Orderer\.BatchSize\.max_message_count: 10 there, 50 by the session",
        ),
        ({"ordering": {"batch_timeout": "3s"}}, r"Orderer\.BatchTimeout\.timeout: 2s there, 3s by the session"),
        ({"system_channel": "other"}, r"channel_id: system-channel there, other by the session"),
        ({"fabric": "1.4.2"}, r"Capabilities.*V1_3: there, but not in the session"),
        ({"orderers": {"orderer1": "a"}}, r"OrdererAddresses\.addresses: orderer1\.example\.com:7050, .* there,"),
        ({"consortiums": {"Other": ["Org1", "Org2"]}}, r"Consortiums\.Other: in the session, but not there"),
    ],
)
def test_another_genesis_block_is_refused_and_nothing_is_written(
    changes: dict[str, Any], told: str, workspace: Workspace
) -> None:
    configtx.generate(network(), workspace)
    workspace.channel_tx("mychannel").unlink()
    before = contents(workspace)
    with pytest.raises(GenerateError, match=told) as refusal:
        configtx.generate(network(**changes), workspace)
    assert str(workspace.genesis_block) in str(refusal.value)
    assert "remove genesis.block to have it made again" in str(refusal.value)
    assert contents(workspace) == before


def test_other_anchors_follow_the_session(workspace: Workspace) -> None:
    """For a network that runs is told of them by an update against its own configuration."""
    configtx.generate(network(), workspace)
    before = contents(workspace)
    organizations = yaml.safe_load((REFERENCE / "session.yaml").read_text())["organizations"]
    organizations["Org1"]["anchors"] = ["peer1"]
    report = configtx.generate(network(organizations=organizations), workspace)
    assert report.created == [workspace.anchors_tx("mychannel", "Org1MSP")]
    after = contents(workspace)
    assert after.pop("mychannel-Org1MSP-anchors.tx") != before.pop("mychannel-Org1MSP-anchors.tx")
    assert after == before


def test_another_certificate_is_told_without_printing_it(workspace: Workspace) -> None:
    configtx.generate(network(), workspace)
    path = workspace.crypto_config / "ordererOrganizations/example.com/msp/admincerts/Admin@example.com-cert.pem"
    other = (
        workspace.crypto_config / "peerOrganizations/org1.example.com/msp/admincerts/Admin@org1.example.com-cert.pem"
    )
    shutil.copy(other, path)
    with pytest.raises(GenerateError, match=r"OrdererOrg\.MSP\.admins: one certificate there, one certificate by"):
        configtx.generate(network(), workspace)


def test_where_no_network_can_run_yet_they_follow_the_session(workspace: Workspace) -> None:
    configtx.generate(network(), workspace)
    before = contents(workspace)
    report = configtx.generate(network(ordering={"max_message_count": 50}), workspace, replace=True)
    assert report.created == [workspace.genesis_block]
    after = contents(workspace)
    assert after.pop("genesis.block") != before.pop("genesis.block")
    assert after == before


@pytest.mark.parametrize("damage", [b"", b"no block at all", b"\x0a\xff\xff"])
@pytest.mark.parametrize("name", ["genesis.block", "mychannel.tx"])
def test_a_damaged_file_is_refused(damage: bytes, name: str, workspace: Workspace) -> None:
    configtx.generate(network(), workspace)
    (workspace.channel_artifacts / name).write_bytes(damage)
    with pytest.raises(GenerateError, match=name):
        configtx.generate(network(), workspace)
    assert configtx.generate(network(), workspace, replace=True).created == [workspace.channel_artifacts / name]


def test_differences_pass_over_what_chance_decides(workspace: Workspace) -> None:
    one, other = (configtx.genesis_block(network(), workspace) for _ in range(2))
    assert one != other
    assert configtx.describe_difference(one, other, block=True) == ()


def test_another_release_is_told_by_what_it_means_and_not_by_empty_room(workspace: Workspace) -> None:
    earlier, later = (configtx.genesis_block(network(fabric=release), workspace) for release in ("1.4.1", "1.4.2"))

    told = configtx.describe_difference(earlier, later, block=True)

    assert "Orderer.Capabilities.capabilities.V1_4_2: in the session, but not there" in told
    assert not [line for line in told if "metadata" in line]


def test_metadata_that_says_something_is_told(workspace: Workspace) -> None:
    wanted = configtx.genesis_block(network(), workspace)
    block = common_pb2.Block.FromString(wanted)
    block.metadata.metadata[1] = b"\x01"

    assert configtx.describe_difference(block.SerializeToString(), wanted, block=True) == (
        "metadata: AQ== there, nothing by the session",
    )


def test_a_channel_more_needs_no_new_genesis_block(workspace: Workspace) -> None:
    configtx.generate(network(), workspace)
    channels = {"mychannel": {"organizations": ["Org1", "Org2"]}, "second": {"organizations": ["Org2"]}}
    created = configtx.generate(network(channels=channels), workspace).created
    assert sorted(path.name for path in created) == ["second-Org2MSP-anchors.tx", "second.tx"]


def test_a_full_disk_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", str(workspace.genesis_block))

    monkeypatch.setattr("fabwiz.artifacts.configtx.files.write_atomic", full)
    with pytest.raises(GenerateError, match=r"genesis\.block: No space left on device\. Make room"):
        configtx.generate(network(), workspace)
