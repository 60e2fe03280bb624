"""What a host says of its images, with either of Docker's image stores, and whether there is room for more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fabwiz.deploy.errors import StepFailed
from fabwiz.deploy.image_facts import Disk, ImageFacts, parse
from fabwiz.deploy.image_room import check_room, megabytes
from fabwiz.images.archive import ArchivedImage, read_archive
from fabwiz.images.stream import ImageStream
from tests.image_archives import FakeImage, fake_image, oci_files, save, tar_of

PEER = fake_image("hyperledger/fabric-peer:1.4.0")
OTHER = fake_image("hyperledger/fabric-peer:1.4.0", layers=3)
CONTAINERD = 'driver /var/lib/docker [["driver-type","io.containerd.snapshotter.v1"]]'


def said(image: FakeImage, identity: str, *more: str) -> ImageFacts:
    lists = " ".join(map(json.dumps, (image.created, image.diff_ids, [f"docker.io/{image.name}"])))
    return parse("\n".join(["arch amd64", f"image {identity} {lists}", *more]))


@pytest.fixture
def archived(tmp_path: Path) -> ArchivedImage:
    return read_archive(save(tmp_path / "a.tar", PEER))[0]


def test_an_image_is_known_by_the_id_of_its_configuration(archived: ArchivedImage) -> None:
    facts = said(PEER, PEER.id)

    assert facts.is_there(archived, facts.names[PEER.name])
    assert facts.find(archived) == PEER.id
    assert facts.architecture == "amd64"


def test_other_images_are_other_images(archived: ArchivedImage) -> None:
    assert said(OTHER, OTHER.id).find(archived) is None
    assert said(PEER, "sha256:" + "1" * 64).find(archived) is None, "the same layers with another configuration"


def test_the_containerd_store_calls_it_by_its_manifest(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of(oci_files([PEER], nested=True)))
    (image,) = read_archive(path)

    for identity in image.ids:
        assert said(PEER, identity, CONTAINERD).find(image) == identity


def test_the_containerd_store_makes_a_manifest_where_there_is_none(archived: ArchivedImage) -> None:
    made = "sha256:" + "1" * 64
    later = FakeImage(PEER.name, PEER.layers, created="2022-01-01T00:00:00Z")

    assert said(PEER, made, CONTAINERD).find(archived) == made
    assert said(OTHER, made, CONTAINERD).find(archived) is None
    assert said(later, made, CONTAINERD).find(archived) is None


def test_the_lowest_layers_need_not_be_sent_where_they_are(archived: ArchivedImage) -> None:
    def there(*layers: bytes, more: str = "") -> list[int]:
        return list(said(FakeImage("x:1", layers), "sha256:" + "2" * 64, more).layers_there(archived))

    assert there(*PEER.layers) == [0, 1]
    assert there(PEER.layers[0], b"other") == [0]
    assert there(b"other", *PEER.layers) == [], "a layer is one only above the same layers"
    assert there(*PEER.layers, more=CONTAINERD) == []


@pytest.mark.parametrize(
    "line",
    [
        "image",
        "image a b c",
        'image sha256:1 "t" 7',
        "image x null [",
        'image x "" [] [] []',
        "disk docker x /",
        "part x",
        "",
    ],
)
def test_lines_that_make_no_sense_are_passed_over(line: str, archived: ArchivedImage) -> None:
    facts = said(PEER, PEER.id, "Last login: today", line)

    assert facts.is_there(archived, facts.names[PEER.name])
    assert len(facts.images) <= 2


def test_room_is_wanted_for_the_archive_and_its_layers(archived: ArchivedImage) -> None:
    stream = ImageStream(archived, PEER.name)
    one_disk, layers = 2 * stream.size + stream.unpacked, stream.size + stream.unpacked

    def facts(docker: Disk, files: Disk, **parts: int) -> ImageFacts:
        return ImageFacts(disks={"docker": docker, "files": files}, parts=parts)

    check_room(facts(Disk("/", one_disk), Disk("/", one_disk)), {"x": stream})
    check_room(facts(Disk("/", one_disk - 1000), Disk("/", one_disk - 1000), x=1000), {"x": stream})
    check_room(facts(Disk("/docker", layers), Disk("/opt", stream.size)), {"x": stream})
    check_room(ImageFacts(), {"x": stream})
    for short, mount in (
        (facts(Disk("/", one_disk - 1), Disk("/", one_disk - 1)), "/"),
        (facts(Disk("/docker", layers - 1), Disk("/opt", stream.size)), "/docker"),
        (facts(Disk("/docker", layers), Disk("/opt", stream.size - 1)), "/opt"),
    ):
        with pytest.raises(StepFailed, match=rf"{mount} has \d+ KB free and needs \d+ KB \("):
            check_room(short, {"x": stream})


def test_sizes_are_short() -> None:
    assert [megabytes(size) for size in (0, 41_000, 4_210_000, 310_400_000)] == ["0 KB", "41 KB", "4.2 MB", "310 MB"]
