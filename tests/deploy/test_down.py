"""Taking a network away, with an engine on which others have containers, too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fabwiz.deploy import down
from fabwiz.deploy.events import Emitter, Status
from fabwiz.deploy.replay import prepare
from fabwiz.deploy.run import Run
from fabwiz.deploy.step import Result
from fabwiz.remote.options import HeadlessAsker, RemoteOptions
from fabwiz.remote.pool import Pool
from fabwiz.session.model import Session
from fabwiz.session.network import Network

Thing = dict[str, Any]
Engine = Callable[..., list[str]]

OURS = ["fabwiz.network=pair"]
BUILT = ["org.hyperledger.fabric.chaincode.type=GOLANG"]
BUILDER = "hyperledger/fabric-ccenv:1.4.12"

CONTAINERS: list[Thing] = [
    {"name": "peer0.org1.example.com", "labels": OURS, "network": "fabwiz_pair", "running": True},
    {"name": "pair-peer0.org1.example.com-mycc-1.0", "labels": BUILT, "network": "fabwiz_pair", "running": True},
    {"name": "quirky_hopper", "image": BUILDER, "network": "fabwiz_pair", "running": True},
]
NETWORKS: list[Thing] = [{"name": "fabwiz_pair", "labels": OURS}]
DATA: list[Thing] = [
    {"kind": "volume", "name": "pair_peer0.org1.example.com_ledger", "labels": OURS},
    {"kind": "image", "name": "pair-peer0.org1.example.com-mycc-1.0-20c0aa95:latest", "labels": BUILT},
]
NEIGHBOURS: list[Thing] = [
    {"kind": "container", "name": "database", "network": "bridge"},
    {"kind": "container", "name": "sad_wozniak", "image": BUILDER, "network": "bridge"},
    {"kind": "container", "name": "pair-peer0.org1.example.com-tool", "network": "theirs"},
    {"kind": "container", "name": "my-pair-peer0.org1.example.com-x", "network": "theirs"},
    {"kind": "container", "name": "pair2-peer0.org1.example.com-mycc-1.0", "labels": BUILT, "network": "fabwiz_pair2"},
    {"kind": "network", "name": "fabwiz_pair2", "labels": ["fabwiz.network=pair2"]},
    {"kind": "volume", "name": "pair_backup"},
    {"kind": "volume", "name": "pair2_peer0.org1.example.com_ledger", "labels": ["fabwiz.network=pair2"]},
    {"kind": "image", "name": "pair2-peer0.org1.example.com-mycc-1.0-20c0aa95:latest", "labels": BUILT},
    {"kind": "image", "name": "pair-peer0.org1.example.com-notes:latest"},
    {"kind": "image", "name": BUILDER},
]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A host, which is this machine, and what is on its engine: `engine()` lists the names."""
    things = tmp_path / "things.json"
    binaries = tmp_path / "bin"
    binaries.mkdir()
    docker = binaries / "docker"
    script = Path(__file__).with_name("engine_with_neighbours.py")
    docker.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_THINGS", str(things))

    def listed(put: Sequence[Thing] | None = None) -> list[str]:
        if put is not None:
            things.write_text(json.dumps([{"labels": []} | thing for thing in put]))
        return sorted(thing["name"] for thing in json.loads(things.read_text()))

    listed(
        [{"kind": "container"} | thing for thing in CONTAINERS]
        + [{"kind": "network"} | thing for thing in NETWORKS]
        + DATA
        + NEIGHBOURS
    )
    return listed


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    folder = tmp_path / "remote"
    folder.mkdir()
    data = {
        "fabwiz": 1,
        "name": "pair",
        "fabric": "1.4.12",
        "domain": "example.com",
        "ssh": {"sudo": "never"},
        "hosts": {"here": {"transport": "local", "remote_dir": str(folder)}},
        "zookeeper": {"zk1": "here"},
        "kafka": {"kafka1": "here"},
        "orderers": {"orderer1": "here"},
        "organizations": {"Org1": {"domain": "org1.example.com", "peers": {"peer0": "here"}}},
    }
    network = Network(Session.model_validate(data))
    options = RemoteOptions(known_hosts=tmp_path / "known_hosts", user_known_hosts=None, default_keys=False)
    run = prepare(network, tmp_path / "pair.yaml", Pool(network, options, HeadlessAsker()), Emitter())
    yield run
    run.close()


def names(*things: Sequence[Thing]) -> list[str]:
    return sorted(thing["name"] for group in things for thing in group)


def take_away(run: Run, data: bool) -> Result:
    (stage,) = down.stages(run.network, data)
    (step,) = stage
    return step.execute(run)


def test_chaincode_containers_and_builds_go_with_their_peers_and_data_stays(engine: Engine, run: Run) -> None:
    assert take_away(run, data=False).status is Status.DONE

    assert engine() == names(DATA, NEIGHBOURS)


def test_with_data_the_images_that_hold_built_chaincode_go_too(engine: Engine, run: Run) -> None:
    take_away(run, data=True)

    assert engine() == names(NEIGHBOURS)


@pytest.mark.parametrize("left", [*({"kind": "container"} | thing for thing in CONTAINERS), *DATA])
def test_whatever_an_interrupted_down_left_is_found(engine: Engine, run: Run, left: Thing) -> None:
    engine([left, *NEIGHBOURS])

    assert take_away(run, data=True).status is Status.DONE
    assert engine() == names(NEIGHBOURS)
    assert take_away(run, data=True).status is Status.SKIPPED


def remove_folders(remote_dir: Path, ours: Path) -> None:
    subprocess.run(["sh", "-c", down.FOLDERS_SCRIPT, "down", str(remote_dir), str(ours)], check=True)


def test_the_usual_folder_goes_with_the_last_network_in_it(tmp_path: Path) -> None:
    ours = tmp_path / "opt/fabwiz"
    (ours / "pair/kafka1/kafka").mkdir(parents=True)
    (ours / "pair/manifest.json").touch()
    (ours / "other").mkdir()
    (ours / "other/manifest.json").touch()

    remove_folders(ours / "pair", ours)
    assert [path.name for path in ours.iterdir()] == ["other"]

    remove_folders(ours / "other", ours)
    assert list((tmp_path / "opt").iterdir()) == []


def test_in_a_folder_that_the_operator_named_other_empty_folders_stay(tmp_path: Path) -> None:
    named = tmp_path / "srv/lab"
    (named / "theirs").mkdir(parents=True)
    (named / "manifest.json").touch()

    remove_folders(named, tmp_path / "opt/fabwiz")
    assert list(named.iterdir()) == [named / "theirs"]

    (named / "theirs").rmdir()
    remove_folders(named, tmp_path / "opt/fabwiz")
    assert list(tmp_path.iterdir()) == [tmp_path / "srv"]
    assert list((tmp_path / "srv").iterdir()) == []
