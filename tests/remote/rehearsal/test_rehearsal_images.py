"""`docker load` of a rehearsal host: real archives, real ids, and the real engine's refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fabwiz.remote.rehearsal import Rehearsal
from fabwiz.session.model import Session
from tests.image_archives import docker_files, fake_image, oci_files, save, tar_of

PEER = fake_image("hyperledger/fabric-peer:1.4.0")
ID = "{{.Id}}"


@pytest.fixture
def rehearsal(small: Callable[..., Session], start: Callable[..., Rehearsal]) -> Rehearsal:
    return start(small())


@pytest.fixture
def box(rehearsal: Rehearsal, shell_on: Callable[..., Any]) -> Any:
    return shell_on(rehearsal, "h1")


def identity(box: Any, name: str) -> str:
    return str(box.run("docker", "image", "inspect", "--format", ID, name).out.strip())


def test_a_loaded_image_has_the_id_of_its_configuration(box: Any, tmp_path: Path) -> None:
    file = save(tmp_path / "it.tar.gz", PEER)

    answer = box.run("docker", "load", "-i", str(file))

    assert (answer.code, answer.out) == (0, f"Loaded image: {PEER.name}\n")
    assert identity(box, PEER.name) == identity(box, PEER.id) == identity(box, PEER.id[7:19]) == PEER.id
    format_ = "{{.Created}} {{json .RootFS.Layers}}"
    created, layers = box.run("docker", "image", "inspect", "--format", format_, PEER.name).out.split(" ", 1)
    assert (created, json.loads(layers)) == (PEER.created, PEER.diff_ids)
    assert PEER.id in box.run("docker", "images", "-q", "--no-trunc").out.split()


def test_an_archive_may_come_through_standard_input(box: Any, tmp_path: Path) -> None:
    file = save(tmp_path / "it.tar", PEER)

    assert box.run("docker", "load", stdin=file.read_bytes()).code == 0

    assert identity(box, PEER.name) == PEER.id


def test_a_name_moves_to_the_loaded_image_and_the_old_one_stays(box: Any, tmp_path: Path) -> None:
    box.run("docker", "pull", PEER.name)
    pulled = identity(box, PEER.name)
    first, second = PEER, fake_image(PEER.name, layers=3)
    for image in (first, second):
        said = box.run("docker", "load", "-i", str(save(tmp_path / "it.tar", image))).out
        assert "renaming the old one with ID" in said

    assert pulled not in (first.id, second.id)
    assert identity(box, PEER.name) == second.id
    assert identity(box, first.id) == first.id
    assert box.run("docker", "tag", first.id, "other:1").code == 0
    assert identity(box, "other:1") == first.id
    box.run("docker", "tag", first.id, "third:1")
    assert box.run("docker", "image", "inspect", "--format", "{{json .RepoTags}}", first.id).out.strip() == (
        '["other:1","third:1"]'
    )
    box.run("docker", "rmi", "third:1")
    assert box.run("docker", "rmi", "other:1").code == 0
    assert identity(box, first.id) == ""


def test_what_was_loaded_survives_a_crash(rehearsal: Rehearsal, shell_on: Callable[..., Any], tmp_path: Path) -> None:
    shell_on(rehearsal, "h1").run("docker", "load", "-i", str(save(tmp_path / "it.tar", PEER)))
    rehearsal.crash("h1")
    rehearsal.start("h1")

    assert identity(shell_on(rehearsal, "h1"), PEER.name) == PEER.id


def test_layers_that_are_there_may_be_missing_from_the_archive(box: Any, tmp_path: Path) -> None:
    other = fake_image("hyperledger/fabric-orderer:1.4.0", base=PEER.layers[0])
    lacking = [(name, data) for name, data in docker_files([other]) if data != PEER.layers[0]]
    (tmp_path / "it.tar").write_bytes(tar_of(lacking))

    refused = box.run("docker", "load", "-i", str(tmp_path / "it.tar"))
    box.run("docker", "load", "-i", str(save(tmp_path / "peer.tar", PEER)))
    taken = box.run("docker", "load", "-i", str(tmp_path / "it.tar"))

    assert refused.code == 1
    assert "layer.tar: no such file or directory" in refused.err
    assert taken.code == 0, taken.err


def test_what_is_damaged_is_refused(box: Any, tmp_path: Path) -> None:
    spoiled = [(name, data[:-600] + b"!" * 600 if name.endswith("layer.tar") else data)
               for name, data in docker_files([PEER]) if isinstance(data, bytes)]  # fmt: skip
    (tmp_path / "spoiled.tar").write_bytes(tar_of(spoiled))
    (tmp_path / "cut.tar").write_bytes(save(tmp_path / "it.tar", PEER).read_bytes()[:9000])
    (tmp_path / "layout.tar").write_bytes(tar_of(oci_files([PEER], with_docker=False)))

    for name, words in {
        "spoiled": "invalid diffID for layer 0",
        "cut": "Error processing tar file",
        "layout": "repositories: no such file",
        "nowhere": "no such file or directory",
    }.items():
        answer = box.run("docker", "load", "-i", str(tmp_path / f"{name}.tar"))
        assert answer.code == 1
        assert words in answer.err
    assert box.run("docker", "images", "-q").out == ""
