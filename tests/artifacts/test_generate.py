"""`fabwiz generate`, as a whole: what is made, kept, replaced, removed, and what is refused."""

import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabwiz.artifacts.errors import ArtifactError, GenerateError
from fabwiz.artifacts.generate import Report, generate
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.workspace import Workspace

SESSIONS = Path(__file__).parents[2] / "assets" / "sessions"

SESSION: dict[str, Any] = {
    "fabwiz": 1,
    "name": "lan",
    "fabric": "1.4.12",
    "hosts": {"a": "192.0.2.11", "b": "192.0.2.12", "idle": "192.0.2.13"},
    "zookeeper": {"zk1": "a"},
    "kafka": {"kafka1": "a", "kafka2": "b"},
    "orderers": {"orderer1": "a"},
    "organizations": {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "b"}, "anchors": ["peer0"]}},
    "channels": {"mychannel": {"organizations": ["Org1"]}},
}


def network(**changes: Any) -> Network:
    return Network(Session.model_validate(SESSION | changes))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "lan.yaml")


def contents(workspace: Workspace) -> dict[str, bytes]:
    root = workspace.artifacts
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["four-lan-hosts", "thirteen-hosts", "three-orgs-one-host"])
def test_the_example_sessions_are_generated_whole_and_then_kept(tmp_path: Path, name: str) -> None:
    net = Network(Session.model_validate(yaml.safe_load((SESSIONS / f"{name}.yaml").read_text())))
    workspace = Workspace(tmp_path / f"{name}.yaml")
    told: list[str] = []
    first = generate(net, workspace, told.append)
    made = contents(workspace)
    assert {"crypto-config.yaml", "configtx.yaml", "channel-artifacts/genesis.block"} <= set(made)
    for channel in net.channels.values():
        assert f"channel-artifacts/{channel.name}.tx" in made
        for member in channel.organizations:
            assert (f"channel-artifacts/{channel.name}-{member.msp_id}-anchors.tx" in made) == bool(member.anchors)
    assert set(first.manifests) == {host for host in net.hosts if net.on(host)}
    assert first.kept == []
    assert any("genesis block" in line for line in told)

    second = generate(net, workspace)
    assert (second.created, second.removed) == ([], [])
    assert sorted(second.kept) == sorted(first.created)
    assert second.manifests == first.manifests
    assert contents(workspace) == made


def test_nothing_is_readable_by_others(workspace: Workspace) -> None:
    before = os.umask(0)
    try:
        generate(network(ordering={"kafka": {"tls": True}}), workspace)
    finally:
        os.umask(before)
    for path in (workspace.root, *workspace.root.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_host_without_nodes_gets_nothing(workspace: Workspace) -> None:
    assert "idle" not in generate(network(), workspace).manifests
    assert not workspace.host("idle").exists()


def test_what_a_session_adds_is_made_and_the_rest_is_kept(workspace: Workspace) -> None:
    generate(network(), workspace)
    before = contents(workspace)
    peers = {"peer0": "b", "peer1": "idle"}
    organizations = {"Org1": {"domain": "org1.example.com", "peers": peers, "anchors": ["peer0"]}}
    report = generate(network(organizations=organizations), workspace)
    assert workspace.host("idle") in report.created
    assert workspace.genesis_block in report.kept
    after = contents(workspace)
    keys = {path for path in before if path.startswith("crypto-config/") and path.endswith(("_sk", ".key"))}
    assert keys
    assert all(after[path] == before[path] for path in keys)


def test_a_host_that_left_loses_its_bundle_and_strangers_stay(workspace: Workspace) -> None:
    generate(network(), workspace)
    (workspace.host("mine")).mkdir()
    (workspace.host("mine") / "note").write_text("keep me")
    organizations = {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "a"}, "anchors": ["peer0"]}}
    report = generate(network(organizations=organizations, kafka={"kafka1": "a", "kafka2": "a"}), workspace)
    assert report.removed == [workspace.host("b")]
    assert not workspace.host("b").exists()
    assert (workspace.host("mine") / "note").exists()


def test_before_a_run_the_genesis_block_follows_the_session(workspace: Workspace) -> None:
    generate(network(), workspace)
    before = workspace.genesis_block.read_bytes()
    report = generate(network(ordering={"max_message_count": 77}), workspace)
    assert {workspace.genesis_block, workspace.host("a")} <= set(report.created)
    assert workspace.genesis_block.read_bytes() != before
    assert (workspace.host("a") / "genesis.block").read_bytes() == workspace.genesis_block.read_bytes()


@pytest.mark.parametrize("how", ["journal", "told"])
def test_once_orderers_may_run_from_it_the_genesis_block_stays(workspace: Workspace, how: str) -> None:
    generate(network(), workspace)
    before = workspace.genesis_block.read_bytes()
    started = None
    if how == "journal":
        workspace.journal.write_text("{}\n")
    else:
        started = True
    assert workspace.genesis_block in generate(network(), workspace, started=started).kept
    with pytest.raises(
        GenerateError,
        match=r"genesis\.block was made from another state of the session: .*max_message_count: 10 there, 77",
    ):
        generate(network(ordering={"max_message_count": 77}), workspace, started=started)
    assert workspace.genesis_block.read_bytes() == before


def test_transactions_follow_the_session(workspace: Workspace) -> None:
    generate(network(), workspace)
    organizations = {
        "Org1": {"domain": "org1.example.com", "peers": {"peer0": "b", "peer1": "a"}, "anchors": ["peer1"]}
    }
    report = generate(network(organizations=organizations), workspace)
    assert workspace.anchors_tx("mychannel", "Org1MSP") in report.created
    assert workspace.channel_tx("mychannel") in report.kept


@pytest.mark.parametrize("nth", range(1, 60, 7))
def test_a_run_that_is_killed_is_completed_by_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """Killed at the nth time that something is put in its place."""
    net = network(ordering={"kafka": {"tls": True}})
    count = 0

    def dying(original: Any) -> Any:
        def call(self: Path, target: Path) -> Path:
            nonlocal count
            count += 1
            if count == nth:
                raise KeyboardInterrupt
            moved: Path = original(self, target)
            return moved

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "replace"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        try:
            generate(net, workspace)
        except KeyboardInterrupt:
            killed = True
        else:
            killed = False
    before = {
        path: data
        for path, data in contents(workspace).items()
        if b"PRIVATE KEY" in data and not any(part.startswith(".") for part in path.split("/"))
    }
    report: Report = generate(net, workspace)
    assert killed == bool(report.created)
    after = contents(workspace)
    assert all(after[path] == data for path, data in before.items())
    assert not any(part.startswith(".") for path in after for part in path.split("/"))
    assert generate(net, workspace).created == []


def test_what_killed_writes_left_is_removed_and_nothing_else(workspace: Workspace) -> None:
    generate(network(), workspace)
    made = contents(workspace)
    for name in (".genesis.block.0123456789ab.tmp", ".notes", "mine.tmp"):
        (workspace.channel_artifacts / name).write_text("half of")
    (workspace.artifacts / ".configtx.yaml.0123456789ab.tmp").write_text("half of")

    assert generate(network(), workspace).created == []

    assert contents(workspace).keys() - made.keys() == {"channel-artifacts/.notes", "channel-artifacts/mine.tmp"}


def test_a_folder_that_cannot_be_written_is_told(workspace: Workspace) -> None:
    workspace.root.parent.mkdir(exist_ok=True)
    workspace.root.write_text("a file in the way")
    with pytest.raises(ArtifactError, match=r"lan\.fabwiz"):
        generate(network(), workspace)


def test_an_unknown_release_is_told(workspace: Workspace) -> None:
    with pytest.raises(ArtifactError, match=r"2\.5\.0"):
        generate(network(fabric="2.5.0"), workspace)


def test_a_sketch_tells_of_the_same_files_and_syncs_none_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organizations = {
        "Org1": {"domain": "org1.example.com", "peers": {"peer0": {"host": "b", "couchdb": True}}, "anchors": ["peer0"]}
    }
    session = network(ordering={"kafka": {"tls": True}}, organizations=organizations)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    whole = generate(session, Workspace(tmp_path / "whole.yaml"))
    assert synced
    synced.clear()

    sketch = generate(session, Workspace(tmp_path / "sketch.yaml", durable=False), sketch=True)

    assert synced == []
    assert [path.name for path in (tmp_path / "sketch.fabwiz/artifacts/hosts/b").iterdir()] == ["manifest.json"]
    assert files_told(sketch) == files_told(whole)


def files_told(report: Report) -> dict[str, list[tuple[str, int, bool]]]:
    """By host; a key's file is named after the key."""
    return {
        host: [(re.sub("[0-9a-f]{64}_sk", "_sk", entry.path), entry.mode, entry.private) for entry in manifest.files]
        for host, manifest in report.manifests.items()
    }
